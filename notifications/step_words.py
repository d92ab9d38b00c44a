"""The follow-ups that the house starts with, and what they say of each gap. Pure data; staff rewrite the mails.

Nothing here promises, presses or blames: a follow-up is worth its reader's minute, or it should not go out.
"""

from dataclasses import dataclass

# What was found, and a question to take along that helps without us; by engagement.
FINDINGS = {
    "fractional_cto": (
        "What you told us points to technology at large: it needs one person who owns all of it.",
        "Who decides today what is built, what is bought and what is left alone? If the answer is “it depends”, "
        "writing down the last three such decisions, and who made them, shows quickly where an owner is missing.",
    ),
    "fractional_ai_officer": (
        "What you told us points to AI rather than to technology at large: it needs one person who decides where AI "
        "helps, and answers for it.",
        "Which AI tools are in use today, who pays for each, and which would you keep if you could keep one? That "
        "list on a single page is where we would begin, and you can write it without us.",
    ),
    "one_leader_for_both": (
        "What you told us points to both, the technology itself and the use of AI, and at your size to one person "
        "for the two.",
        "If only one thing could be put in order this quarter, would it be a system or the way that people use AI? "
        "What comes to mind first is usually the side to begin with.",
    ),
    "cto_and_ai_officer": (
        "What you told us points to both, the technology itself and the use of AI, and at your size to two people.",
        "If only one of the two could begin this quarter, which one would the other be waiting for? The answer "
        "usually says whom to look for first.",
    ),
    "discovery": (
        "What you told us did not point clearly to one role, and we would rather ask than guess.",
        "Which question comes up more often with you: what technology to use, or how to use AI? The answer says more "
        "about the gap than a list of tools does.",
    ),
}


@dataclass(frozen=True)
class StepWords:
    """One mail as it is loaded; `delay_hours` after the start."""

    key: str
    delay_hours: int
    subject: str
    body: str
    in_the_morning: bool = False


@dataclass(frozen=True)
class SequenceWords:
    """A series as it is loaded."""

    key: str
    name: str
    starts_on: str
    steps: tuple[StepWords, ...]


DEFAULTS = (
    SequenceWords(
        key="no_booking",
        name="No conversation booked",
        starts_on="lead.assessed",
        steps=(
            StepWords(
                key="two_days",
                delay_hours=48,
                subject="Half an hour about your result?",
                body="""{{ greeting }}

{{ finding }}

A conversation of half an hour is usually enough to test that, and to see what a first month could look like.

{{ time }}

{{ button }}

If none of this suits you, answer with two or three times that do. “Not now” is an answer, too, and a welcome one.
""",
            ),
            StepWords(
                key="seven_days",
                delay_hours=168,
                subject="One question to take along",
                body="""{{ greeting }}

This is our last mail about your result, so here is something of use in it, whether we talk or not.

{{ question }}

Your result stays where it is, with free times beside it:

{{ button }}

Should the time be right later, answer this mail. It reaches a person.
""",
            ),
        ),
    ),
    SequenceWords(
        key="after_no_show",
        name="After a conversation that they did not come to",
        starts_on="booking.no_show",
        steps=(
            StepWords(
                key="next_morning",
                delay_hours=0,
                in_the_morning=True,
                subject="We missed each other",
                body="""{{ greeting }}

We had a conversation arranged and missed each other. Days go like that; there is nothing to explain.

{{ time }}

{{ button }}

If something on our side kept you out, a link that did not work or a wrong hour, tell us and we put it right.
""",
            ),
        ),
    ),
    SequenceWords(
        key="after_cancelled",
        name="After a conversation that they cancelled",
        starts_on="booking.cancelled",
        steps=(
            StepWords(
                key="one_day",
                delay_hours=24,
                subject="Another time, or not now",
                body="""{{ greeting }}

Thank you for giving the time back. If it was only the hour that did not fit, another one is quickly found.

{{ time }}

{{ button }}

If your plans have changed, you need do nothing: we do not write again about this.
""",
            ),
        ),
    ),
)
