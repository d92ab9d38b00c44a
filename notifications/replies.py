"""The reply to an enquiry: decided from the present state, at the moment of sending.

Comes after `book_call` (for the held time) and before `notifications.mails`, which sends. The reply says
nothing that a stranger could have typed: the ruleset's words, never a quote, a company or a message.
"""

from datetime import datetime

from django.utils import timezone

from assessments import words as verdicts
from intake import services as intake
from intake.belief import believed
from intake.models import Firm, Submission
from notifications import compose, mails, times, wording
from notifications.compose import Button, Value
from notifications.mails import Letter
from notifications.models import Mail
from notifications.reply_words import ReplyWords
from notifications.step_words import FINDINGS
from outbox.models import Delivery
from scheduling import bookings, services
from scheduling.bookings import UnableToBook
from scheduling.models import Advisor, Booking

REASONS = 3


def send_reply(delivery: Delivery) -> dict[str, str]:
    """The one reply to a submission, with the time that is held for it, or three times to choose from."""
    now = timezone.now()
    submission = intake.of_event(delivery.event)
    if submission is None:
        return {"skipped": "The submission was erased."}
    words = wording.words_for(submission.assessment.decision["engagement"])
    mail = mails.send(letter(submission, words, now=now), delivery=delivery, now=now)
    return {"mail": str(mail.id), "status": str(mail.status)}


def letter(submission: Submission, words: ReplyWords, *, now: datetime) -> Letter:
    """The reply in these words, with what is true now. Also what staff are shown before they publish them."""
    assert submission.lead is not None
    booking = bookings.open_booking(submission, now=now)
    values = reply_values(submission, booking, now=now)
    text, html = compose.fill(words.body, values)
    advisor = advisor_of(submission, booking)
    return Letter(
        kind=Mail.Kind.REPLY,
        to=submission.lead.email,
        subject=compose.fill_line(words.subject, values),
        text=text,
        html=html,
        reply_to=advisor.email if advisor else "",
        lead=submission.lead,
    )


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
    verdict = verdicts.BY_ENGAGEMENT[decision["engagement"]]
    advisor = advisor_of(submission, booking)
    finding, question = FINDINGS[_engagement(submission)]
    # Without its quote, which a mail must not carry, a doubt about one sentence says nothing.
    reasons = [reason["text"] for reason in verdicts.reasons(decision)[0] if reason["weight"] or not reason["quote"]]
    return {
        "greeting": compose.greeting(submission.lead.name),
        "headline": verdict.headline,
        "meaning": verdict.meaning,
        "reasons": reasons[:REASONS],
        "finding": finding,
        "question": question,
        "takes_on": verdict.takes_on,
        "cost": verdict.cost,
        "asked_otherwise": verdicts.asked_otherwise(decision["asked_for"] or "", decision["gap"]),
        "time": times.told(submission, booking, advisor, now=now),
        "other_times": times.others(submission, booking, now=now),
        "advisor": f"{advisor.name}, {advisor.title}" if advisor else "",
        "firm": Firm.get().name,
        "button": Button(times.label(booking, advisor), submission.page_url),
    }


def _engagement(submission: Submission) -> str:
    """The one that the house goes by: what staff corrected is not written otherwise."""
    lead = submission.lead
    assert lead is not None
    size = submission.company_size or lead.company_size
    return believed(lead.corrected_gap, submission.assessment.decision, company_size=size).engagement
