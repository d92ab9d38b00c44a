"""Mails about a conversation and the invitations in them, over a real mail server, read by a calendar's parser."""

from datetime import UTC, datetime, timedelta
from email.utils import parseaddr

import pytest
import time_machine
from django.db import transaction

from intake import events
from intake.models import Firm, Lead
from notifications import booking_mails
from notifications.models import Mail
from outbox.models import Delivery
from outbox.retry import DeliveryError
from scheduling import services
from scheduling.bookings import full
from scheduling.models import Advisor, Booking, BookingAdvisor
from scheduling.replies import booking_data
from tests.calendars import calendar_in, event_in, guests, text_of
from tests.factories import assign, make_advisor, make_submission, run_delivery
from tests.intake.payloads import PAYLOADS

MONDAY = datetime(2026, 11, 23, 10, tzinfo=UTC)
THURSDAY = datetime(2026, 11, 26, 9, tzinfo=UTC)  # 10:00 in Berlin
FRIDAY = datetime(2026, 11, 27, 15, tzinfo=UTC)
TASK = "notifications.send_booking_mail"

pytestmark = pytest.mark.django_db


@pytest.fixture
def clock(house):
    with time_machine.travel(MONDAY, tick=False) as clock:
        yield clock


@pytest.fixture
def grace(clock) -> Advisor:
    return make_advisor(name="Grace Hopper", email="grace@truegap.example", join_url="https://meet.example/{room}")


@pytest.fixture
def ada(grace):
    """An enquiry from New York, to whom Grace's times are offered."""
    submission = make_submission(timezone="America/New_York", hold=False)
    assign(submission, grace)
    return submission


def pick(submission, start=THURSDAY):
    return services.pick(submission, start, now=MONDAY)[0]


def send():
    """As the workers would: every booking mail that is due."""
    return run_delivery(TASK, booking_mails.send_booking_mail, status="pending")


def by_address(mail_server, count):
    found = [mail_server.next() for _ in range(count)]
    assert mail_server.mails.empty()
    return {mail["To"]: mail for mail in found}


def to_ada(mail_server):
    """What Ada got; the advisor's copy is passed over."""
    return by_address(mail_server, 2)["ada@example.com"]


def by_staff(booking, type_, **more):
    """As an act of staff tells it."""
    booking = full(Booking.objects.filter(pk=booking.pk)).get()
    with transaction.atomic():
        events.publish(
            type_,
            submission=booking.submission,
            now=MONDAY,
            booking=booking_data(booking),
            booking_id=str(booking.id),
            version=booking.version,
            by="staff",
            **more,
        )
    return booking


# --- the life of an invitation --------------------------------------------------------------------------


def test_conversation_is_booked_moved_and_cancelled_in_every_calendar(mail_server, ada, grace):
    booking = pick(ada)
    send()
    first = by_address(mail_server, 2)
    pick(ada, FRIDAY)
    send()
    second = by_address(mail_server, 2)
    services.cancel(ada, now=MONDAY)
    send()
    third = by_address(mail_server, 2)

    for address in ("ada@example.com", "grace@truegap.example"):
        mails = [told[address] for told in (first, second, third)]
        calendars = [calendar_in(mail) for mail in mails]
        seen = [event_in(calendar) for calendar in calendars]
        assert [str(calendar["METHOD"]) for calendar in calendars] == ["REQUEST", "REQUEST", "CANCEL"]
        assert {str(event["UID"]) for event in seen} == {f"{booking.id}@testserver"}
        assert [event["SEQUENCE"] for event in seen] == [0, 1, 2]
        assert [str(event["STATUS"]) for event in seen] == ["CONFIRMED", "CONFIRMED", "CANCELLED"]
        assert [event["DTSTART"].to_ical() for event in seen] == [
            b"20261126T090000Z", b"20261127T150000Z", b"20261127T150000Z",
        ]  # fmt: skip
        assert [event["DTEND"].dt - event["DTSTART"].dt for event in seen] == [timedelta(minutes=30)] * 3
        assert {str(event["ORGANIZER"]) for event in seen} == {f"mailto:{parseaddr(mails[0]['From'])[1]}"}
        assert {parseaddr(mail["From"])[1] for mail in mails} == {parseaddr(Firm.get().from_address)[1]}
        for event in seen:
            assert set(guests(event)) == {"ada@example.com", "grace@truegap.example"}
        for event in seen[:2]:
            assert {guest["RSVP"] for guest in guests(event).values()} == {"TRUE"}
            assert {guest["PARTSTAT"] for guest in guests(event).values()} == {"NEEDS-ACTION"}
            assert str(event["LOCATION"]) == str(event["URL"]) == str(event["CONFERENCE"]) == booking.join_url


