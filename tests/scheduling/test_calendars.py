"""Outside calendars: read from a real calendar server, kept through an outage, withheld after it, told once."""

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from notifications.calendar_notes import send_calendar_note
from notifications.models import Mail
from scheduling import services
from scheduling.availability import free_slots
from scheduling.bookings import UnableToBook
from scheduling.calendars import health, sources, sync
from scheduling.calls import book_call
from scheduling.models import Advisor, Booking, BusyTime, Calendar
from scheduling.tasks import read_calendars
from tests import factories
from tests.calendar_server import CalendarServer
from tests.receivers import Answer
from tests.scheduling.conftest import MONDAY
from tests.scheduling.test_feed import calendar as ics
from tests.scheduling.test_feed import event

TUESDAY_NINE = "DTSTART;TZID=Europe/Berlin:20261124T090000"
TUESDAY_NOON = "DTEND;TZID=Europe/Berlin:20261124T120000"
NOTE = "notifications.send_calendar_note"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[CalendarServer]:
    with CalendarServer(tmp_path) as running:
        yield running


@pytest.fixture
def clock(monday: datetime) -> Iterator[time_machine.Traveller]:
    with time_machine.travel(MONDAY, tick=False) as traveller:
        yield traveller


def make_calendar(url: str, **over) -> Calendar:
    return Calendar.objects.create(**{"advisor": factories.make_advisor(), "url": url, **over})


def starts(advisor: Advisor, day: int = 24) -> list[str]:
    free = free_slots([advisor], now=timezone.now())[advisor.id]
    zone = advisor.zone
    return [f"{a.astimezone(zone):%H:%M}" for a, _ in free if a.astimezone(zone).day == day and a.month == 11]


def pass_time(clock: time_machine.Traveller, minutes: float) -> None:
    clock.shift(timedelta(minutes=minutes))


def feed_of(receiver, *events: str, **headers: str) -> None:
    receiver.answer = lambda _: Answer(200, headers, ics(*events))


def notes() -> list[str]:
    factories.run_delivery(NOTE, send_calendar_note)
    return [f"{mail.to}: {mail.subject}" for mail in Mail.objects.order_by("created_at", "to")]


# --- the whole road, with a real calendar server --------------------------------------------------------


def test_busy_in_a_real_calendar_is_not_offered_and_no_word_of_it_is_kept(server, clock):
    server.put("lunch", TUESDAY_NINE, TUESDAY_NOON, "RRULE:FREQ=DAILY;COUNT=2")
    calendar = make_calendar(server.url)
    assert starts(calendar.advisor) == []  # never read: nobody knows

    read_calendars()

    calendar.refresh_from_db()
    assert (calendar.error, calendar.skipped, calendar.failures) == ("", 0, 0)
    assert (starts(calendar.advisor)[0], starts(calendar.advisor, 25)[0]) == ("12:00", "12:00")
    with connection.cursor() as cursor:
        cursor.execute("SELECT b::text || c::text FROM scheduling_busytime b, scheduling_calendar c")
        assert "rival" not in str(cursor.fetchall())

    server.delete("lunch")
    pass_time(clock, 5)
    read_calendars()

    assert (starts(calendar.advisor)[0], BusyTime.objects.count()) == ("09:00", 0)


def test_outage_keeps_what_was_known_then_withholds_tells_once_and_ends(server, clock, mail_server):
    """Kill the server, move the clock: known times hold for an hour, then a colleague is offered and staff hear it."""
    server.put("lunch", TUESDAY_NINE, TUESDAY_NOON)
    advisor = factories.make_advisor(email="grace@example.com", ai_depth=3, cto_depth=0)
    colleague = factories.make_advisor(ai_depth=2, cto_depth=0)
    calendar = make_calendar(server.url, advisor=advisor, name="Grace at work")
    factories.load_house()
    read_calendars()
    before = factories.make_booking(factories.make_submission(), advisor, MONDAY + timedelta(days=1, hours=4))

    server.stop()
    for _ in range(12):
        pass_time(clock, 5)
        read_calendars()
    assert starts(advisor)[0] == "12:00"  # still what was known
    assert notes() == []

    for _ in range(4):
        pass_time(clock, 5)
        read_calendars()
    calendar.refresh_from_db()
    assert (calendar.error, calendar.alerted_at is not None) == ("The server could not be reached.", True)
    assert starts(advisor) == []
    assert starts(colleague) != []
    assert [line.split(": ")[1] for line in notes()] == ["A calendar cannot be read"] * 2
    assert {mail.to for mail in Mail.objects.all()} == {"grace@example.com", "hello@truegap.example"}
    assert "could not be reached" in mail_server.next().get_content()

    other = factories.make_submission(email="bob@example.com")
    factories.run_delivery("scheduling.book_call", book_call, event__subject=other.lead.id)
    assert Booking.objects.get(submission=other).advisor == colleague
    before.refresh_from_db()
    assert before.status == "confirmed"

    server.start()
    pass_time(clock, 5)
    read_calendars()
    assert starts(advisor)[0] == "12:00"
    pass_time(clock, 5)
    read_calendars()
    told = [line.split(": ")[1] for line in notes()]
    assert told == ["A calendar cannot be read"] * 2 + ["A calendar is read again"] * 2


