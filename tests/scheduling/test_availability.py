"""What the rows of an advisor do to free times: overrides, time off, outside calendars, caps, a colleague's rules."""

from datetime import datetime, timedelta

import pytest

from scheduling.availability import free_slots, hours_available, joint_slots
from tests import factories

WEDNESDAY = {"wed": [["09:00", "11:00"]]}


def clocks(found: list[tuple[datetime, datetime]]) -> list[str]:
    """Starts in UTC; Berlin is an hour ahead in November."""
    return [f"{start:%d %H:%M}" for start, _ in found]


def test_a_joint_slot_is_the_leaders_in_which_the_colleague_is_free(monday: datetime) -> None:
    leader = factories.make_advisor(weekly_hours=WEDNESDAY, horizon_days=7)
    colleague = factories.make_advisor(weekly_hours={"wed": [["09:15", "10:15"], ["10:15", "12:00"]]})
    booked = datetime.fromisoformat("2026-11-25T10:30:00+01:00")
    factories.make_booking(factories.make_submission(), colleague, booked)

    assert clocks(free_slots([leader], now=monday)[leader.id]) == ["25 08:00", "25 08:30", "25 09:00", "25 09:30"]
    assert clocks(joint_slots(leader, colleague, now=monday)) == ["25 08:30", "25 09:00"]


def test_hours_are_those_of_the_week_and_nobody_raises(monday: datetime) -> None:
    part_time = factories.make_advisor(weekly_hours=WEDNESDAY)
    nobody = factories.make_advisor(weekly_hours={})

    assert hours_available([part_time, nobody], now=monday) == {part_time.id: 8.0, nobody.id: 0.0}
    assert hours_available([], now=monday) == {}


@pytest.mark.parametrize("advisors", [1, 5])
def test_joint_slots_and_hours_take_few_statements(monday: datetime, advisors: int, django_assert_num_queries) -> None:
    several = [factories.make_advisor() for _ in range(advisors)]

    with django_assert_num_queries(2):
        hours_available(several, now=monday)
    with django_assert_num_queries(2):
        joint_slots(several[0], several[-1], now=monday)


def test_a_joint_slot_keeps_the_colleagues_notice_and_horizon(monday: datetime) -> None:
    leader = factories.make_advisor(weekly_hours=WEDNESDAY, horizon_days=30)
    colleague = factories.make_advisor(notice_hours=47, horizon_days=10)

    found = joint_slots(leader, colleague, now=monday)

    assert found[0][0] == monday + timedelta(hours=47)
    assert clocks(found) == ["25 09:00", "25 09:30", "02 08:00", "02 08:30", "02 09:00", "02 09:30"]
