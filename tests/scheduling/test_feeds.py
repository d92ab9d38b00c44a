"""Calendars to fetch: the visitor's file under their token, and an advisor's private feed."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from config.logs import clean
from intake.models import Lead
from intake.rates import Rate
from scheduling import feeds, services
from scheduling.models import Advisor, Booking, BookingAdvisor
from tests.calendars import event_in, read
from tests.factories import assign, make_advisor, make_booking, make_submission
from tests.scheduling.conftest import MONDAY

THURSDAY = datetime(2026, 11, 26, 9, tzinfo=UTC)  # 10:00 in Berlin
FRIDAY = datetime(2026, 11, 27, 15, tzinfo=UTC)


@pytest.fixture
def grace(monday: datetime) -> Advisor:
    return make_advisor(name="Grace Hopper", email="grace@truegap.example", join_url="https://meet.example/{room}")


def offered(advisor: Advisor, **over: object):
    submission = make_submission(hold=False, **over)
    assign(submission, advisor)
    return submission


def file_url(submission) -> str:
    return f"/api/v1/submissions/{submission.token}/booking/calendar.ics"


# --- the visitor's file ---------------------------------------------------------------------------------


def test_visitor_takes_the_conversation_home(client: Client, grace: Advisor) -> None:
    submission = offered(grace)
    booking, _ = services.pick(submission, THURSDAY, now=MONDAY)

    reply = client.get(file_url(submission), headers={"accept": "text/calendar"})

    calendar = read(reply.content)
    event = event_in(calendar)
    assert (reply.status_code, reply["Content-Type"]) == (200, "text/calendar; charset=utf-8")
    assert reply["Content-Disposition"] == 'attachment; filename="conversation.ics"'
    assert reply["Cache-Control"] == "no-store"
    assert (str(calendar["METHOD"]), event["SEQUENCE"]) == ("PUBLISH", 0)
    # RFC 5546: what is published has no guests.
    assert "ATTENDEE" not in event
    assert str(event["UID"]) == f"{booking.id}@testserver"
    assert (event["DTSTART"].to_ical(), event["DTEND"].to_ical()) == (b"20261126T090000Z", b"20261126T093000Z")
    assert submission.page_url in str(event["DESCRIPTION"])
    assert "/admin/" not in str(event["DESCRIPTION"])


@pytest.mark.parametrize("accept", ["*/*", "text/html", "application/json", "image/png"])
def test_file_comes_whatever_the_browser_says_it_accepts(client: Client, grace: Advisor, accept: str) -> None:
    submission = offered(grace)
    services.pick(submission, THURSDAY, now=MONDAY)

    assert client.get(file_url(submission), headers={"accept": accept}).status_code == 200


@pytest.mark.parametrize("status", [None, "tentative", "cancelled", "expired"])
def test_nothing_is_given_before_confirmation(client: Client, grace: Advisor, status: str | None) -> None:
    submission = offered(grace)
    if status:
        make_booking(submission, grace, THURSDAY, status=status, expires_at=THURSDAY)

    reply = client.get(file_url(submission), headers={"accept": "text/calendar"})

    assert (reply.status_code, reply["Content-Type"]) == (409, "application/problem+json")
    assert (reply.json()["code"], reply["Cache-Control"]) == ("not_confirmed", "no-store")


def test_token_opens_its_own_file_only(client: Client, grace: Advisor) -> None:
    submission = offered(grace)
    services.pick(submission, THURSDAY, now=MONDAY)

    foreign = client.get(file_url(submission).replace(submission.token, submission.token[:-1] + "_"))

    assert (foreign.status_code, foreign["Content-Type"]) == (404, "application/problem+json")
    assert b"VCALENDAR" not in foreign.content


def test_page_has_the_link_once_it_is_confirmed(client: Client, grace: Advisor) -> None:
    submission = offered(grace)
    before = client.get(submission.page_path).content.decode()
    services.pick(submission, THURSDAY, now=MONDAY)

    after = client.get(submission.page_path).content.decode()

    assert "Add to my calendar" not in before
    assert f'<a href="{file_url(submission)}">Add to my calendar</a>' in after


# --- an advisor's feed ----------------------------------------------------------------------------------


@pytest.fixture
def feed_url(grace: Advisor) -> str:
    feeds.renew_feed(grace)
    return f"/calendar/{grace.feed_token}.ics"


def events_of(client: Client, url: str) -> dict[str, object]:
    reply = client.get(url)
    assert reply.status_code == 200
    return {str(event["UID"]).partition("@")[0]: event for event in read(reply.content).walk("VEVENT")}


def test_feed_shows_confirmed_conversations_and_nothing_that_is_only_held(
    client: Client, grace: Advisor, feed_url: str
) -> None:
    shown = {
        status: make_booking(offered(grace, email=f"{status}@example.com"), grace, start, status=status)
        for status, start in [
            ("confirmed", THURSDAY),
            ("completed", MONDAY - timedelta(days=3)),
            ("no_show", MONDAY - timedelta(days=2)),
        ]
    }
    for number, status in enumerate(("tentative", "cancelled", "expired"), start=1):
        start = THURSDAY + timedelta(hours=number)
        make_booking(offered(grace, email=f"{status}@example.com"), grace, start, status=status, expires_at=start)
    make_booking(offered(grace, email="old@example.com"), grace, MONDAY - timedelta(days=31))
    colleague = make_advisor()
    make_booking(offered(colleague, email="other@example.com"), colleague, THURSDAY)

    found = events_of(client, feed_url)

    assert set(found) == {str(booking.id) for booking in shown.values()}
    event = found[str(shown["confirmed"].id)]
    assert str(event["SUMMARY"]) == "Conversation with Ada Lovelace (Engines Ltd)"
    assert {str(event["STATUS"]) for event in found.values()} == {"CONFIRMED"}


def test_feed_never_holds_a_prospects_token(client: Client, grace: Advisor, feed_url: str) -> None:
    submission = offered(grace)
    services.pick(submission, THURSDAY, now=MONDAY)

    unfolded = client.get(feed_url).content.decode().replace("\r\n ", "")

    assert submission.token not in unfolded
    assert "/r/" not in unfolded
    assert submission.lead.desk_url in unfolded


def test_feed_follows_a_move_a_colleague_and_a_cancellation(client: Client, grace: Advisor, feed_url: str) -> None:
    submission = offered(grace)
    booking, _ = services.pick(submission, THURSDAY, now=MONDAY)
    first = events_of(client, feed_url)[str(booking.id)]
    services.pick(submission, FRIDAY, now=MONDAY)
    moved = events_of(client, feed_url)[str(booking.id)]
    mary = make_advisor(name="Mary Somerville")
    BookingAdvisor.objects.create(booking=booking, advisor=mary, leads=False, blocked=booking.seats.get().blocked)
    feeds.renew_feed(mary)
    hers = events_of(client, f"/calendar/{mary.feed_token}.ics")[str(booking.id)]
    services.cancel(submission, now=MONDAY)

    assert (first["SEQUENCE"], first["DTSTART"].dt) == (0, THURSDAY)
    assert (moved["SEQUENCE"], moved["DTSTART"].dt) == (1, FRIDAY)
    assert "Together with Grace Hopper" in str(hers["DESCRIPTION"])
    assert events_of(client, feed_url) == {}


def test_feed_that_has_not_changed_is_not_sent_again(client: Client, grace: Advisor, feed_url: str) -> None:
    submission = offered(grace)
    services.pick(submission, THURSDAY, now=MONDAY)
    first = client.get(feed_url)

    with time_machine.travel(MONDAY + timedelta(days=1), tick=False):
        by_tag = client.get(feed_url, headers={"if-none-match": first["ETag"]})
    by_date = client.get(feed_url, headers={"if-modified-since": first["Last-Modified"]})

    assert (by_tag.status_code, by_date.status_code) == (304, 304)
    assert (by_tag.content, by_tag["ETag"]) == (b"", first["ETag"])
    assert by_tag["Cache-Control"] == "private, no-cache"


@pytest.mark.parametrize("header", ["ETag", "Last-Modified"])
def test_feed_that_has_changed_is_sent(client: Client, grace: Advisor, feed_url: str, header: str) -> None:
    submission = offered(grace)
    services.pick(submission, THURSDAY, now=MONDAY)
    asks = {"ETag": "if-none-match", "Last-Modified": "if-modified-since"}[header]
    before = client.get(feed_url)[header]
    later = MONDAY + timedelta(minutes=5)

    with time_machine.travel(later, tick=False):
        services.cancel(submission, now=later)
        reply = client.get(feed_url, headers={asks: before})

    assert reply.status_code == 200
    assert b"VEVENT" not in reply.content


def test_changed_name_reaches_readers_without_tags_within_the_hour(
    client: Client, grace: Advisor, feed_url: str
) -> None:
    services.pick(offered(grace), THURSDAY, now=MONDAY)
    before = client.get(feed_url)["Last-Modified"]
    Lead.objects.update(name="Ada King")

    with time_machine.travel(MONDAY + timedelta(hours=1), tick=False):
        reply = client.get(feed_url, headers={"if-modified-since": before})

    assert b"Ada King" in reply.content


def test_unknown_stopped_renewed_and_inactive_feeds_look_the_same(
    client: Client, grace: Advisor, feed_url: str
) -> None:
    assert client.get(feed_url).status_code == 200
    feeds.renew_feed(grace)
    renewed = client.get(feed_url)
    second = f"/calendar/{grace.feed_token}.ics"
    Advisor.objects.update(active=False)
    inactive = client.get(second)
    Advisor.objects.update(active=True)
    feeds.stop_feed(grace)
    stopped = client.get(second)
    unknown, empty = client.get("/calendar/None.ics"), client.get("/calendar/.ics")

    replies = (renewed, inactive, stopped, unknown, empty)
    assert {reply.status_code for reply in replies} == {404}
    assert len({reply.content for reply in replies}) == 1


def test_feed_token_is_long_and_its_own(grace: Advisor) -> None:
    feeds.renew_feed(grace)
    first = grace.feed_token
    feeds.renew_feed(grace)

    assert len(first) >= 40
    assert first != grace.feed_token
    assert grace.feed_token not in clean(f"GET /calendar/{grace.feed_token}.ics")


def test_feed_is_limited_like_other_public_calls(client: Client, grace: Advisor, feed_url: str, settings) -> None:
    settings.PUBLIC_RATE = Rate(count=2, seconds=60)

    statuses = [client.get(feed_url).status_code for _ in range(3)]

    assert statuses == [200, 200, 429]


def test_feed_cannot_be_posted_to(client: Client, grace: Advisor, feed_url: str) -> None:
    assert client.post(feed_url).status_code == 405
    head = client.head(feed_url)
    assert (head.status_code, head.content) == (200, b"")


def test_feed_takes_as_many_statements_with_forty_conversations_as_with_one(
    client: Client, grace: Advisor, feed_url: str
) -> None:
    def statements() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(feed_url).status_code == 200
        return len(captured)

    make_booking(offered(grace), grace, THURSDAY)
    one = statements()
    for number in range(39):
        submission = offered(grace, email=f"{number}@example.com")
        make_booking(submission, grace, THURSDAY + timedelta(hours=1 + number))

    assert statements() == one
    assert len(events_of(client, feed_url)) == 40
    assert one <= 6


# --- the desk -------------------------------------------------------------------------------------------


def page_of(advisor: Advisor) -> str:
    return f"/admin/scheduling/advisor/{advisor.pk}/change/"


def press(client: Client, advisor: Advisor, act: str) -> int:
    return client.post(f"/admin/scheduling/advisor/{advisor.pk}/feed/{act}/", follow=True).status_code


def test_staff_make_renew_and_stop_a_feed(admin_client: Client, client: Client, grace: Advisor) -> None:
    assert "Make a feed" in admin_client.get(page_of(grace)).content.decode()
    assert press(admin_client, grace, "renew") == 200
    grace.refresh_from_db()
    first = grace.feed_token
    page = admin_client.get(page_of(grace)).content.decode()
    assert f"http://testserver/calendar/{first}.ics" in page
    press(admin_client, grace, "renew")
    grace.refresh_from_db()
    assert grace.feed_token not in {first, None}
    press(admin_client, grace, "stop")
    grace.refresh_from_db()

    assert grace.feed_token is None
    assert LogEntry.objects.filter(object_id=str(grace.pk)).count() == 3
    assert client.get(f"/calendar/{first}.ics").status_code == 404


def test_enter_key_saves_the_page_and_renews_nothing(admin_client: Client, grace: Advisor, feed_url: str) -> None:
    page = admin_client.get(page_of(grace)).content.decode()

    form = page[page.index('id="advisor_form"') :]
    first = re.search(r"<(?:button|input)[^>]*type=.submit.[^>]*>", form)
    assert first is not None
    assert 'name="_save"' in first[0]


def test_page_of_a_new_advisor_opens(admin_client: Client, monday: datetime) -> None:
    assert admin_client.get("/admin/scheduling/advisor/add/").status_code == 200


def test_saving_an_advisor_keeps_the_feed(admin_client: Client, grace: Advisor, feed_url: str) -> None:
    token = grace.feed_token
    form = admin_client.get(page_of(grace)).context["adminform"].form
    sent = {name: form[name].value() for name in form.fields if form[name].value() is not None}

    admin_client.post(page_of(grace), {**sent, "name": "Grace B. Hopper"})

    grace.refresh_from_db()
    assert grace.feed_token == token


@pytest.mark.parametrize("act", ["renew", "stop"])
def test_who_may_only_look_neither_sees_nor_changes_a_feed(
    client: Client, grace: Advisor, feed_url: str, django_user_model, act: str
) -> None:
    viewer = django_user_model.objects.create_user("vera", "vera@example.com", "x", is_staff=True)
    viewer.user_permissions.add(Permission.objects.get(codename="view_advisor"))
    client.force_login(viewer)
    token = grace.feed_token

    page = client.get(page_of(grace))

    assert page.status_code == 200
    assert token not in page.content.decode()
    assert press(client, grace, act) == 403
    grace.refresh_from_db()
    assert grace.feed_token == token
    assert client.get(f"/admin/scheduling/advisor/{grace.pk}/feed/{act}/").status_code == 405
    assert Booking.objects.count() == 0