def test_each_side_gets_its_own_links_and_the_other_sides_answers(mail_server, ada, grace):
    pick(ada)
    send()

    mails = by_address(mail_server, 2)
    prospects, advisors = mails["ada@example.com"].as_string(), mails["grace@truegap.example"].as_string()
    prospects_event = event_in(calendar_in(mails["ada@example.com"]))
    advisors_event = event_in(calendar_in(mails["grace@truegap.example"]))

    assert mails["ada@example.com"]["Reply-To"] == "grace@truegap.example"
    assert mails["grace@truegap.example"]["Reply-To"] == "ada@example.com"
    assert ada.page_url in str(prospects_event["DESCRIPTION"])
    assert ada.lead.desk_url in str(advisors_event["DESCRIPTION"])
    assert ada.token not in advisors.replace("=\n", "").replace("\n ", "")
    assert "/admin/" not in prospects.replace("=\n", "").replace("\n ", "")
    assert str(prospects_event["SUMMARY"]) == "Conversation with Grace Hopper (Truegap Consulting)"
    assert str(advisors_event["SUMMARY"]) == "Conversation with Ada Lovelace (Engines Ltd)"


def test_every_text_has_both_zones(mail_server, ada, grace):
    booking = pick(ada)
    Advisor.objects.update(timezone="Asia/Tokyo")
    Booking.objects.filter(pk=booking.pk).update(
        starts_at=datetime(2026, 11, 26, 22, tzinfo=UTC), ends_at=datetime(2026, 11, 26, 22, 30, tzinfo=UTC)
    )
    send()

    mails = by_address(mail_server, 2)
    prospects, advisors = text_of(mails["ada@example.com"]), text_of(mails["grace@truegap.example"])
    inside = str(event_in(calendar_in(mails["ada@example.com"]))["DESCRIPTION"])

    for text in (prospects, inside):
        assert "Thursday, 26 November 2026, 17:00 to 17:30 (America/New_York)" in text
        assert "For Grace Hopper: Friday, 27 November 2026, 07:00 to 07:30 (Asia/Tokyo)." in text
    assert "Friday, 27 November 2026, 07:00 to 07:30 (Asia/Tokyo)" in advisors
    assert "For the prospect: Thursday, 26 November 2026, 17:00 to 17:30 (America/New_York)." in advisors


def test_held_time_enters_nobodys_calendar(mail_server, ada, grace):
    booking = pick(ada)
    Booking.objects.update(status="tentative", expires_at=THURSDAY, confirmed_at=None)
    services.cancel(ada, now=MONDAY)

    assert [row.status for row in send()] == []
    assert mail_server.mails.empty()
    booking.refresh_from_db()
    assert booking.status == "cancelled"


# --- what is true now -----------------------------------------------------------------------------------


def test_move_before_the_first_mail_loses_no_invitation_and_sends_nothing_stale(mail_server, ada, grace):
    pick(ada)
    pick(ada, FRIDAY)

    rows = send()

    event = event_in(calendar_in(to_ada(mail_server)))
    assert (event["SEQUENCE"], event["DTSTART"].dt) == (1, FRIDAY)
    assert {row.status for row in Delivery.objects.filter(task=TASK)} == {"succeeded"}
    assert rows == []
    # Nobody told them of the first time, so this is no mail about a move.
    assert set(Mail.objects.values_list("to", "subject")) == {
        ("ada@example.com", "Your conversation is booked: Friday, 27 November 2026, 10:00 to 10:30 (America/New_York)"),
        (
            "grace@truegap.example",
            "Booked: Ada Lovelace (Engines Ltd), Friday, 27 November 2026, 16:00 to 16:30 (Europe/Berlin)",
        ),
    }


