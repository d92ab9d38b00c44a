"""Who of the house hears of things, and how: the staff who may see leads, by the switch of each.

Asked by every note to staff at the moment of sending. The firm's own address stands in where nobody of them has one.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.contrib.auth import get_user_model

from intake.models import Firm
from notifications import mails
from notifications.mails import Letter
from notifications.models import Mail, NotePreference
from outbox.models import Delivery

Mode = NotePreference.Mode


def addresses(mode: NotePreference.Mode = Mode.EACH) -> list[str]:
    """The addresses of those who hear in this way, each once.

    Somebody has to hear: where no colleague has an address at all, the firm's reads each note at once.
    """
    users = _users()
    if not users:
        return [Firm.get().reply_to] if mode == Mode.EACH and Firm.get().reply_to else []
    return sorted({user.email for user in users if mode_of(user) == mode})


def tell(subject: str, text: str, *, to: Iterable[str], delivery: Delivery, now: datetime) -> int:
    """Mails the note to these addresses, each its own; says to how many."""
    letters = [Letter(kind=Mail.Kind.STAFF, to=address, subject=subject, text=text) for address in to]
    mails.send_all(letters, delivery=delivery, now=now)
    return len(letters)


def _users() -> list[Any]:
    known = get_user_model().objects.filter(is_active=True, is_staff=True).exclude(email="")
    return [user for user in known.select_related("note_preference") if user.has_perm("intake.view_lead")]


def mode_of(user: Any) -> NotePreference.Mode:
    preference = getattr(user, "note_preference", None)
    return Mode(preference.mode) if preference else Mode.EACH
