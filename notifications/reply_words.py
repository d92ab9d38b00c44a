"""What the reply to each engagement says until staff rewrite it. Pure data; docs/domain.md has the facts.

The gap first, then what it is seen by, then the conversation, and only then the role and its cost: on a telephone
the first screen has to be enough. `scheduling` and the ruleset fill in what differs from person to person.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class ReplyWords:
    subject: str
    body: str


OPENING = """{{ headline }}

{{ greeting }}

"""
BECAUSE = """

What we go by:
{{ reasons }}

{{ asked_otherwise }}

{{ time }}

{{ button }}

{{ other_times }}

"""
CLOSING = """

{{ cost }}

Did we read you wrong? Answer this mail and say so: it reaches {{ advisor }}.
"""


def _words(subject: str, *, gap: str, role: str) -> ReplyWords:
    return ReplyWords(subject, OPENING + gap + BECAUSE + role + CLOSING)


BY_ENGAGEMENT = {
    "fractional_cto": _words(
        "Your result: technology needs one owner",
        gap="Thank you for telling us where you stand. We see one gap: technology as a whole lacks a person who owns "
        "all of it.",
        role="A fractional CTO joins your leadership for part of each week and takes on the roadmap for 12 to 24 "
        "months, the architecture, the engineering team, vendors and security. They own the outcome, where a "
        "consultant would advise.",
    ),
    "fractional_ai_officer": _words(
        "Your result: the gap is AI, not technology",
        gap="Thank you for telling us where you stand. The gap we see is not your technology. It is that nobody "
        "decides where AI helps you, and answers for the result.",
        role="A fractional AI officer joins your leadership for part of each week and takes on an AI roadmap tied to "
        "your goals, tools that work together, the way from pilot to daily use, rules, training, and proof of the"
        " return. They own the outcome, where a consultant would advise.",
    ),
    "one_leader_for_both": _words(
        "Your result: two gaps, and one leader for both",
        gap="Thank you for telling us where you stand. We see two gaps, the technology itself and how you use AI, and"
        " at your size one person can carry both.",
        role="One leader who credibly spans the two joins your leadership for part of each week: the foundation first "
        "(roadmap, architecture, team), then AI on top of it (goals, tools, rules). They own the outcome, where a"
        " consultant would advise.",
    ),
    "cto_and_ai_officer": _words(
        "Your result: two gaps, and a leader for each",
        gap="Thank you for telling us where you stand. We see two gaps, the technology itself and how you use AI, and"
        " at your size they are two jobs.",
        role="A fractional CTO takes on the foundation: roadmap, architecture, team, security. A fractional AI officer"
        " takes on goals, tools, rules and training for AI. Both join your leadership for part of each week and "
        "own the outcome, where consultants would advise.",
    ),
    "discovery": _words(
        "Your result: a conversation before a verdict",
        gap="Thank you for writing to us. What you told us does not point clearly to one role, and we would rather "
        "ask than guess.",
        role="Two roles are possible. A fractional CTO owns all of technology for part of each week; a fractional AI "
        "officer owns AI alone, but in depth. Both answer for outcomes, where a consultant would advise. The "
        "wrong one costs months, so the first conversation is only about which it is.",
    ),
}