def test_events_that_arrive_in_the_wrong_order_tell_only_the_last(mail_server, ada, grace):
    pick(ada)
    pick(ada, FRIDAY)
    run_delivery(TASK, booking_mails.send_booking_mail, event__type="booking.rescheduled")
    by_address(mail_server, 2)

    (late,) = run_delivery(TASK, booking_mails.send_booking_mail, event__type="booking.confirmed")

    assert late.attempts.get().details == {"skipped": "The booking has changed since."}
    assert mail_server.mails.empty()


def test_change_between_two_mails_of_one_event_stops_the_second(mail_server, ada, grace):
    """The prospect's mail takes its time, and they cancel meanwhile: the advisor must not be invited any more."""
    pick(ada)
    row = Delivery.objects.select_related("event").get(task=TASK)
    letters = booking_mails._letters(row, Booking.objects.get())

    first = next(letters)
    services.cancel(ada, now=MONDAY)

    assert first.to == "ada@example.com"
    assert list(letters) == []


def test_mail_that_is_tried_again_carries_the_same_calendar(mail_server, ada, grace):
    pick(ada)
    mail_server.data_answer = "451 later"
    send()
    before = dict(Mail.objects.values_list("to", "calendar"))
    mail_server.data_answer = "250 OK"

    with time_machine.travel(MONDAY + timedelta(hours=1), tick=False):
        send()

    assert dict(Mail.objects.values_list("to", "calendar")) == before
    for address, mail in by_address(mail_server, 2).items():
        part = list(mail.iter_parts())[2].get_payload(decode=True)
        assert part == before[address].encode()


def test_conversation_that_is_over_invites_nobody(mail_server, ada, grace):
    pick(ada)

    with time_machine.travel(THURSDAY + timedelta(hours=1), tick=False):
        send()

    assert mail_server.mails.empty()
    assert Delivery.objects.get(task=TASK).attempts.get().details == {"skipped": "It is over."}


# --- by whose hand --------------------------------------------------------------------------------------


def test_prospect_who_moves_reads_the_new_time_and_the_old_one(mail_server, ada, grace):
    pick(ada)
    send()
    by_address(mail_server, 2)
    pick(ada, FRIDAY)
    send()

    mails = by_address(mail_server, 2)
    text = text_of(mails["ada@example.com"])
    assert "Your conversation has moved" in text
    assert "Friday, 27 November 2026, 10:00 to 10:30 (America/New_York)" in text
    assert "Before, it was Thursday, 26 November 2026, 04:00 to 04:30 (America/New_York)." in text
    assert "sorry" not in text
    assert "The prospect moved" in text_of(mails["grace@truegap.example"])


@pytest.mark.parametrize("was_told", [True, False])
def test_move_by_us_says_sorry_and_how_to_choose_another_time(mail_server, ada, grace, was_told):
    booking = pick(ada)
    if was_told:
        send()
        by_address(mail_server, 2)
    booking.reschedule(FRIDAY, FRIDAY + timedelta(minutes=30), now=MONDAY)
    by_staff(booking, "booking.rescheduled")
    send()

    text = text_of(to_ada(mail_server))
    assert "We had to move your conversation" in text
    assert "We are sorry" in text
    assert "Before, it was Thursday, 26 November 2026" in text
    assert f"Choose another time:\n{ada.page_url}" in text


def test_cancellation_by_them_is_taken_kindly(mail_server, ada, grace):
    pick(ada)
    services.cancel(ada, now=MONDAY)
    send()

    text = text_of(to_ada(mail_server))
    assert "Thank you for letting us know" in text
    assert "These times are free" not in text
    assert "Join here" not in text


