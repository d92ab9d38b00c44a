"""What the rows of an advisor do to free times: overrides, time off, outside calendars, caps, a colleague's rules."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from scheduling import services
from scheduling.availability import free_slots, hours_available, joint_slots, slot_at
from scheduling.bookings import UnableToBook
from scheduling.models import Advisor, BusyTime, Calendar, DateOverride, TimeOff
from scheduling.slots import Interval
from tests import factories

HALF_HOUR = timedelta(minutes=30)
DAY = timedelta(days=1)
WEDNESDAY = {"wed": [["09:00", "11:00"]]}
WHOLE = ["25 09:00", "25 09:30", "25 10:00", "25 10:30"]


def berlin(text: str) -> datetime:
    """“25 09:00” of November 2026 in Berlin."""
    return datetime.fromisoformat(f"2026-11-{text.replace(' ', 'T')}:00+01:00")


def clocks(found: list[Interval]) -> list[str]:
    """Starts in Berlin, in November."""
    return [f"{start.astimezone(berlin('01 00:00').tzinfo):%d %H:%M}" for start, _ in found]


def free(advisor: Advisor, now: datetime) -> list[str]:
    return clocks(free_slots([advisor], now=now)[advisor.id])


def only_wednesday(**over: Any) -> Advisor:
    """Free on Wednesday the 25th, nine to eleven in Berlin, and at no other time."""
    return factories.make_advisor(**{"weekly_hours": WEDNESDAY, "horizon_days": 7, **over})


def book(advisor: Advisor, start: str, **over: Any) -> None:
    number = over.pop("number", start)
    submission = factories.make_submission(email=f"{number.replace(' ', '-')}@example.com".replace(":", "-"))
    factories.make_booking(submission, advisor, berlin(start), **over)


# --- dates with other hours -----------------------------------------------------------------------------

# the week, date of the override, its ranges, what is free until the 30th
OVERRIDES = [
    ("other hours", WEDNESDAY, 25, [["13:00", "14:00"]], ["25 13:00", "25 13:30"]),
    ("closed", WEDNESDAY, 25, [], []),
    ("another day", WEDNESDAY, 26, [], WHOLE),
    ("a day that the week leaves closed", WEDNESDAY, 28, [["10:00", "10:30"]], [*WHOLE, "28 10:00"]),
    ("past midnight", WEDNESDAY, 26, [["23:30", "00:30"]], [*WHOLE, "26 23:30", "27 00:00"]),
    ("the night before stays", {"tue": [["23:30", "00:30"]]}, 25, [], ["24 23:30", "25 00:00"]),
    ("what it begins goes with it", {"tue": [["23:30", "00:30"]]}, 24, [], []),
]


@pytest.mark.parametrize(
    ("week", "day", "ranges", "expected"), [r[1:] for r in OVERRIDES], ids=[r[0] for r in OVERRIDES]
)
def test_an_override_replaces_the_hours_of_its_day(
    monday: datetime, week: Any, day: int, ranges: list[list[str]], expected: list[str]
) -> None:
    advisor = only_wednesday(weekly_hours=week)
    advisor.overrides.create(date=date(2026, 11, day), ranges=ranges)

    assert free(advisor, monday) == expected


def test_the_date_of_an_override_is_the_advisors_own(monday: datetime) -> None:
    advisor = only_wednesday(timezone="Pacific/Auckland", weekly_hours={})
    advisor.overrides.create(date=date(2026, 11, 26), ranges=[["00:00", "00:30"]])

    assert free(advisor, monday) == ["25 12:00"]


def test_an_override_on_the_night_of_a_change_counts_real_time(monday: datetime) -> None:
    now = datetime(2026, 10, 24, 12, tzinfo=UTC)
    advisor = only_wednesday(weekly_hours={}, notice_hours=0)
    advisor.overrides.create(date=date(2026, 10, 25), ranges=[["02:00", "03:00"]])
    lord_howe = only_wednesday(weekly_hours={}, notice_hours=0, timezone="Australia/Lord_Howe", horizon_days=300)
    lord_howe.overrides.create(date=date(2027, 4, 4), ranges=[["01:30", "02:00"]])

    found = free_slots([advisor, lord_howe], now=now)

    assert [f"{start:%d %H:%M}" for start, _ in found[advisor.id]] == ["25 00:00", "25 00:30", "25 01:00", "25 01:30"]
    assert [f"{start:%d %H:%M}" for start, _ in found[lord_howe.id]] == ["03 14:30", "03 15:00"]


def test_a_time_of_an_override_can_be_booked_and_one_it_closes_cannot(monday: datetime) -> None:
    advisor, submission = only_wednesday(), factories.make_submission(hold=False)
    factories.assign(submission, advisor)
    advisor.overrides.create(date=date(2026, 11, 25), ranges=[["13:00", "14:00"]])

    with pytest.raises(UnableToBook) as refused:
        services.pick(submission, berlin("25 09:00"), now=monday)
    booking, is_new = services.pick(submission, berlin("25 13:30"), now=monday)

    assert refused.value.code == "off_grid"
    assert (booking.starts_at, is_new) == (berlin("25 13:30"), True)


# --- time off and outside calendars ---------------------------------------------------------------------


def test_nothing_is_offered_while_an_advisor_is_away(monday: datetime) -> None:
    advisor = only_wednesday()
    TimeOff.objects.create(advisor=advisor, starts_at=berlin("25 09:45"), ends_at=berlin("25 10:30"))
    TimeOff.objects.create(advisor=factories.make_advisor(), starts_at=berlin("01 00:00"), ends_at=berlin("29 00:00"))

    assert free(advisor, monday) == ["25 09:00", "25 10:30"]


def test_busy_times_count_with_buffers_while_their_calendar_is_active(monday: datetime) -> None:
    advisor = only_wednesday(buffer_before_minutes=10, buffer_after_minutes=0)
    known = {"read_at": monday, "covered_until": monday + timedelta(days=99), "zone": advisor.timezone}
    busy = Calendar.objects.create(advisor=advisor, url="https://example.com/a.ics", **known)
    old = Calendar.objects.create(advisor=advisor, url="https://example.com/b.ics", active=False)
    BusyTime.objects.create(calendar=busy, period=(berlin("25 09:15"), berlin("25 09:25")))
    BusyTime.objects.create(calendar=old, period=(berlin("25 10:00"), berlin("25 11:00")))

    assert free(advisor, monday) == ["25 10:00", "25 10:30"]
    assert (berlin("25 09:30"), berlin("25 10:00")) not in free_slots([advisor], now=monday)[advisor.id]
    assert slot_at(advisor, berlin("25 09:30"), now=monday) == (berlin("25 09:30"), berlin("25 10:00"))


# --- caps -----------------------------------------------------------------------------------------------


def test_a_full_day_is_not_offered(monday: datetime) -> None:
    advisor = only_wednesday(weekly_hours=WEDNESDAY | {"thu": [["09:00", "10:00"]]}, max_per_day=2)
    book(advisor, "25 09:00")
    book(advisor, "25 10:00", status="cancelled")

    one_booked = free(advisor, monday)
    book(advisor, "25 17:00", status="tentative", expires_at=berlin("25 08:00"))

    assert one_booked == ["25 09:30", "25 10:00", "25 10:30", "26 09:00", "26 09:30"]
    assert free(advisor, monday) == ["26 09:00", "26 09:30"]


def test_a_full_week_from_monday_to_sunday_is_not_offered(monday: datetime) -> None:
    advisor = only_wednesday(weekly_hours={"mon": [["09:00", "09:30"]], "wed": [["09:00", "09:30"]]}, max_per_week=2)
    advisor.horizon_days = 15
    book(advisor, "23 08:00", status="completed")
    book(advisor, "29 23:30")

    assert clocks(free_slots([advisor], now=monday)[advisor.id]) == ["30 09:00", "02 09:00", "07 09:00"]


def test_days_of_caps_are_those_of_the_advisor(monday: datetime) -> None:
    """Half past ten at night in Berlin is the next day in Auckland, and Sunday night there is Monday."""
    hours = {"wed": [["08:00", "12:00"]], "thu": [["10:00", "10:30"]]}
    advisor = only_wednesday(timezone="Pacific/Auckland", weekly_hours=hours, max_per_day=1)
    book(advisor, "25 12:30")  # Thursday, 00:30

    assert free(advisor, monday)[-1] == "24 23:30"
    assert len(free(advisor, monday)) == 8


def test_a_cap_counts_what_is_outside_of_the_days_that_are_asked_for(monday: datetime) -> None:
    advisor = only_wednesday(max_per_week=1)
    book(advisor, "29 12:00")
    slot = berlin("25 09:00"), berlin("25 09:30")

    assert slot not in free_slots([advisor], now=monday)[advisor.id]
    assert free_slots([advisor], now=monday, since=slot[0], until=slot[1]) == {advisor.id: []}


def test_a_seat_counts_for_the_colleague_in_it_too(monday: datetime) -> None:
    leader, colleague = only_wednesday(), only_wednesday(max_per_day=1)
    booking = factories.make_booking(factories.make_submission(), leader, berlin("25 12:00"))
    seat = booking.seats.get()
    booking.seats.create(advisor=colleague, leads=False, blocked=seat.blocked)

    assert (free(leader, monday), free(colleague, monday)) == (WHOLE, [])


def test_moving_within_a_full_day_is_no_further_conversation(monday: datetime) -> None:
    advisor = only_wednesday(max_per_day=1, max_per_week=1)
    submission, other = factories.make_submission(hold=False), factories.make_submission(email="bob@example.com")
    for one in (submission, other):
        factories.assign(one, advisor)
    services.pick(submission, berlin("25 09:00"), now=monday)

    with pytest.raises(UnableToBook) as refused:
        services.pick(other, berlin("25 10:00"), now=monday)
    booking, is_new = services.pick(submission, berlin("25 10:00"), now=monday)

    assert refused.value.code == "slot_taken"
    assert (booking.starts_at, is_new) == (berlin("25 10:00"), False)


# --- two advisors at once -------------------------------------------------------------------------------


def test_a_joint_slot_is_the_leaders_in_which_the_colleague_is_free(monday: datetime) -> None:
    leader = only_wednesday()
    colleague = factories.make_advisor(weekly_hours={"wed": [["09:15", "10:15"], ["10:15", "12:00"]]})
    book(colleague, "25 10:30")

    assert free(leader, monday) == WHOLE
    assert clocks(joint_slots(leader, colleague, now=monday)) == ["25 09:30", "25 10:00"]


def test_a_joint_slot_keeps_the_colleagues_own_buffers(monday: datetime) -> None:
    leader, colleague = only_wednesday(), factories.make_advisor(buffer_after_minutes=31, buffer_before_minutes=0)
    book(colleague, "25 10:30")

    assert clocks(joint_slots(leader, colleague, now=monday)) == ["25 09:00"]


def test_a_joint_slot_keeps_the_colleagues_notice_and_horizon(monday: datetime) -> None:
    leader = only_wednesday(horizon_days=30)
    colleague = factories.make_advisor(notice_hours=47, horizon_days=9)

    found = clocks(joint_slots(leader, colleague, now=monday))

    assert found == ["25 10:00", "25 10:30", "02 09:00", "02 09:30", "02 10:00", "02 10:30"]


# what stands in the way of the colleague, what is left of the leader's four
IN_THE_WAY = [
    ("time off", lambda c: c.time_off.create(starts_at=berlin("25 10:00"), ends_at=berlin("25 10:05")), [0, 1, 3]),
    ("an override", lambda c: c.overrides.create(date=date(2026, 11, 25), ranges=[["09:30", "10:30"]]), [1, 2]),
    ("a full day", lambda c: book(c, "25 16:00"), []),
]


@pytest.mark.parametrize(("block", "left"), [row[1:] for row in IN_THE_WAY], ids=[row[0] for row in IN_THE_WAY])
def test_a_joint_slot_keeps_whatever_else_the_colleague_has(monday: datetime, block: Any, left: list[int]) -> None:
    leader, colleague = only_wednesday(), factories.make_advisor(max_per_day=1)
    block(colleague)

    assert clocks(joint_slots(leader, colleague, now=monday)) == [WHOLE[index] for index in left]


# --- hours ----------------------------------------------------------------------------------------------


def test_hours_are_what_week_overrides_and_time_off_leave_open(monday: datetime) -> None:
    part_time, nobody = factories.make_advisor(weekly_hours=WEDNESDAY), factories.make_advisor(weekly_hours={})
    book(part_time, "25 09:00")
    part_time.overrides.create(date=date(2026, 11, 26), ranges=[["09:00", "09:45"]])
    part_time.time_off.create(starts_at=berlin("25 10:30"), ends_at=berlin("26 09:15"))
    part_time.time_off.create(starts_at=berlin("25 10:30"), ends_at=berlin("25 12:00"))

    assert hours_available([part_time, nobody], now=monday) == {part_time.id: 8.0, nobody.id: 0.0}
    assert hours_available([part_time], now=berlin("25 09:30"), days=1) == {part_time.id: 1.25}
    assert hours_available([], now=monday) == {}


@pytest.mark.parametrize("advisors", [1, 5])
def test_statements_are_few_however_many_advisors_there_are(
    monday: datetime, advisors: int, django_assert_num_queries: Any
) -> None:
    several = [factories.make_advisor() for _ in range(advisors)]
    for advisor in several:
        DateOverride.objects.create(advisor=advisor, date=date(2026, 11, 25), ranges=[])

    for ask, count in (
        (lambda: free_slots(several, now=monday), 3),
        (lambda: hours_available(several, now=monday), 2),
        (lambda: joint_slots(several[0], several[-1], now=monday), 3),
    ):
        with django_assert_num_queries(count):
            ask()
