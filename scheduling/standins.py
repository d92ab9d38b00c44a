"""Who could take a conversation over at the very time for which it is agreed: those who fit first, then the others.

Asked by the desk and by `scheduling.covering`. Notice does not count, since staff ask colleagues whom they know to be
there; hours, time off, outside calendars, other conversations and caps do. The time need not be on the colleague's
grid, nor as long as their own conversations.
"""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from scheduling import fitting
from scheduling.availability import free_slots
from scheduling.models import Advisor, Booking

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class StandIn:
    advisor: Advisor
    fits: bool


def standins(booking: Booking, *, now: datetime) -> list[StandIn]:
    """Colleagues who are free then, best first; nobody who takes part already."""
    ranked, _ = fitting.rank(booking.submission, now=now)
    place = {candidate.id: number for number, candidate in enumerate(ranked)}
    taking_part = {seat.advisor_id for seat in booking.seats.all()}
    others = [advisor for advisor in Advisor.objects.filter(active=True) if advisor.pk not in taking_part]
    free = free_at(others, booking.starts_at, booking.ends_at, now=now)
    chosen = [StandIn(advisor, advisor.pk in place) for advisor in free]
    return sorted(chosen, key=lambda s: (not s.fits, place.get(s.advisor.pk, 0), s.advisor.name, s.advisor.pk))


def is_free_at(advisor: Advisor, booking: Booking, *, now: datetime) -> bool:
    return bool(free_at([advisor], booking.starts_at, booking.ends_at, now=now))


def free_at(advisors: list[Advisor], start: datetime, end: datetime, *, now: datetime) -> list[Advisor]:
    """Those of them who are free from start to end, buffers of their own included."""
    bent = [_for_this_time(advisor, start, end, now=now) for advisor in advisors]
    free = free_slots(bent, now=now, since=start, until=start + MINUTE)
    return [advisor for advisor in advisors if (start, end) in free[advisor.pk]]


def _for_this_time(advisor: Advisor, start: datetime, end: datetime, *, now: datetime) -> Advisor:
    """A copy whose grid has a step at every minute, and whose conversations are as long as this one. Never saved."""
    bent = copy.copy(advisor)
    bent.meeting_minutes = math.ceil((end - start) / MINUTE)
    bent.step_minutes, bent.notice_hours = 1, 0
    bent.horizon_days = max(advisor.horizon_days, (start - now).days + 2)
    return bent