# --- what is asked, and what an answer does ---------------------------------------------------------------


def test_unchanged_is_asked_for_by_both_marks_and_keeps_the_times_valid(receiver, clock):
    def answer(request):
        if request.headers.get("if-none-match") == '"1"':
            return Answer(304, {}, b"")
        return Answer(200, {"ETag": '"1"', "Last-Modified": "Mon, 23 Nov 2026 09:00:00 GMT"}, body)

    body = ics(event(TUESDAY_NINE, TUESDAY_NOON))
    receiver.answer = answer
    calendar = make_calendar(receiver.url)
    for _ in range(20):
        read_calendars()
        pass_time(clock, 5)

    asked = [receiver.next().headers for _ in range(20)]
    assert receiver.requests.empty()
    assert [headers.get("if-none-match") for headers in asked] == [None, *['"1"'] * 19]
    assert asked[1]["if-modified-since"] == "Mon, 23 Nov 2026 09:00:00 GMT"
    assert starts(calendar.advisor)[0] == "12:00"


def test_unchanged_is_not_believed_where_the_horizon_has_moved_on(receiver, clock):
    """A weekly meeting of a feed that nobody touches has to be known for the weeks that come into view."""
    seen = []

    def answer(request):
        seen.append("if-none-match" in request.headers)
        return Answer(304, {}, b"") if seen[-1] else Answer(200, {"ETag": '"1"'}, weekly)

    weekly = ics(event(TUESDAY_NINE, TUESDAY_NOON, "RRULE:FREQ=WEEKLY"))
    receiver.answer = answer
    calendar = make_calendar(receiver.url)
    for _ in range(15):
        read_calendars()
        pass_time(clock, 24 * 60)

    assert seen.count(False) == 3  # once a week
    read_calendars()
    calendar.refresh_from_db()
    assert calendar.covered_until >= timezone.now() + timedelta(days=calendar.advisor.horizon_days)
    last = max(calendar.busy.values_list("period", flat=True), key=lambda period: period.lower)
    assert last.lower > timezone.now() + timedelta(days=23)


@pytest.mark.parametrize("change", [{"horizon_days": 90}, {"timezone": "Asia/Tokyo"}])
def test_advisor_whose_terms_outgrow_the_reading_waits_for_the_next_one(receiver, clock, change):
    feed_of(receiver, event("DTSTART;VALUE=DATE:20261124"), ETag='"1"')
    advisor = make_calendar(receiver.url).advisor
    read_calendars()
    assert starts(advisor, 25) != []

    Advisor.objects.update(**change)
    advisor.refresh_from_db()
    assert starts(advisor, 25) == []
    pass_time(clock, 5)
    read_calendars()

    assert starts(advisor, 25) != []
    assert Calendar.objects.get().alerted_at is None  # nothing was wrong
    assert [receiver.next().headers.get("if-none-match") for _ in range(2)] == [None, None]


def test_only_what_differs_is_written(receiver, clock):
    feed_of(receiver, event(TUESDAY_NINE, TUESDAY_NOON), event("DTSTART;VALUE=DATE:20261125", uid="b@x"))
    make_calendar(receiver.url)
    read_calendars()
    kept = BusyTime.objects.order_by("period").first()

    feed_of(receiver, event(TUESDAY_NINE, TUESDAY_NOON), event("DTSTART;VALUE=DATE:20261126", uid="b@x"))
    pass_time(clock, 5)
    read_calendars()

    assert BusyTime.objects.order_by("period").first().pk == kept.pk
    assert [row.period.lower.day for row in BusyTime.objects.order_by("period")] == [24, 25]  # in UTC


FAILURES = {
    "a login": (Answer(401), "401"),
    "gone": (Answer(404), "404"),
    "too often": (Answer(429), "429"),
    "trouble": (Answer(503), "503"),
    "a page": (Answer(200, {}, b"<!doctype html>Sign in"), "web page"),
    "empty": (Answer(200, {}, b""), "empty"),
    "too large": (Answer(200, {}, b"x" * 6_000_000), "5 MB"),
    "half": (Answer(200, {}, ics(event(TUESDAY_NINE, TUESDAY_NOON))[:-30]), "breaks off"),
    "cut": (Answer(200, {"Content-Length": "9999"}, ics(event(TUESDAY_NINE, TUESDAY_NOON))), "hung up"),
    "inside": (Answer(302, {"Location": "http://10.0.0.1/"}), "private network"),
    "in circles": (Answer(302, {"Location": "/"}), "redirects"),
    "dripping": (Answer(200, {}, b"x" * 1000, drip_seconds=0.05), "within 0.5 seconds"),
}


