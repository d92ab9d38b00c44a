"""The reply to an enquiry: decided from the present state, at the moment of sending.

Comes after `book_call` (for the held time) and before `notifications.mails`, which sends. The reply says
nothing that a stranger could have typed: the ruleset's words, never a quote, a company or a message.
"""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils import timezone

from assessments import words as verdicts
from intake import services as intake
from intake.belief import believed
from intake.models import Firm, Submission
from notifications import compose, mails
from notifications.compose import Button, Value
from notifications.models import Mail, Template
from notifications.step_words import FINDINGS
from outbox.models import Delivery
from scheduling import bookings, invitations, offers, services, words
from scheduling.bookings import UnableToBook
from scheduling.models import Advisor, Assignment, Booking

REASONS = 3
OFFERED = 3


def send_reply(delivery: Delivery) -> dict[str, str]:
    """The one reply to a submission, with the time that is held for it, or three times to choose from."""
    now = timezone.now()
    submission = intake.of_event(delivery.event)
    if submission is None:
        return {"skipped": "The submission was erased."}
    assert submission.lead is not None
    decision = submission.assessment.decision
    template = Template.objects.filter(engagement=decision["engagement"]).first() or default_template(
        decision["engagement"]
    )
    booking = bookings.open_booking(submission, now=now)
    values = reply_values(submission, booking, now=now)
    text, html = compose.fill(template.body, values)
    advisor = advisor_of(submission, booking)
    letter = mails.Letter(
        kind=Mail.Kind.REPLY,
        to=submission.lead.email,
        subject=compose.fill_line(template.subject, values),
        text=text,
        html=html,
        reply_to=advisor.email if advisor else "",
        lead=submission.lead,
    )
    mail = mails.send(letter, delivery=delivery, now=now)
    return {"mail": str(mail.id), "status": str(mail.status)}


def advisor_of(submission: Submission, booking: Booking | None) -> Advisor | None:
    if booking is not None:
        return booking.advisor
    try:
        return services.advisor_for(submission)
    except UnableToBook:
        return None


def reply_values(submission: Submission, booking: Booking | None, *, now: datetime) -> dict[str, Value]:
    """What the placeholders of a reply stand for."""
    assert submission.lead is not None
    decision = submission.assessment.decision
    wording = verdicts.BY_ENGAGEMENT[decision["engagement"]]
    advisor = advisor_of(submission, booking)
    finding, question = FINDINGS[_engagement(submission)]
    # Without its quote, which a mail must not carry, a doubt about one sentence says nothing.
    reasons = [reason["text"] for reason in verdicts.reasons(decision)[0] if reason["weight"] or not reason["quote"]]
    return {
        "greeting": compose.greeting(submission.lead.name),
        "headline": wording.headline,
        "meaning": wording.meaning,
        "reasons": reasons[:REASONS],
        "finding": finding,
        "question": question,
        "takes_on": wording.takes_on,
        "cost": wording.cost,
        "asked_otherwise": verdicts.asked_otherwise(decision["asked_for"] or "", decision["gap"]),
        "time": _time(submission, booking, advisor, now=now),
        "advisor": f"{advisor.name}, {advisor.title}" if advisor else "",
        "firm": Firm.get().name,
        "button": Button(_label(booking, advisor), submission.page_url),
    }


def _engagement(submission: Submission) -> str:
    """The one that the house goes by: what staff corrected is not written otherwise."""
    lead = submission.lead
    assert lead is not None
    size = submission.company_size or lead.company_size
    return believed(lead.corrected_gap, submission.assessment.decision, company_size=size).engagement


def _time(submission: Submission, booking: Booking | None, advisor: Advisor | None, *, now: datetime) -> Value:
    """The paragraph about the conversation: held, confirmed, three offers, or a promise to come back."""
    if not Assignment.objects.filter(submission=submission).exists():
        return "We are looking for a time for you; the page behind the button shows it as soon as there is one."
    if submission.is_test:
        return "This was a test: no conversation is arranged, and nobody was told."
    if advisor is None:
        return (
            "All our advisors are booked out at the moment. We write again as soon as somebody is free; answer this "
            "mail with times that suit you, and it goes faster."
        )
    if booking is None:
        return _offers(submission, advisor, now=now)
    opening = f"{_OPENING[booking.status]} {advisor.name}, {advisor.title}:"
    when = words.when(booking.starts_at, booking.ends_at, ZoneInfo(booking.timezone))
    text = "\n".join([opening, when, *invitations.elsewhere(booking)])
    if booking.status == Booking.Status.TENTATIVE and booking.expires_at:
        until = words.when_short(booking.expires_at, ZoneInfo(booking.timezone))
        text += f"\n\nHeld for you until {until}. Do nothing, and it goes by itself."
    return text


_OPENING = {
    Booking.Status.TENTATIVE.value: "We pencilled in a conversation with",
    Booking.Status.CONFIRMED.value: "Your conversation is booked with",
}


def _offers(submission: Submission, advisor: Advisor, *, now: datetime) -> Value:
    """Three times of whoever would take it at this moment, which may be two advisors."""
    try:
        found = offers.offer(submission, now=now)
    except UnableToBook:
        return f"{advisor.name} has no free time at the moment. Answer this mail with times that suit you."
    who = " and ".join(member.name for member in found.team.members) + (" are" if found.colleagues else " is")
    chosen = words.spread(found.slots, zone=found.zone, count=OFFERED)
    return [f"{who} free on {words.when(start, end, found.zone)}" for start, end in chosen]


def _label(booking: Booking | None, advisor: Advisor | None) -> str:
    if advisor is None:
        return "Read the assessment"
    if booking is None:
        return "Choose a time"
    return "Keep this time" if booking.status == Booking.Status.TENTATIVE else "See your booking"


def default_template(engagement: str) -> Template:
    """The words that the code carries; loaded into the table, where staff rewrite them."""
    return Template(engagement=engagement, subject=SUBJECTS[engagement], body=BODY)


SUBJECTS = {
    "fractional_cto": "Your assessment: a fractional CTO fits",
    "fractional_ai_officer": "Your assessment: a fractional AI officer fits",
    "one_leader_for_both": "Your assessment: both roles, and one person for them",
    "cto_and_ai_officer": "Your assessment: both roles, in two people",
    "discovery": "Your assessment: a conversation first",
}
BODY = """{{ headline }}

{{ greeting }}

Thank you for telling us where you stand. {{ meaning }}

{{ asked_otherwise }}

{{ time }}

{{ button }}

What we go by:
{{ reasons }}

{{ takes_on }}

{{ cost }}
"""
