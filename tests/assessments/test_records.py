"""Decisions of every kind, kept with all that they were made from: judged again, each is the same to the byte.

A file for each ruleset that was ever in use. For a new ruleset: `python -m tests.assessments.test_records`.
"""

import json
import sys
from pathlib import Path

import pytest

from assessments import evaluation_sets, reading, rulesets
from assessments.evidence import Reading
from assessments.judge import judge

FOLDER = Path(__file__).parent / "records"
KEPT = sorted(FOLDER.glob("*.jsonl"))


def decided(made_from: dict) -> dict:
    found = made_from["reading"]
    return judge(
        made_from["answers"],
        reading=Reading.from_dict(found) if found else None,
        company_size=made_from["company_size"],
        asked_for=made_from["asked_for"],
        ruleset=rulesets.load(made_from["ruleset"]),
    ).as_dict()


def written(made_from: dict) -> str:
    return json.dumps({"made_from": made_from, "record": decided(made_from)}, ensure_ascii=False)


def test_every_ruleset_has_its_records():
    assert {path.stem for path in KEPT} == {path.stem for path in rulesets.FOLDER.glob("*.toml")}
    assert rulesets.current().version == rulesets.CURRENT


@pytest.mark.parametrize("path", KEPT, ids=[path.stem for path in KEPT])
def test_old_decisions_are_repeated_to_the_byte(path):
    lines = path.read_text(encoding="utf-8").splitlines()

    kinds = {(row["record"]["gap"], row["record"]["confidence"]) for row in map(json.loads, lines)}
    assert len(kinds) == 7, "clear and leaning for each gap, and unclear"
    assert [written(json.loads(line)["made_from"]) for line in lines] == lines


def main() -> None:
    path = FOLDER / f"{rulesets.CURRENT}.jsonl"
    if path.exists():
        sys.exit(f"{path.name} was in use: a ruleset that changes gets a new number.")
    rows = [
        *evaluation_sets.answer_sets("train")[::4], *evaluation_sets.mixed("dev")[::2],
        *evaluation_sets.messages("train")[::80],
    ]  # fmt: skip
    with path.open("w", encoding="utf-8") as file:
        for row in rows:
            found = reading.linear_reader().read(row.get("text") or row.get("message") or "")
            made_from = {
                "answers": row.get("answers", {}),
                "reading": found.as_dict() if found else None,
                "company_size": row.get("company_size"),
                "asked_for": row.get("asked_for"),
                "ruleset": rulesets.CURRENT,
            }
            file.write(written(made_from) + "\n")


if __name__ == "__main__":
    main()