def test_cancellation_by_us_names_three_free_times_and_the_link(mail_server, ada, grace):
    booking = pick(ada)
    booking.move_to(Booking.Status.CANCELLED, now=MONDAY)
    by_staff(booking, "booking.cancelled")
    send()

    mail = to_ada(mail_server)
    text = text_of(mail)
    assert "We are sorry" in text
    assert text.count("(America/New_York)\n") >= 3
    assert text.partition("These times are free at the moment:\n")[2].count("- ") >= 3
    assert ada.page_url in text
    assert str(calendar_in(mail)["METHOD"]) == "CANCEL"


def test_cancellation_by_us_where_nobody_is_free_asks_for_times(mail_server, ada, grace):
    booking = pick(ada)
    booking.move_to(Booking.Status.CANCELLED, now=MONDAY)
    Advisor.objects.update(active=False)
    by_staff(booking, "booking.cancelled")
    send()

    text = text_of(to_ada(mail_server))
    assert "These times are free" not in text
    assert "answer this mail with times that suit you" in text


# --- more than one advisor ------------------------------------------------------------------------------


def hand_on(booking, taker):
    """Grace's seat goes to somebody else, as staff do it."""
    leaver = booking.advisor
    BookingAdvisor.objects.filter(booking=booking).update(advisor=taker)
    Booking.objects.filter(pk=booking.pk).update(version=booking.version + 1)
    by_staff(booking, "booking.rescheduled", left=[leaver.pk])


def test_who_hands_on_is_taken_out_and_who_takes_over_is_invited(mail_server, ada, grace):
    booking = pick(ada)
    send()
    by_address(mail_server, 2)
    hand_on(booking, make_advisor(name="Mary Somerville", email="mary@truegap.example"))
    send()

    mails = by_address(mail_server, 3)
    text = text_of(mails["ada@example.com"])
    assert "The time stays as it was" in text
    assert "Mary Somerville takes over from Grace Hopper and knows everything that you told us" in text
    assert mails["ada@example.com"]["Reply-To"] == "mary@truegap.example"
    asked = {address: str(calendar_in(mail)["METHOD"]) for address, mail in mails.items()}
    assert asked == {
        "ada@example.com": "REQUEST", "mary@truegap.example": "REQUEST", "grace@truegap.example": "CANCEL",
    }  # fmt: skip
    gone = event_in(calendar_in(mails["grace@truegap.example"]))
    assert (gone["SEQUENCE"], list(guests(gone)), "STATUS" in gone) == (1, ["grace@truegap.example"], False)
    assert "Mary Somerville takes this conversation" in text_of(mails["grace@truegap.example"])


def test_who_has_left_is_taken_out_even_where_the_conversation_has_moved_on(mail_server, ada, grace):
    booking = pick(ada)
    send()
    by_address(mail_server, 2)
    hand_on(booking, make_advisor(name="Mary Somerville", email="mary@truegap.example"))
    services.cancel(ada, now=MONDAY)
    send()

    mails = by_address(mail_server, 3)
    assert {str(calendar_in(mail)["METHOD"]) for mail in mails.values()} == {"CANCEL"}
    assert set(mails) == {"ada@example.com", "mary@truegap.example", "grace@truegap.example"}


def test_who_has_come_back_meanwhile_is_not_taken_out(mail_server, ada, grace):
    booking = pick(ada)
    send()
    by_address(mail_server, 2)
    hand_on(booking, make_advisor(name="Mary Somerville", email="mary@truegap.example"))
    hand_on(full(Booking.objects.all()).get(), grace)
    send()

    mails = by_address(mail_server, 3)
    asked = {address: str(calendar_in(mail)["METHOD"]) for address, mail in mails.items()}
    assert asked["grace@truegap.example"] == "REQUEST"
    assert asked["mary@truegap.example"] == "CANCEL"


