"""The labelled sets of `assessments/evaluation`, as rows; read by training, evaluation and tests.

A message has id, split, style, language, difficulty, gap, primary, intent and text; a sentence has label, polarity,
writer and text; an answer set has answers, company_size, asked_for, gap, primary and engagement, and some a message.
"""

import json
from pathlib import Path
from typing import Any

Row = dict[str, Any]
FOLDER = Path(__file__).parent / "evaluation"


def messages(*splits: str) -> list[Row]:
    return _rows("messages", splits)


def answer_sets(*splits: str) -> list[Row]:
    return _rows("answers", splits)


def mixed(*splits: str) -> list[Row]:
    """Answers and a message together."""
    return _rows("mixed", splits)


def sentences() -> list[Row]:
    return _rows("sentences", ())


def _rows(name: str, splits: tuple[str, ...]) -> list[Row]:
    """All rows of a file, or those of the splits. Raises OSError where the sets were left out of an image."""
    lines = (FOLDER / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    return [row for row in map(json.loads, lines) if not splits or row["split"] in splits]
