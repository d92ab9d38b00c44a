"""What follows an erasure: advisors give their time back, and the mail files of a local house go.

Comes after `intake.persons.erase`. The event holds ids and times only; nothing here could name the person any more.
"""

from datetime import datetime
from typing import Any

from django.utils import timezone

from notifications import mail_files, mails
from notifications.mails import Letter
from notifications.models import Mail
from outbox.models import Delivery
from scheduling import invitations, words
from scheduling.models import Advisor

TEXT = (
    "The person has asked us to erase everything about them, so this conversation does not take place. Your time is "
    "free again. Please delete what you noted about it, too.\n\n{}"
)


def send_erasure_note(delivery: Delivery) -> dict[str, int]:
    """Tells each advisor of a conversation that lay ahead; removes what was written as files."""
    data, now = delivery.event.data, timezone.now()
    files = mail_files.forget(data.get("mails", []))
    letters = [
        _letter(taken, advisor, delivery)
        for taken in data.get("given_back", [])
        for advisor in Advisor.objects.filter(pk__in=taken["advisors"])
    ]
    mails.send_all(letters, delivery=delivery, now=now)
    return {"advisors": len(letters), "files": files}


def _letter(taken: dict[str, Any], advisor: Advisor, delivery: Delivery) -> Letter:
    start, end = datetime.fromisoformat(taken["start"]), datetime.fromisoformat(taken["end"])
    when = words.when(start, end, advisor.zone)
    return Letter(
        kind=Mail.Kind.STAFF,
        to=advisor.email,
        subject=f"Given back: {when}",
        text=TEXT.format(when),
        calendar=invitations.given_back(taken, advisor, stamped_at=delivery.event.occurred_at),
    )