def test_joint_conversation_names_both_advisors_and_invites_all(mail_server, ada, grace):
    booking = pick(ada)
    mary = make_advisor(name="Mary Somerville", email="mary@truegap.example", timezone="Europe/London", title="CTO")
    BookingAdvisor.objects.create(
        booking=booking, advisor=mary, leads=False, blocked=booking.seats.get().blocked, holds_time=True
    )
    send()

    mails = by_address(mail_server, 3)
    text = text_of(mails["ada@example.com"])
    event = event_in(calendar_in(mails["ada@example.com"]))
    assert "With Grace Hopper, Fractional CTO and AI officer" in text
    assert "With Mary Somerville, CTO" in text
    assert "For Mary Somerville: 09:00 to 09:30 (Europe/London)." in text
    assert str(event["SUMMARY"]) == "Conversation with Grace Hopper and Mary Somerville (Truegap Consulting)"
    assert set(guests(event)) == {"ada@example.com", "grace@truegap.example", "mary@truegap.example"}
    assert "Grace Hopper leads it" in text_of(mails["mary@truegap.example"])
    assert "together with Mary Somerville" in text_of(mails["grace@truegap.example"])


# --- what strangers type --------------------------------------------------------------------------------

HOSTILE = [
    "Ada\r\nATTENDEE:mailto:eve@example.com",
    "Ada\nEND:VEVENT\nMETHOD:CANCEL",
    "Ada;LANGUAGE=de:mailto:eve@example.com",
    'A "quoted", name; with \\ everything \\n ^n ^^',
    "\u202eadA\u202c",
    "e" + "\u0301" * 199,
    "{{ button }} {% debug %}",
    *PAYLOADS[:4],
]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_break_neither_mail_nor_calendar(mail_server, ada, grace, name):
    Lead.objects.update(name=name, company=name)
    Firm.objects.update(name='Firm "A", B; \\ C')
    pick(ada)

    send()

    for address, mail in by_address(mail_server, 2).items():
        event = event_in(calendar_in(mail))
        assert str(calendar_in(mail)["METHOD"]) == "REQUEST"
        assert set(guests(event)) == {"ada@example.com", "grace@truegap.example"}
        assert (event["SEQUENCE"], event["DTSTART"].dt, mail["To"]) == (0, THURSDAY, address)
        assert "\u202e" not in mail["Subject"] + str(event["SUMMARY"])
        html = mail.get_body(("html",)).get_content()
        assert not {"<script", "<svg", "<img", "onerror=alert(1)>"} & set(html.lower().split())
        assert "<script" not in html.lower()
        if address == "ada@example.com":
            assert "CN" not in guests(event)["ada@example.com"]
            assert "eve@example.com" not in text_of(mail) + str(event["DESCRIPTION"]) + str(event["SUMMARY"])


def test_firm_whose_name_has_commas_and_quotes_is_one_organizer(mail_server, ada, grace):
    Firm.objects.update(sender='"Gap, Mind & Co; \\"the\\" firm" <talk@truegap.example>')
    pick(ada)
    send()

    mail = to_ada(mail_server)
    organizer = event_in(calendar_in(mail))["ORGANIZER"]
    assert str(organizer) == "mailto:talk@truegap.example"
    assert parseaddr(mail["From"])[1] == "talk@truegap.example"
    assert organizer.params["CN"] == "Gap, Mind & Co; 'the' firm"


def test_address_that_was_refused_for_good_does_not_silence_the_advisor(mail_server, ada, grace):
    mail_server.answers["ada@example.com"] = "550 no such user"
    pick(ada)

    rows = run_delivery(TASK, booking_mails.send_booking_mail)

    assert mail_server.next()["To"] == "grace@truegap.example"
    assert [row.status for row in rows] == ["failed"]
    assert issubclass(DeliveryError, Exception)


def test_staff_see_the_invitation_and_it_goes_with_the_mail(mail_server, ada, grace, admin_client):
    pick(ada)
    send()
    mail = Mail.objects.get(to="ada@example.com")

    page = admin_client.get(f"/admin/notifications/mail/{mail.pk}/change/").content.decode()
    mail.delete()

    assert "BEGIN:VCALENDAR" in page
    assert not Mail.objects.filter(calendar__contains=ada.token).exists()
