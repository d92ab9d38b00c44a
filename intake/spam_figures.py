"""How many of the labelled messages the door would set aside: genuine prospects, who are to be none, and spam.

Printed by `manage.py evaluate_spam`; its floors are checked by the tests. The messages have no sender, so each is
looked at as if it came with nothing else against it, and again with one sign more of those that a real person in a
hurry shows, too.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from assessments import scoring
from intake.suspicion import Facts, reasons

ASIDES: dict[str, dict[str, Any]] = {
    "nothing else": {},
    "sent in under a second": {"seconds_to_fill": 0.5},
    "a throwaway address": {"is_throwaway": True},
}

# Label of intent, to how many there are and how many are set aside.
Figures = dict[str, tuple[int, int]]


def measure(*splits: str) -> dict[str, Figures]:
    """For each aside, what is set aside by what the message was meant as."""
    cases = [
        (case.label["intent"], Facts(message=case.label["text"], intent=case.decision.intent))
        for case in scoring.score("messages", *splits)
    ]
    total = Counter(intent for intent, _ in cases)
    return {
        words: _figures(total, Counter(intent for intent, facts in cases if reasons(replace(facts, **more))))
        for words, more in ASIDES.items()
    }


def _figures(total: Counter[str], aside: Counter[str]) -> Figures:
    return {intent: (count, aside[intent]) for intent, count in total.most_common()}


def lines(measured: dict[str, Figures]) -> Iterator[str]:
    for words, figures in measured.items():
        yield f"With {words}, set aside:"
        for intent, (count, aside) in figures.items():
            yield f"  {intent:12} {aside:5} of {count:5} ({aside / count:.1%})"
