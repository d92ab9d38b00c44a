"""The signals as versioned data: what is asked, which side it points to, how much it weighs, how it is told.

Pure. Comes before `assessments.judge`, which turns answers into a decision; the questionnaire that the
public sees is made from the same rows. Keys, sides and the quick check come from the practitioner's
article that the product encodes (docs/domain.md); the weights are ours. Whoever changes a weight, a
threshold or a text raises RULESET, because stored decisions name it.
"""

from dataclasses import dataclass
from typing import Literal

Side = Literal["cto", "ai"]

RULESET = "2026.11-1"


@dataclass(frozen=True)
class Signal:
    """One statement that a prospect answers yes, no or unsure.

    `weight` is how far one yes alone moves its side's score towards 1. `is_wish` marks AI signals that tell
    of a wish rather than of AI in use: without a foundation they wait. `affirmed` and `denied` tell a yes
    and a no back to the prospect.
    """

    key: str
    side: Side
    weight: float
    text: str
    affirmed: str
    denied: str
    is_wish: bool = False
    is_quick: bool = False


SIGNALS: tuple[Signal, ...] = (
    Signal(
        "no_core_systems",
        "cto",
        0.50,
        "Core technology systems that we need are not in place yet.",
        "Core systems that you need are not in place yet, and everything else stands on them.",
        "The core systems that you need are in place.",
        is_quick=True,
    ),
    Signal(
        "engineering_team_needs_structure",
        "cto",
        0.35,
        "We have to build, organise or mentor an engineering team.",
        "Your engineering team has to be built or organised, which takes somebody who leads engineers.",
        "Your engineering team needs no new structure.",
        is_quick=True,
    ),
    Signal(
        "asks_what_technology",
        "cto",
        0.50,
        "The question in our meetings is: what technology should we use?",
        "The question in the room is what technology to use. That is a question about the whole of it.",
        "What technology to use is not the question in the room.",
        is_quick=True,
    ),
    Signal(
        "funding_or_acquisition_ahead",
        "cto",
        0.35,
        "Funding or a sale is ahead, and somebody will examine our technology.",
        "Funding or a sale is ahead, and somebody has to answer for the technology in due diligence.",
        "No funding round or sale is ahead that would put the technology under examination.",
        is_quick=True,
    ),
    Signal(
        "core_systems_work",
        "ai",
        0.12,
        "Our core systems work; the foundation is there.",
        "Your core systems work, so technology at large is not what holds you back.",
        "Your core systems do not work as they should, so the foundation comes first.",
        is_quick=True,
    ),
    Signal(
        "asks_how_to_use_ai",
        "ai",
        0.50,
        "The question in our meetings is: how do we use AI?",
        "The question in the room is how to use AI, not what technology to have.",
        "How to use AI is not the question in the room.",
        is_wish=True,
        is_quick=True,
    ),
    Signal(
        "siloed_ai_tools",
        "ai",
        0.42,
        "Departments have each bought AI tools that do not connect.",
        "Departments have each bought AI tools that do not connect. Somebody has to own the whole of it.",
        "Your AI tools are not scattered over departments.",
        is_quick=True,
    ),
    Signal(
        "needs_ai_governance",
        "ai",
        0.40,
        "Our use of AI needs rules: compliance, ethics, risk.",
        "Your use of AI needs rules for compliance, ethics and risk, and an owner for them.",
        "Your use of AI needs no governance at present.",
        is_quick=True,
    ),
    Signal(
        "no_technical_leadership",
        "cto",
        0.45,
        "Nobody here owns the whole of the technology strategy.",
        "Nobody owns the whole of the technology strategy.",
        "Somebody already owns the technology strategy.",
    ),
    Signal(
        "building_from_scratch",
        "cto",
        0.40,
        "We are building a product or a stack from nothing, with choices that will last for years.",
        "You are building from nothing, and the choices made now will last for years.",
        "You are not building a product or a stack from nothing.",
    ),
    Signal(
        "technology_transformation",
        "cto",
        0.38,
        "Systems or infrastructure must be modernised, migrated or integrated.",
        "Systems have to be modernised, migrated or integrated.",
        "No large modernisation or migration is ahead.",
    ),
    Signal(
        "between_ctos",
        "cto",
        0.42,
        "Our last CTO has left and the next one is not here yet.",
        "Your last CTO has left and the next is not there yet.",
        "You are not between two CTOs.",
    ),
    Signal(
        "ai_is_the_priority",
        "ai",
        0.42,
        "AI is our specific priority, not technology in general.",
        "AI is your specific priority, not technology in general.",
        "AI is not your specific priority.",
        is_wish=True,
    ),
    Signal(
        "ai_across_departments",
        "ai",
        0.35,
        "AI will change several departments, so somebody must think across them.",
        "AI will change several departments, so somebody must think across them.",
        "AI does not reach across your departments yet.",
        is_wish=True,
    ),
    Signal(
        "wants_strategic_ai",
        "ai",
        0.40,
        "We have tried AI tools at random; now we want to do it deliberately.",
        "You have tried AI tools at random and now want to do it deliberately.",
        "You are not looking to move from random AI tools to a plan.",
        is_wish=True,
    ),
    Signal(
        "needs_ai_training_or_roi",
        "ai",
        0.35,
        "Our teams need training in AI, or we have to show what it returns.",
        "Your teams need training in AI, or its return has to be shown.",
        "Neither AI training nor proof of its return is needed now.",
        is_wish=True,
    ),
)

BY_KEY: dict[str, Signal] = {signal.key: signal for signal in SIGNALS}
ORDER: dict[str, int] = {signal.key: index for index, signal in enumerate(SIGNALS)}

SLUG = "fractional-leadership"
TITLE = "Which leader does your company need?"
OPTIONS = ("yes", "no", "unsure")
COMPANY_SIZES = ("1-10", "11-50", "51-200", "201-1000", "1000+")
# A house rule: up to 200 people one leader can carry both roles.
LARGE_COMPANY_SIZES = frozenset({"201-1000", "1000+"})


def questionnaire() -> list[dict[str, object]]:
    """The statements as the public API gives them: the quick check first, in an order that mixes the sides."""
    return [
        {
            "key": signal.key,
            "group": "quick" if signal.is_quick else "more",
            "order": index,
            "text": signal.text,
            "help": "",
            "side": signal.side,
        }
        for index, signal in enumerate(SIGNALS, start=1)
    ]
