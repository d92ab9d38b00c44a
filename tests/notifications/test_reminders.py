"""Reminders: planned as due rows, decided at their own moment, over a real mail server with the clock moved."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.utils import timezone

from intake.models import Firm
from notifications import booking_mails, reminders
from notifications.models import Mail
from outbox import outbox
from outbox.models import Delivery
from scheduling import services
from scheduling.models import Advisor, Booking
from tests.calendars import text_of
from tests.factories import assign, deliveries, make_advisor, make_submission, run_delivery

MONDAY = datetime(2026, 11, 23, 10, tzinfo=UTC)
THURSDAY = datetime(2026, 11, 26, 9, tzinfo=UTC)  # 10:00 in Berlin
FRIDAY = datetime(2026, 11, 27, 15, tzinfo=UTC)
PLAN, SEND = "notifications.plan_reminders", "notifications.send_reminder"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)

pytestmark = pytest.mark.django_db


@pytest.fixture
def clock(house):
    with time_machine.travel(MONDAY, tick=False) as clock:
        yield clock


@pytest.fixture
def ada(clock):
    submission = make_submission(hold=False)
    assign(submission, make_advisor(name="Grace Hopper", join_url="https://meet.example/{room}"))
    return submission


def pick(submission, start=THURSDAY):
    booking, _ = services.pick(submission, start, now=timezone.now())
    run_delivery(PLAN, reminders.plan_reminders, status="pending")
    return booking


def run_due():
    """What the relay hands over now, and the workers try; what each reminder came to."""
    told = {}
    for row in claimed():
        outbox.attempt(str(row.pk), reminders.send_reminder)
        told[row.target] = row.attempts.latest("number").details
    return told


def claimed():
    """The reminders that are due, with all other mails out of their way."""
    others = Delivery.objects.filter(queue="mail").exclude(task=SEND)
    others.update(status="cancelled", settled_at=timezone.now(), leased_until=None)
    return [row for row in outbox.claim_due(now=timezone.now()) if row.task == SEND]


def test_two_reminders_are_due_a_day_and_an_hour_before(ada):
    pick(ada)

    assert {row.target: row.due_at for row in deliveries(SEND)} == {"24h": THURSDAY - DAY, "1h": THURSDAY - HOUR}
    assert {row.queue for row in deliveries(SEND)} == {"mail"}


def test_planning_twice_makes_no_second_row(ada):
    pick(ada)
    Delivery.objects.filter(task=PLAN).update(status="pending", settled_at=None)

    run_delivery(PLAN, reminders.plan_reminders)

    assert len(deliveries(SEND)) == 2


@pytest.mark.parametrize(("left", "planned"), [(DAY, ["1h"]), (2 * HOUR, ["1h"]), (HOUR, []), (-HOUR, [])])
def test_only_reminders_that_are_still_ahead_are_planned(ada, clock, left, planned):
    services.pick(ada, THURSDAY, now=MONDAY)
    clock.move_to(THURSDAY - left)

    run_delivery(PLAN, reminders.plan_reminders)

    assert [row.target for row in deliveries(SEND)] == planned


def test_each_reminder_goes_to_the_prospect_alone_and_once(mail_server, ada, clock):
    pick(ada)

    assert run_due() == {}
    clock.move_to(THURSDAY - DAY)
    run_due()
    first = mail_server.next()
    clock.move_to(THURSDAY - HOUR)
    run_due()
    second = mail_server.next()
    clock.move_to(THURSDAY - HOUR / 2)

    assert run_due() == {}
    assert mail_server.mails.empty()
    assert {first["To"], second["To"]} == {"ada@example.com"}
    assert first["Subject"] == "Our conversation is tomorrow at 10:00: Grace Hopper"
    assert second["Subject"] == "Our conversation is today at 10:00: Grace Hopper"
    assert ada.page_url in text_of(first)
    join = Booking.objects.get().join_url
    assert f"Join the conversation:\n{join}" in text_of(second)
    assert [part.get_content_type() for part in first.iter_parts()] == ["text/plain", "text/html"]


def test_conversation_that_moved_between_due_and_send_is_not_reminded_of(mail_server, ada, clock):
    """The race: the row is claimed and with the broker when the prospect moves the conversation."""
    pick(ada)
    clock.move_to(THURSDAY - DAY)
    rows = claimed()
    services.pick(ada, FRIDAY, now=timezone.now())

    for row in rows:
        outbox.attempt(str(row.pk), reminders.send_reminder)

    assert [row.attempts.get().details for row in rows] == [{"skipped": "The booking has changed since."}]
    assert mail_server.mails.empty()


def test_moved_conversation_is_reminded_of_at_its_new_time_only(mail_server, ada, clock):
    pick(ada)
    pick(ada, FRIDAY)
    sent = []
    for moment in (THURSDAY - DAY, THURSDAY - HOUR, FRIDAY - DAY, FRIDAY - HOUR):
        clock.move_to(moment)
        sent += [(moment, name) for name, details in run_due().items() if "mail" in details]

    assert sent == [(FRIDAY - DAY, "24h"), (FRIDAY - HOUR, "1h")]
    assert mail_server.mails.qsize() == 2


def test_same_time_again_is_still_another_version(mail_server, ada, clock):
    """Moved away and back: the reminders of the first version are void, those of the last one hold."""
    pick(ada)
    pick(ada, FRIDAY)
    pick(ada, THURSDAY)
    clock.move_to(THURSDAY - DAY)

    run_due()

    assert mail_server.mails.qsize() == 1


def test_cancelled_conversation_is_not_reminded_of(mail_server, ada, clock):
    pick(ada)
    services.cancel(ada, now=MONDAY)
    clock.move_to(THURSDAY - DAY)

    assert run_due() == {"24h": {"skipped": "The booking has changed since."}}
    assert mail_server.mails.empty()


def test_system_that_was_down_reminds_of_nothing_that_has_begun(mail_server, ada, clock):
    pick(ada)
    clock.move_to(THURSDAY)

    assert run_due() == {"24h": {"skipped": "It has begun."}, "1h": {"skipped": "It has begun."}}
    assert mail_server.mails.empty()


def test_system_that_was_down_sends_the_last_reminder_alone(mail_server, ada, clock):
    pick(ada)
    clock.move_to(THURSDAY - HOUR / 2)

    told = run_due()

    assert told["24h"] == {"skipped": "The next reminder is due already."}
    assert mail_server.mails.qsize() == 1


def test_late_reminder_says_today_and_not_tomorrow(mail_server, ada, clock):
    pick(ada)
    clock.move_to(THURSDAY - timedelta(hours=2))

    run_due()

    assert mail_server.next()["Subject"].startswith("Our conversation is today")


def test_tomorrow_is_the_prospects_and_not_ours(mail_server, clock):
    """09:00 UTC on Thursday is Wednesday night in Honolulu; the day before is Tuesday night."""
    submission = make_submission(hold=False, timezone="Pacific/Honolulu")
    assign(submission, make_advisor(name="Grace Hopper"))
    pick(submission)
    clock.move_to(THURSDAY - DAY)

    run_due()

    mail = mail_server.next()
    assert mail["Subject"] == "Our conversation is tomorrow at 23:00: Grace Hopper"
    assert "Wednesday, 25 November 2026, 23:00" in text_of(mail)


def test_reminders_that_are_switched_off_and_on_never_mail_the_past(mail_server, ada, clock):
    pick(ada)
    Firm.objects.update(reminders=False)
    clock.move_to(THURSDAY - DAY)
    assert run_due() == {"24h": {"skipped": "Reminders are switched off."}}

    Firm.objects.update(reminders=True)
    assert run_due() == {}
    clock.move_to(THURSDAY - HOUR)
    run_due()

    assert mail_server.mails.qsize() == 1


def test_reminder_is_tried_again_until_it_is_pointless(mail_server, ada, clock):
    pick(ada)
    mail_server.data_answer = "451 later"
    clock.move_to(THURSDAY - HOUR)
    run_due()
    mail_server.data_answer = "250 OK"
    clock.move_to(THURSDAY + timedelta(minutes=1))

    assert run_due()["1h"] == {"skipped": "It has begun."}
    assert mail_server.mails.empty()
    assert Mail.objects.filter(status="sent").count() == 0


def test_no_reminder_for_an_erased_booking(mail_server, ada, clock):
    pick(ada).delete()
    clock.move_to(THURSDAY - DAY)

    assert run_due() == {"24h": {"skipped": "The booking was erased."}}


def test_mail_about_a_move_names_the_time_of_the_reminder_as_the_old_one(mail_server, ada, clock):
    """A reminder is a mail that told a time, too."""
    pick(ada)
    clock.move_to(THURSDAY - DAY)
    run_due()
    mail_server.next()
    services.pick(ada, FRIDAY, now=timezone.now())

    run_delivery("notifications.send_booking_mail", booking_mails.send_booking_mail, event__type="booking.rescheduled")

    assert "Before, it was Thursday" in text_of(mail_server.next())


def test_staff_switch_reminders_in_the_admin(admin_client, house):
    page = admin_client.get("/admin/intake/firm/1/change/").content.decode()

    assert 'name="reminders"' in page
    assert Advisor.objects.exists()
