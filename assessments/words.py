"""The verdict in words: headline, what each role takes on, what it costs. Read by pages and mails.

Pure. Facts and figures are those of the domain page (docs/domain.md); the cost rows are printed as they were
published and never computed with.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Wording:
    """What one engagement says: a headline, one paragraph, what the role takes on, what it costs."""

    headline: str
    meaning: str
    takes_on: str
    cost: str


CTO_COST = (
    "Industry ranges for a fractional CTO: $150–500 an hour, or $3,000–25,000 a month on retainer, and "
    "$50,000–150,000 a year; a full-time one costs $250,000–500,000 a year."
)
AI_COST = (
    "Industry ranges for a fractional AI officer: a monthly retainer similar to a fractional CTO’s "
    "($3,000–25,000); a full-time one costs $250,000–500,000 a year and more."
)
SAVING = "Part-time instead of full-time is said to save 60–70%."
PREMIUM = "Somebody with real depth in both asks a premium."

BY_ENGAGEMENT: dict[str, Wording] = {
    "fractional_cto": Wording(
        headline="A fractional CTO fits your situation",
        meaning=(
            "What you told us is about technology at large. The gap is somebody who owns all of it, part of the "
            "week, and answers for how it turns out."
        ),
        takes_on=(
            "A fractional CTO takes on the technology roadmap for the next one to two years, the architecture, the "
            "engineering team, vendors and security, and answers for them when investors or buyers look closely."
        ),
        cost=f"{CTO_COST} {SAVING}",
    ),
    "fractional_ai_officer": Wording(
        headline="A fractional AI officer fits your situation",
        meaning=(
            "The weight is on AI, not on technology at large. What is missing is a way to use AI deliberately: "
            "somebody who decides where it helps, connects what has been bought, and answers for the result."
        ),
        takes_on=(
            "A fractional AI officer takes on an AI roadmap tied to your business goals, the choice of tools, the way "
            "from pilot to daily use, governance, training, and the proof of what it returns."
        ),
        cost=f"{AI_COST} {SAVING}",
    ),
    "one_leader_for_both": Wording(
        headline="You need both roles, and one person can carry them",
        meaning=(
            "There is real weight on both sides: the technology itself, and how you use AI. At your size one leader "
            "who credibly spans both is the better answer than two."
        ),
        takes_on=(
            "One leader takes on the foundation (roadmap, architecture, team) and AI on top of it (goals, tools, "
            "governance), in the order that your situation asks for. It is an executive role that answers for "
            "outcomes, where a consultant advises."
        ),
        cost=f"{CTO_COST}\n\n{AI_COST}\n\n{SAVING} {PREMIUM}",
    ),
    "cto_and_ai_officer": Wording(
        headline="You need both roles, in two people",
        meaning=(
            "There is real weight on both sides, and at your size they are two jobs: a CTO for the foundation, an AI "
            "officer for AI across the departments."
        ),
        takes_on=(
            "The CTO takes on roadmap, architecture, team and security; the AI officer takes on goals, tools, "
            "governance and training for AI. Both are executives who answer for outcomes, not consultants who advise."
        ),
        cost=f"{CTO_COST}\n\n{AI_COST}\n\n{SAVING}",
    ),
    "discovery": Wording(
        headline="Let us find out together",
        meaning=(
            "What you told us does not point clearly to one role, and we would rather ask than guess. A short "
            "conversation usually settles it."
        ),
        takes_on=(
            "Both roles are part-time executives who answer for outcomes: a fractional CTO for all of technology, a "
            "fractional AI officer for AI alone, but in depth."
        ),
        cost=f"{CTO_COST}\n\n{AI_COST}\n\n{SAVING}",
    ),
}

Reasons = list[dict[str, Any]]


def reasons(decision: Mapping[str, Any]) -> tuple[Reasons, Reasons]:
    """The reasons of a decision record that speak for its verdict, and those that speak against it.

    A record says of each reason whether it speaks for its own side. A stray yes on the other side speaks
    against the verdict, and a no there speaks for it. Where no side won, yes and no stand as they are.
    """
    backing: Reasons = []
    opposing: Reasons = []
    for reason in decision["reasons"]:
        affirms = reason["direction"] == "for"
        # A reason without weight is a remark on the whole (assessments.judge); it belongs where it points.
        if decision["gap"] in {"cto", "ai"} and reason["weight"]:
            affirms = affirms == (reason["side"] == decision["gap"])
        # Systems that work are no AI gap; they only say that technology is none.
        elif decision["gap"] == "both" and reason["signal"] == "core_systems_work":
            affirms = not affirms
        (backing if affirms else opposing).append(reason)
    return backing, opposing


ASKED_NAMES = {"cto": "a fractional CTO", "ai": "a fractional AI officer", "both": "both roles"}


def asked_otherwise(asked_for: str, gap: str) -> str:
    """A kind sentence where somebody asked for another role than what they told us points to, else nothing."""
    if gap == "unclear" or asked_for not in ASKED_NAMES or asked_for == gap:
        return ""
    return (
        f"You asked for {ASKED_NAMES[asked_for]}. Many do at first; what you describe points to "
        f"{ASKED_NAMES[gap]}. The conversation is a good place to test that, and both ways stay open."
    )
