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
