"""Rows for tests: plain functions with good defaults and named people."""

import itertools
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils import timezone

from config import defaults
from intake import services as intake
from intake.api import read_enquiry
from intake.models import Submission
from intake.services import Enquiry
from outbox import outbox
from outbox.models import Delivery, Event
from outbox.outbox import News
from scheduling.models import Advisor, Assignment, Booking, BookingAdvisor

AI_ANSWERS = {"core_systems_work": "yes", "siloed_ai_tools": "yes", "asks_how_to_use_ai": "yes"}
CTO_ANSWERS = {"no_core_systems": "yes", "asks_what_technology": "yes", "engineering_team_needs_structure": "yes"}
BOTH_ANSWERS = {
    "engineering_team_needs_structure": "yes",
    "technology_transformation": "yes",
    "siloed_ai_tools": "yes",
    "needs_ai_governance": "yes",
    "asks_what_technology": "yes",
    "asks_how_to_use_ai": "yes",
}
_numbers = itertools.count(1)


def enquiry_fields(**over: Any) -> dict[str, Any]:
    """What a website posts for Ada Lovelace, whose gap is AI."""
    return {
        "name": "Ada Lovelace",
        "email": "ada@example.com",
        "company": "Engines Ltd",
        "answers": AI_ANSWERS,
        "asked_for": "cto",
        "timezone": "Europe/Berlin",
        **over,
    }


def make_enquiry(**over: Any) -> Enquiry:
    return read_enquiry(enquiry_fields(**over))


def make_submission(*, now: datetime | None = None, key: str | None = None, **over: Any) -> Submission:
    """A stored submission, as the front door stores it. Needs the questionnaire (`house`).

    Without a key each comes from a page of its own: the same content twice would be one submission.
    """
    page = {} if key else {"attribution": {"landing_page": f"https://engines.example/{next(_numbers)}"}}
    enquiry = make_enquiry(**page | over)
    receipt = intake.receive_submission(enquiry, key=key, scope="public", now=now or timezone.now())
    return receipt.submission


def make_event(type_: str = "booking.expired", *, now: datetime | None = None, **over: Any) -> Event:
    """A published event with its deliveries; must be called inside a transaction, as every test with `db` is."""
    news = News(type=type_, data=over.pop("data", {}), **over)
    return outbox.publish(news, now=now or timezone.now())[0]


def deliveries(task: str, **filters: Any) -> list[Delivery]:
    rows = Delivery.objects.filter(task=task, **filters).select_related("event")
    return list(rows.order_by("created_at", "id"))


def make_advisor(**over: Any) -> Advisor:
    """Somebody strong in both, Monday to Friday 09:00 to 17:00 in Berlin, half-hour slots without buffers or caps."""
    number = next(_numbers)
    week = {day: [["09:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
    fields = {
        "name": f"Grace Hopper {number}",
        "title": "Fractional CTO and AI officer",
        "email": f"grace{number}@example.com",
        "cto_depth": 2,
        "ai_depth": 2,
        "timezone": "Europe/Berlin",
        "weekly_hours": week,
        "buffer_before_minutes": 0,
        "buffer_after_minutes": 0,
        "max_per_day": None,
        "max_per_week": None,
    }
    return Advisor.objects.create(**{**fields, **over})


def load_house(now: datetime | None = None) -> None:
    """Questionnaire, mail templates, the demo firm and its three advisors."""
    defaults.load_demo(now=now or timezone.now())


def run_delivery(task: str, service: Any, **filters: Any) -> list[Delivery]:
    """Leases and attempts every due delivery of one task, as relay and worker would; returns them as they stand."""
    rows = deliveries(task, **filters)
    for row in rows:
        Delivery.objects.filter(pk=row.pk, status="pending").update(leased_until=timezone.now() + timedelta(seconds=30))
        outbox.attempt(str(row.pk), service)
    return deliveries(task, **filters)


def assign(submission: Submission, advisor: Advisor) -> Assignment:
    """As `book_call` leaves it where times are offered."""
    return Assignment.objects.create(
        submission=submission, advisor=advisor, outcome="offer", step="fits", decided_at=timezone.now()
    )


def make_booking(
    submission: Submission, advisor: Advisor, start: datetime, *, minutes: int = 30, **over: Any
) -> Booking:
    """The bare rows of a confirmed conversation, past every service and without an event."""
    end = start + timedelta(minutes=minutes)
    fields = {
        "submission": submission,
        "status": "confirmed",
        "starts_at": start,
        "ends_at": end,
        "timezone": advisor.timezone,
        "created_at": timezone.now(),
    }
    booking = Booking.objects.create(**{**fields, **over})
    BookingAdvisor.objects.create(
        booking=booking,
        advisor=advisor,
        blocked=DateTimeTZRange(start, end, "[)"),
        holds_time=booking.status not in {"cancelled", "expired"},
    )
    return booking


def published() -> dict[str, int]:
    """How many events there are of each type."""
    return dict(Counter(Event.objects.values_list("type", flat=True)))