@pytest.mark.parametrize("case", FAILURES)
def test_failure_is_told_in_words_without_the_address_and_keeps_what_was_known(settings, receiver, clock, case, caplog):
    feed_of(receiver, event(TUESDAY_NINE, TUESDAY_NOON))
    calendar = make_calendar(f"{receiver.url}?secret=abc")
    read_calendars()
    settings.CALENDAR_DEADLINE_SECONDS = 0.5
    answer, words = FAILURES[case]
    receiver.answer = lambda _: answer
    pass_time(clock, 5)

    read_calendars()

    calendar.refresh_from_db()
    assert words in calendar.error
    assert "127.0.0.1" not in calendar.error
    assert "abc" not in calendar.error + caplog.text
    assert (calendar.failures, calendar.claimed_until, starts(calendar.advisor)[0]) == (1, None, "12:00")


def test_conversations_of_ours_in_the_feed_block_nobody(settings, receiver, clock):
    settings.PUBLIC_BASE_URL = "https://book.example"
    advisor = factories.make_advisor()
    booking = factories.make_booking(factories.make_submission(), advisor, MONDAY + timedelta(days=1))
    three = [(f"DTSTART:20261124T{hour}0000Z", "DURATION:PT1H") for hour in ("08", "09", "15")]
    uids = [f"{booking.id}@an-older-name.example", "whatever@BOOK.example", "somebody@else.example"]
    feed_of(receiver, *[event(*lines, uid=uid) for lines, uid in zip(three, uids, strict=True)])
    make_calendar(receiver.url, advisor=advisor)

    read_calendars()

    assert [row.period.lower.hour for row in BusyTime.objects.all()] == [15]


def test_booking_looks_again_at_what_is_known_and_calls_nobody(receiver, clock):
    """The time was free when it was shown."""
    feed_of(receiver)
    calendar = make_calendar(receiver.url)
    submission = factories.make_submission(hold=False)
    factories.assign(submission, calendar.advisor)
    read_calendars()
    start = MONDAY + timedelta(days=1)
    slot = (start, start + timedelta(minutes=30))
    assert slot in free_slots([calendar.advisor], now=MONDAY)[calendar.advisor_id]

    feed_of(receiver, event("DTSTART:20261124T100000Z", "DTEND:20261124T110000Z"))
    pass_time(clock, 5)
    read_calendars()
    asked = receiver.requests.qsize()
    with pytest.raises(UnableToBook):
        services.pick(submission, start, now=timezone.now())

    assert receiver.requests.qsize() == asked
    assert not Booking.objects.exists()


# --- who reads what, and when ---------------------------------------------------------------------------


def test_calendars_are_read_in_turn_the_longest_unread_first_and_not_before_they_are_due(receiver, clock):
    feed_of(receiver)
    for name in "abc":
        make_calendar(f"{receiver.url}/{name}")
    make_calendar(f"{receiver.url}/off", active=False)
    make_calendar(f"{receiver.url}/left", advisor=factories.make_advisor(active=False))

    read_calendars()
    read_calendars()

    assert [receiver.next().path[-1] for _ in range(3)] == ["a", "b", "c"]
    assert receiver.requests.empty()
    sync.read_soon(Calendar.objects.get(url__endswith="/c"))
    read_calendars()
    assert receiver.next().path[-1] == "c"
    assert receiver.requests.empty()


@pytest.mark.django_db(transaction=True)
def test_one_slow_calendar_is_read_by_one_worker_in_no_transaction_and_the_next_waits(receiver):
    asked, go_on = threading.Event(), threading.Event()

    def slow(_):
        asked.set()
        go_on.wait(10)
        return Answer(200, {}, ics())

    receiver.answer = slow
    make_calendar(f"{receiver.url}/1")
    make_calendar(f"{receiver.url}/2")

    def work() -> None:
        sync.read_next(now=timezone.now())
        connection.close()

    worker = threading.Thread(target=work)
    worker.start()
    assert asked.wait(10)

    assert sync.read_next(now=timezone.now()) is False  # somebody reads
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE state LIKE 'idle in transaction%' AND datname = current_database()"
        )
        assert cursor.fetchone() == (0,)
    assert Calendar.objects.filter(claimed_until__isnull=False).count() == 1
    go_on.set()
    worker.join()

    assert sync.read_next(now=timezone.now()) is True
    assert Calendar.objects.filter(read_at__isnull=False).count() == 2


