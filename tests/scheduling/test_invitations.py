"""The iCalendar of a conversation, whatever stands in its names: always one event, one method, the guests we named."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar, Event

from intake.models import Lead
from scheduling import invitations
from scheduling.bookings import full
from scheduling.invitations import Guest, Method
from scheduling.models import Booking
from tests.calendars import event_in, read
from tests.factories import make_advisor, make_booking, make_submission

THURSDAY = datetime(2026, 11, 26, 9, tzinfo=UTC)
TEXT = st.text(max_size=200) | st.text(alphabet='";:,\\^\r\n=Ae\u0301\u202e', max_size=60)


@given(TEXT, st.sampled_from([Method.REQUEST, Method.CANCEL]))
def test_any_name_is_one_guest_at_the_address_that_we_meant(name: str, method: Method) -> None:
    event = Event()
    event.add("attendee", invitations._attendee(Guest("ada@example.com", name), method), encode=False)

    back = Event.from_ical(event.to_ical())

    assert str(back["ATTENDEE"]) == "mailto:ada@example.com"
    assert set(back["ATTENDEE"].params) <= {"CN", "ROLE", "PARTSTAT", "RSVP"}
    assert not set(str(back["ATTENDEE"].params.get("CN", ""))) & set('"^\\\r\n\u202e')
    assert ("RSVP" in back["ATTENDEE"].params) is (method == Method.REQUEST)


@given(TEXT)
def test_method_is_the_calendars_own_and_never_one_that_somebody_typed(typed: str) -> None:
    calendar = invitations._empty(Method.CANCEL)
    event = Event()
    event.add("summary", f"{typed}\r\nMETHOD:REQUEST\r\n")
    calendar.add_component(event)

    assert invitations.method_of(calendar.to_ical().decode()) == "CANCEL"
    assert [str(Calendar.from_ical(calendar.to_ical())["METHOD"])] == ["CANCEL"]


@pytest.fixture
def booking(monday: datetime) -> Booking:
    submission = make_submission(name="Ada Lovelace")
    make_booking(submission, make_advisor(name="Grace Hopper"), THURSDAY, confirmed_at=monday)
    return full(Booking.objects.all()).get()


def prospects(booking: Booking, method: Method = Method.REQUEST) -> Any:
    return event_in(read(invitations.for_prospect(booking, method, stamped_at=THURSDAY).encode()))


def advisors(booking: Booking, method: Method = Method.REQUEST) -> Any:
    text = invitations.for_advisor(booking, booking.advisor, method, stamped_at=THURSDAY)
    return event_in(read(text.encode()))


def test_name_with_ten_thousand_marks_stays_a_name(booking: Booking) -> None:
    booking.submission.lead = Lead(
        pk=booking.submission.lead_id, name="Ada" + "\u0301" * 10_000, email="ada@example.com"
    )

    assert str(advisors(booking)["SUMMARY"]) == "Conversation with Ada\u0301\u0301\u0301"
    assert "\u0301" not in prospects(booking).to_ical().decode()


def test_sequence_rises_with_each_move_and_once_more_at_the_end(booking: Booking) -> None:
    numbers = [prospects(booking)["SEQUENCE"]]
    for day in (1, 2):
        start = THURSDAY + timedelta(days=day)
        booking.reschedule(start, start + timedelta(minutes=30), now=THURSDAY)
        numbers.append(advisors(booking)["SEQUENCE"])
    booking.move_to(Booking.Status.CANCELLED, now=THURSDAY)
    numbers.append(prospects(booking, Method.CANCEL)["SEQUENCE"])

    assert numbers == [0, 1, 2, 3]


def test_same_conversation_is_the_same_bytes(booking: Booking) -> None:
    again = full(Booking.objects.all()).get()

    first = invitations.for_prospect(booking, Method.REQUEST, stamped_at=THURSDAY)
    assert first == invitations.for_prospect(again, Method.REQUEST, stamped_at=THURSDAY)


def test_conversation_without_a_room_names_none(booking: Booking) -> None:
    assert not {"LOCATION", "URL", "CONFERENCE"} & set(prospects(booking))


def test_cancellation_leads_nowhere(booking: Booking) -> None:
    booking.advisor.join_url = "https://meet.example/x"
    assert str(prospects(booking)["LOCATION"]) == "https://meet.example/x"
    booking.move_to(Booking.Status.CANCELLED, now=THURSDAY)

    gone = prospects(booking, Method.CANCEL)

    assert not {"LOCATION", "URL", "CONFERENCE"} & set(gone)
    assert "meet.example" not in str(gone["DESCRIPTION"])
    assert "RSVP" not in gone["ATTENDEE"][0].params
