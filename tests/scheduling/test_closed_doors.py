"""What stays visible and what can still be done when a lead has moved on or a conversation is over."""

from datetime import timedelta

import pytest
from django.utils import timezone

from intake import services as intake
from intake.models import Lead
from outbox.models import Event
from scheduling import calls, services
from scheduling.bookings import UnableToBook
from tests.factories import make_submission, run_delivery

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("house")]


def held():
    submission = make_submission()
    run_delivery("scheduling.book_call", calls.book_call, event__data__submission__id=str(submission.id))
    return submission


def state(client, submission):
    return client.get(f"/api/v1/submissions/{submission.token}/").json()["booking_state"]


def test_stage_of_the_lead_does_not_show_through(client):
    """Whoever types a known address must not learn from the state what has become of that person."""
    submission = held()
    services.confirm(submission, now=timezone.now())

    intake.change_stage(Lead.objects.get(), "lost", now=timezone.now())

    assert state(client, submission) == "confirmed"
    services.cancel(submission, now=timezone.now())
    assert state(client, submission) == "offer"


def test_conversation_that_took_place_can_be_neither_moved_nor_cancelled(client):
    submission = held()
    booking = services.confirm(submission, now=timezone.now())
    after = booking.ends_at + timedelta(hours=1)
    told = Event.objects.count()

    services.cancel(submission, now=after)
    with pytest.raises(UnableToBook) as refusal:
        services.pick(submission, booking.starts_at + timedelta(days=7), now=after)

    booking.refresh_from_db()
    assert (booking.status, refusal.value.code, Event.objects.count()) == ("confirmed", "closed", told)


def test_stage_that_a_booking_changes_is_told_with_the_booking():
    submission = held()

    booking = services.confirm(submission, now=timezone.now())

    event = Event.objects.get(type="lead.stage_changed")
    assert (event.data["from"], event.data["to"]) == ("new", "booked")
    assert event.data["booking"]["status"] == "confirmed"
    assert event.data["submission"]["id"] == str(booking.submission_id)


def test_marked_test_leaves_a_real_lead_and_consumers_alone():
    from notifications import webhooks
    from notifications.models import Endpoint
    from outbox.models import Delivery

    Endpoint.objects.create(url="https://hooks.example/x")
    lead = make_submission().lead
    run_delivery("notifications.fan_out", webhooks.fan_out)
    before = Delivery.objects.filter(task=webhooks.TASK).count()

    make_submission(test=True, answers={"no_core_systems": "yes", "asks_what_technology": "yes"})
    run_delivery("notifications.fan_out", webhooks.fan_out, status="pending")

    lead.refresh_from_db()
    assert (lead.gap, lead.engagement) == ("ai", "fractional_ai_officer")
    assert (before, Delivery.objects.filter(task=webhooks.TASK).count()) == (2, 2)
