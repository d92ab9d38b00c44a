"""A made-up person, for whoever looks at words before anybody has written: the values of every placeholder."""

from assessments import words as verdicts
from intake.models import Firm
from notifications import compose
from notifications.compose import Button, Choices, Group, Link, Moment, Value
from notifications.step_words import FINDINGS

REASONS = ["The question in the room is how to use AI, not what technology to have.", "The core systems work."]
PAGE = "https://example.com/r/example/"
TIMES = ("Tuesday, 1 December 2026, 10:00 to 10:30 (Europe/Berlin)", "Wednesday, 2 December, 15:00")


def values(engagement: str) -> dict[str, Value]:
    """What the placeholders stand for, with a time that is held."""
    verdict = verdicts.BY_ENGAGEMENT[engagement]
    finding, question = FINDINGS[engagement]
    moment = Moment(TIMES[0], ("For Maya Okafor: 09:00 to 09:30 (Europe/London).",))
    held = ("We pencilled in a conversation for you with Maya Okafor, Fractional CTO:", moment, "One tap keeps it.")
    return {
        "greeting": compose.greeting("Ada Lovelace"),
        "headline": verdict.headline,
        "meaning": verdict.meaning,
        "reasons": REASONS,
        "finding": finding,
        "question": question,
        "takes_on": verdict.takes_on,
        "cost": verdict.cost,
        "asked_otherwise": verdicts.asked_otherwise("cto", "ai"),
        "time": Group(held),
        "other_times": Group(("Another time is one tap away, too:", Choices((Link(TIMES[1], PAGE),)))),
        "advisor": "Maya Okafor, Fractional CTO",
        "firm": Firm.get().name,
        "button": Button("Keep this time", PAGE),
    }
