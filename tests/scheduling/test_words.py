"""Times as people read them."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from scheduling import words

HALF_HOUR = timedelta(minutes=30)
MONDAY = datetime(2026, 11, 23, 9, tzinfo=UTC)


def slots(*hours: int):
    return [(start, start + HALF_HOUR) for start in (MONDAY + timedelta(hours=hour - 9) for hour in hours)]


def test_utc_is_named_with_the_date_only_where_it_differs():
    (morning,) = slots(9)
    (evening,) = slots(23)

    assert words.in_utc(*morning, home=ZoneInfo("Europe/Berlin")) == "In UTC: 09:00 to 09:30."
    assert words.in_utc(*evening, home=ZoneInfo("Europe/Berlin")) == "In UTC: Monday, 23 November 2026, 23:00 to 23:30."


def test_utc_is_not_repeated_where_home_is_there():
    assert words.in_utc(*slots(9)[0], home=ZoneInfo("Europe/London")) == ""


def test_times_at_night_are_not_offered_while_there_are_others():
    london_day = slots(9, 10, 13, 14, 16)

    offered = words.spread(london_day, zone=ZoneInfo("America/New_York"), count=6)

    assert [start.hour for start, _ in offered] == [13, 16]


def test_times_at_night_are_offered_where_there_are_no_others():
    offered = words.spread(slots(10, 11), zone=ZoneInfo("Pacific/Honolulu"), count=6)

    assert [start.hour for start, _ in offered] == [10]


def offered_in(zone: str, *moments: str, count: int = 6) -> list[str]:
    """The local starts that are offered to somebody there, of slots that start then in UTC."""
    starts = [datetime.fromisoformat(f"2026-11-{moment}Z") for moment in moments]
    offered = words.spread([(start, start + HALF_HOUR) for start in starts], zone=ZoneInfo(zone), count=count)
    return [f"{start.astimezone(ZoneInfo(zone)):%a %H:%M}" for start, _ in offered]


def test_the_soonest_days_come_first_and_two_times_of_a_day_at_most():
    times = ["24T09:00", "24T10:00", "24T12:00", "24T15:00", "25T09:00", "25T12:30", "26T09:00"]

    assert offered_in("Europe/London", *times, count=4) == ["Tue 09:00", "Tue 12:00", "Wed 09:00", "Wed 12:30"]


def test_a_weekend_of_the_prospect_comes_after_their_working_days():
    """Friday afternoon in New York is Saturday morning in Auckland."""
    times = ["27T20:00", "29T20:00", "29T23:00", "30T20:00"]

    assert offered_in("Pacific/Auckland", *times, count=2) == ["Mon 09:00", "Mon 12:00"]
    assert offered_in("Pacific/Auckland", *times) == ["Sat 09:00", "Mon 09:00", "Mon 12:00", "Tue 09:00"]


def test_early_and_late_hours_fill_a_short_list_and_nights_do_not():
    times = ["24T04:00", "24T07:00", "24T21:30", "24T22:00", "25T10:00"]

    assert offered_in("Europe/London", *times, count=1) == ["Wed 10:00"]
    assert offered_in("Europe/London", *times) == ["Tue 07:00", "Tue 21:30", "Wed 10:00"]
