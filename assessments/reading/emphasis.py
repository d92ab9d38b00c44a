"""Which of two needs weighs more: the order in which they come and the words that rank them.

Pure. Used where a message speaks of both sides, by the reader and by its training.
"""

import re
from collections.abc import Sequence

import numpy as np

from assessments.reading import text
from assessments.reading.linear import Floats

# Folded words: without accents and case. English, and what German, French, Spanish, Italian, Dutch, Swedish and
# Polish writers rank with.
FIRST_WORDS = (
    "first main mainly urgent urgently biggest bigger priority most primary primarily really night larger heavier "
    "before immediately critical worst worse above zuerst vorrangig dringend hauptsachlich hauptsache d'abord priorite "
    "surtout primero prioridad prima priorita eerst forst przede"
)
AFTER_WORDS = (
    "also second secondly then later besides additionally smaller less minor after afterwards next plus eventually ps "
    "while zweitens ausserdem danach ensuite aussi tambien luego poi anche ook dessutom ocksa takze"
)
EQUAL_WORDS = (
    "equal equally same both either half neither gleich gleichen deux egal egale igual even evenly rank weigh tie "
    "fifty 50"
)


def _any_of(words: str, *phrases: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join([*words.split(), *phrases])})\b")


FIRST = _any_of(FIRST_WORDS, "sobre todo")
AFTER = _any_of(AFTER_WORDS, "on top", "as well", "by the way")
EQUAL = _any_of(EQUAL_WORDS)
NUMBER = re.compile(r"\d")
SURE = 0.3  # from this difference of likelihoods a clause stands on one side
SIZE = 13


def features(clauses: Sequence[str], sides: Floats) -> Floats:
    """What ranks the sides, in SIZE numbers.

    `sides` is for each clause how much more likely it speaks of technology (1) than of AI (-1).
    """
    folded = [text.fold(clause) for clause in clauses]
    lengths = np.array([len(clause) for clause in folded])
    early = np.linspace(1, -1, len(folded)) if len(folded) > 1 else np.zeros(1)
    decided = sides[np.abs(sides) > SURE]
    by_length = (sides * lengths).sum() / lengths.sum()
    numbers = [
        sides.mean(),
        by_length,
        (sides * early).mean(),
        *((sides * _marked(pattern, folded)).sum() for pattern in (FIRST, AFTER, NUMBER)),
        _marked(EQUAL, folded).sum(),
        decided[0] if len(decided) else 0.0,
        decided[-1] if len(decided) else 0.0,
        sides.max(),
        sides.min(),
        abs(sides.mean()),
        abs(by_length),
    ]
    return np.array(numbers, np.float32)


def _marked(pattern: re.Pattern[str], folded: Sequence[str]) -> Floats:
    return np.array([pattern.search(clause) is not None for clause in folded], np.float32)
