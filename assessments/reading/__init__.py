"""Reads messages: text in, evidence with quotes out (`assessments.evidence`).

Comes after the door and before `assessments.judge`. The reader at work is chosen here: the linear one that every
installation has, and the one with sentence embeddings where the extra is installed, as soon as it has loaded.
Nothing heavy is imported before somebody reads: workers never do.
"""

import logging
import threading
from functools import cache
from pathlib import Path

from assessments.evidence import Reader, Reading

WEIGHTS = Path(__file__).parent / "weights"
LINEAR, EMBEDDINGS = "linear-2026.11-1", "embeddings-2026.11-1"
ENCODER_WORDS = WEIGHTS / "bert-uncased-vocab.txt"

log = logging.getLogger(__name__)
_at_work: Reader | None = None


def read(text: str) -> Reading | None:
    """What the text says, or None where there is nothing to read. Never raises, whatever a stranger typed."""
    return current().read(text) if text.strip() else None


def current() -> Reader:
    """The reader at work."""
    return _at_work or linear_reader()


@cache
def linear_reader() -> Reader:
    """The reader that every installation has."""
    from assessments.reading import linear
    from assessments.reading.reader import LinearReader

    return LinearReader(linear.load(weights_of(LINEAR)), _sides())


def embedding_reader() -> Reader:
    """The reader with sentence embeddings. Raises ModuleNotFoundError where the extra is not installed."""
    from assessments.reading import linear
    from assessments.reading.embeddings import EmbeddingReader, Encoder

    joined = linear.load(weights_of(EMBEDDINGS))
    return EmbeddingReader(linear.load(weights_of(LINEAR)), joined, Encoder(ENCODER_WORDS), _sides())


def use_best() -> None:
    """Puts the best reader to work that is installed; a broken one is told and does without."""
    global _at_work
    try:
        _at_work = embedding_reader()
    except ModuleNotFoundError:
        log.debug("The extra `embeddings` is not installed; messages are read without it.")
    except Exception:
        log.exception("The reader with embeddings cannot be loaded; messages are read without it.")


def load_best_in_background() -> None:
    """For the web process: the linear reader reads until the better one has loaded."""
    threading.Thread(target=use_best, name="reader", daemon=True).start()


def weights_of(version: str) -> Path:
    return WEIGHTS / f"{version}.npz"


def _sides() -> dict[str, str]:
    from assessments import rulesets

    return {signal.key: signal.side for signal in rulesets.current().signals}