def test_reader_that_died_is_followed_by_another_and_counts_as_a_failure(receiver, clock):
    feed_of(receiver)
    make_calendar(receiver.url)
    dead = sync._claim(now=timezone.now())
    assert sync.read_next(now=timezone.now()) is False
    health.tell(now=timezone.now())
    assert factories.published() == {}  # the first reading may still be on its way

    pass_time(clock, 5)
    sync._claim(now=timezone.now())
    health.tell(now=timezone.now())
    assert factories.published() == {"calendar.unreadable": 1}

    pass_time(clock, 5)
    assert sync.read_next(now=timezone.now()) is True
    sync._settle_failure(dead, "An answer from the grave.")
    assert Calendar.objects.get().error == ""


def test_address_that_changes_while_the_old_one_is_read_wins(receiver, clock):
    make_calendar(receiver.url)
    now = timezone.now()
    of_the_old_one = sync._claim(now=now)
    Calendar.objects.update(url=f"{receiver.url}/new")

    window = (now, now + timedelta(days=40))
    sync._settle(of_the_old_one, sources.Reading([(now, now + timedelta(hours=1))]), window, now=now)

    assert not BusyTime.objects.exists()
    assert Calendar.objects.get().read_at is None


def test_defect_of_ours_is_a_failure_of_one_calendar(receiver, clock, monkeypatch, caplog):
    feed_of(receiver)
    calendar = make_calendar(receiver.url)
    monkeypatch.setattr(sources.feed, "read", lambda *_, **__: 1 / 0)

    read_calendars()

    calendar.refresh_from_db()
    assert calendar.error == "A defect of ours: ZeroDivisionError."
    assert "could not be read" in caplog.text


# --- who is withheld ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("minutes", "withheld"), [(59, False), (60, False), (61, True)], ids=["fresh", "just so", "too old"]
)
def test_known_times_hold_as_long_as_the_setting_says(clock, minutes, withheld):
    now = timezone.now()
    calendar = make_calendar(
        "https://x.example/", read_at=now - timedelta(minutes=minutes), covered_until=now + timedelta(days=30),
        zone="Europe/Berlin",
    )  # fmt: skip
    advisor = calendar.advisor.id

    assert (health.withheld([advisor], now=now) == {advisor}) is withheld
    assert health.judged(Calendar.objects.all(), now=now).get().withholds is withheld


def test_one_unread_calendar_of_two_is_enough_and_others_are_none_of_its_business(clock):
    now = timezone.now()
    good = {"read_at": now, "covered_until": now + timedelta(days=40), "zone": "Europe/Berlin"}
    one, two, free = (factories.make_advisor() for _ in range(3))
    for advisor in (one, two):
        make_calendar("https://x.example/1", advisor=advisor, **good)
    bad = make_calendar("https://x.example/2", advisor=two)
    everybody = [one.id, two.id, free.id]

    with CaptureQueriesContext(
        connection,
    ) as asked:
        assert health.withheld(everybody, now=now) == {two.id}
    assert len(asked) == 1

    Calendar.objects.filter(pk=bad.pk).update(active=False)
    assert health.withheld(everybody, now=now) == set()
    Calendar.objects.filter(pk=bad.pk).update(active=True)
    bad.delete()
    assert health.withheld(everybody, now=now) == set()


def test_calendar_that_is_switched_off_closes_nothing(receiver, clock):
    feed_of(receiver, event(TUESDAY_NINE, TUESDAY_NOON))
    calendar = make_calendar(receiver.url)
    read_calendars()
    assert starts(calendar.advisor)[0] == "12:00"

    Calendar.objects.update(active=False)

    assert starts(calendar.advisor)[0] == "09:00"


def test_note_is_not_sent_where_the_calendar_is_well_again_by_then(receiver, clock, mail_server):
    receiver.answer = lambda _: Answer(503)
    make_calendar(receiver.url)
    factories.load_house()
    read_calendars()
    feed_of(receiver)
    pass_time(clock, 5)
    sync.read_due()

    assert notes() == []
    assert factories.published() == {"calendar.unreadable": 1}


@pytest.mark.django_db(transaction=True)
def test_two_workers_tell_of_one_outage_once():
    make_calendar("https://x.example/", failures=3, error="The server could not be reached.")
    barrier = threading.Barrier(4)

    def tell() -> None:
        barrier.wait()
        health.tell(now=timezone.now())
        connection.close()

    workers = [threading.Thread(target=tell) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert factories.published() == {"calendar.unreadable": 1}


def test_mail_leads_to_the_calendar_at_the_desk(receiver, clock, mail_server, admin_client):
    receiver.answer = lambda _: Answer(404)
    calendar = make_calendar(f"{receiver.url}?secret=abc")
    factories.load_house()
    read_calendars()
    notes()

    text = mail_server.next().get_content()

    page = reverse("admin:scheduling_calendar_change", args=[calendar.pk])
    assert page in text
    assert "404" in text
    assert "abc" not in text
    assert admin_client.get(page).status_code == 200
