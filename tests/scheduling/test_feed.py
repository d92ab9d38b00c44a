"""From the bytes of a feed to busy times: what counts, whose clock holds, what a broken or endless event costs."""

import time
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from scheduling.calendars import feed
from scheduling.calendars.feed import Feed, NotReadable

BERLIN = ZoneInfo("Europe/Berlin")
SINCE = datetime(2026, 11, 23, tzinfo=UTC)
WINDOW = (SINCE, SINCE + timedelta(days=38))
NINE = "DTSTART;TZID=Europe/Berlin:20261124T090000"
SIXTY = "".join(f",{number}" for number in range(1, 60))
TEN = "DTEND;TZID=Europe/Berlin:20261124T100000"


def event(*lines: str, uid: str = "a@x") -> str:
    return "\r\n".join(("BEGIN:VEVENT", f"UID:{uid}", *lines, "END:VEVENT", ""))


def calendar(*parts: str) -> bytes:
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//EN\r\n{''.join(parts)}END:VCALENDAR\r\n".encode()


def read(*parts: str, zone: ZoneInfo = BERLIN, **over) -> Feed:
    return feed.read(calendar(*parts), **{"window": WINDOW, "zone": zone, **over})


def told(found: Feed, zone: ZoneInfo = BERLIN) -> list[str]:
    """Readable: 24T09:00-10:00, in the zone."""
    return [f"{a.astimezone(zone):%dT%H:%M}-{b.astimezone(zone):%H:%M}" for a, b in found.busy]


# --- what counts ----------------------------------------------------------------------------------------


def test_an_event_takes_its_time():
    assert told(read(event(NINE, TEN))) == ["24T09:00-10:00"]


@pytest.mark.parametrize(
    "line",
    ["TRANSP:TRANSPARENT", "STATUS:CANCELLED", "X-MICROSOFT-CDO-BUSYSTATUS:FREE", "transp:transparent",
     "X-MICROSOFT-CDO-BUSYSTATUS:WORKINGELSEWHERE", "ATTENDEE;PARTSTAT=DECLINED:mailto:Grace@Example.com"],
)  # fmt: skip
def test_free_cancelled_and_declined_take_none(line):
    assert read(event(NINE, TEN, line), owner="grace@example.com") == Feed([])


@pytest.mark.parametrize(
    "line",
    ["TRANSP:OPAQUE", "STATUS:TENTATIVE", "X-MICROSOFT-CDO-BUSYSTATUS:OOF",
     "ATTENDEE;PARTSTAT=DECLINED:mailto:ada@x.com", "ATTENDEE;PARTSTAT=ACCEPTED:mailto:grace@example.com"],
)  # fmt: skip
def test_tentative_away_and_declined_by_others_do(line):
    assert told(read(event(NINE, TEN, line), owner="grace@example.com")) == ["24T09:00-10:00"]


def test_lengths_without_an_end():
    found = read(
        event(NINE, "DURATION:PT90M"),
        event("DTSTART:20261125T090000Z", uid="b@x"),  # a mere moment takes no time
        event("DTSTART;VALUE=DATE:20261126", uid="c@x"),  # a day is a day
    )

    assert told(found) == ["24T09:00-10:30", "26T00:00-00:00"]


def test_overlapping_and_adjoining_times_become_one():
    found = read(
        event(NINE, TEN),
        event("DTSTART:20261124T083000Z", "DTEND:20261124T093000Z", uid="b@x"),
        event("DTSTART:20261124T093000Z", "DTEND:20261124T100000Z", uid="c@x"),
    )

    assert told(found) == ["24T09:00-11:00"]


def test_our_own_conversations_are_left_out_with_all_their_occurrences():
    found = read(event(NINE, TEN, uid="ours@us"), event(NINE, TEN, uid="theirs@x"), is_own=lambda uid: uid == "ours@us")

    assert told(found) == ["24T09:00-10:00"]
    assert read(event(NINE, TEN, "RRULE:FREQ=DAILY", uid="ours@us"), is_own=lambda uid: True) == Feed([])


def test_two_events_under_one_name_are_two_events():
    assert told(read(event(NINE, TEN), event("DTSTART:20261124T150000Z", "DTEND:20261124T160000Z"))) == [
        "24T09:00-10:00", "24T16:00-17:00",
    ]  # fmt: skip


def test_only_what_reaches_into_the_window_counts_and_is_cut_at_its_ends():
    found = read(
        event("DTSTART:20261101T000000Z", "DTEND:20261124T000000Z"),
        event("DTSTART:20261230T000000Z", "DTEND:20270301T000000Z", uid="b@x"),
        event("DTSTART:20261101T000000Z", "DTEND:20261123T000000Z", uid="c@x"),
        event("DTSTART:20261231T000000Z", "DTEND:20270301T000000Z", uid="d@x"),
    )

    assert found.busy == [(SINCE, SINCE + timedelta(days=1)), (WINDOW[1] - timedelta(days=1), WINDOW[1])]


# --- recurrence -----------------------------------------------------------------------------------------


def test_rule_with_exceptions_additions_and_changed_occurrences():
    found = read(
        event(NINE, TEN, "RRULE:FREQ=WEEKLY;COUNT=4", "EXDATE;TZID=Europe/Berlin:20261201T090000",
              "RDATE;TZID=Europe/Berlin:20261126T090000"),
        event("RECURRENCE-ID;TZID=Europe/Berlin:20261208T090000", "DTSTART;TZID=Europe/Berlin:20261209T140000",
              "DTEND;TZID=Europe/Berlin:20261209T150000"),
        event("RECURRENCE-ID;TZID=Europe/Berlin:20261215T090000", "DTSTART;TZID=Europe/Berlin:20261215T090000",
              "DTEND;TZID=Europe/Berlin:20261215T100000", "STATUS:CANCELLED"),
    )  # fmt: skip

    assert told(found) == ["24T09:00-10:00", "26T09:00-10:00", "09T14:00-15:00"]


def test_this_and_all_that_follow_may_move():
    found = read(
        event(NINE, TEN, "RRULE:FREQ=WEEKLY;COUNT=4"),
        event("RECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Europe/Berlin:20261208T090000",
              "DTSTART;TZID=Europe/Berlin:20261208T130000", "DTEND;TZID=Europe/Berlin:20261208T140000"),
    )  # fmt: skip

    assert told(found) == ["24T09:00-10:00", "01T09:00-10:00", "08T13:00-14:00", "15T13:00-14:00"]


def test_occurrence_moved_into_the_window_from_far_outside_counts():
    found = read(
        event("DTSTART:20200101T090000Z", "DTEND:20200101T100000Z", "RRULE:FREQ=YEARLY"),
        event("RECURRENCE-ID:20270101T090000Z", "DTSTART:20261124T080000Z", "DTEND:20261124T090000Z"),
    )

    assert told(found) == ["24T09:00-10:00"]


def test_birthday_since_1604_is_no_endless_rule():
    found = read(event("DTSTART;VALUE=DATE:16041124", "DTEND;VALUE=DATE:16041125", "RRULE:FREQ=YEARLY"))

    assert (told(found), found.skipped) == (["24T00:00-00:00"], 0)


# --- whose clock ----------------------------------------------------------------------------------------


def test_days_and_floating_times_are_those_of_the_owner():
    parts = (
        event("DTSTART;VALUE=DATE:20261124", "DTEND;VALUE=DATE:20261126"),
        event("DTSTART:20261127T090000", "DTEND:20261127T100000", uid="b@x"),
        event("DTSTART:20261201T090000", "DTEND:20261201T100000", "RRULE:FREQ=DAILY;COUNT=2", uid="c@x"),
    )
    for name in ("Asia/Tokyo", "America/New_York"):
        zone = ZoneInfo(name)
        assert told(read(*parts, zone=zone), zone) == [
            "24T00:00-00:00", "27T09:00-10:00", "01T09:00-10:00", "02T09:00-10:00",
        ]  # fmt: skip


@pytest.mark.parametrize(
    "name",
    ["Europe/Berlin", "W. Europe Standard Time", "/freeassociation.sourceforge.net/Europe/Berlin",
     "/example.com/1/Europe/Berlin"],
)  # fmt: skip
def test_zones_are_known_by_all_their_names_without_a_definition(name):
    found = read(
        event(f"DTSTART;TZID={name}:20261124T090000", f"DTEND;TZID={name}:20261124T100000"), zone=ZoneInfo("UTC")
    )

    assert told(found) == ["24T09:00-10:00"]


def zone_called(name: str, offset: str) -> str:
    return "\r\n".join(
        ("BEGIN:VTIMEZONE", f"TZID:{name}", "BEGIN:STANDARD", "DTSTART:19700101T000000", f"TZOFFSETFROM:{offset}",
         f"TZOFFSETTO:{offset}", "END:STANDARD", "END:VTIMEZONE", "")
    )  # fmt: skip


def test_zone_that_a_feed_defines_holds_in_that_feed_alone():
    own = event(
        'DTSTART;TZID="Customized: Time Zone":20261124T090000', 'DTEND;TZID="Customized: Time Zone":20261124T100000'
    )

    in_india = read(own, zone_called("Customized: Time Zone", "+0530"))
    in_new_york = read(own, zone_called("Customized: Time Zone", "-0500"))

    assert told(in_india, ZoneInfo("Asia/Kolkata")) == ["24T09:00-10:00"]
    assert told(in_new_york, ZoneInfo("America/New_York")) == ["24T09:00-10:00"]
    assert told(read(own)) == ["24T09:00-10:00"]  # nobody defines it: the owner's clock


@pytest.mark.parametrize("name", ["../../etc/passwd", "Nowhere", "x" * 100])
def test_zone_that_is_none_is_the_owners(name):
    found = read(event(f'DTSTART;TZID="{name}":20261124T090000', f'DTEND;TZID="{name}":20261124T100000'))

    assert told(found) == ["24T09:00-10:00"]


ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Kolkata",
         "America/St_Johns", "Pacific/Auckland", "America/Santiago")  # fmt: skip
YEAR = st.integers(0, 700).map(lambda days: datetime(2026, 1, 1) + timedelta(days=days))  # noqa: DTZ001


@settings(max_examples=150, deadline=None)
@example(ZoneInfo("Europe/Berlin"), datetime(2026, 1, 28), 121, 59, ("DAILY", 1), False)  # noqa: DTZ001
@given(
    zone=st.sampled_from(ZONES).map(ZoneInfo),
    first=YEAR,
    minute=st.integers(0, 24 * 60 - 1),
    length=st.integers(1, 23 * 60),
    step=st.sampled_from([("DAILY", 1), ("DAILY;INTERVAL=3", 3), ("WEEKLY", 7), ("WEEKLY;INTERVAL=2", 14)]),
    floating=st.booleans(),
)
def test_each_occurrence_is_at_the_same_wall_clock_time_whatever_the_clocks_do(
    zone, first, minute, length, step, floating
):
    start = first + timedelta(minutes=minute)
    frequency, days = step
    tzid = "" if floating else f";TZID={zone.key}"
    window = tuple(moment.replace(tzinfo=UTC) for moment in (first + timedelta(days=2), first + timedelta(days=60)))
    lines = [f"{name}{tzid}:{when:%Y%m%dT%H%M%S}" for name, when in
             (("DTSTART", start), ("DTEND", start + timedelta(minutes=length)))]  # fmt: skip

    found = read(event(*lines, f"RRULE:FREQ={frequency}"), zone=zone, window=window)

    expected = []
    for number in range(0, 70, days):
        begins = start + timedelta(days=number)
        a, b = (m.replace(tzinfo=zone).astimezone(UTC) for m in (begins, begins + timedelta(minutes=length)))
        a, b = max(a, window[0]), min(b, window[1])
        if a < b:
            expected.append((a, b))
    assert (found.busy, found.skipped) == (feed.merged(expected), 0)


@settings(max_examples=60, deadline=None)
@given(zone=st.sampled_from(ZONES).map(ZoneInfo), first=YEAR, days=st.integers(1, 5))
def test_all_day_is_from_midnight_to_midnight_whatever_the_clocks_do(zone, first, days):
    last = first + timedelta(days=days)
    window = ((first - timedelta(days=5)).replace(tzinfo=UTC), (last + timedelta(days=5)).replace(tzinfo=UTC))

    found = read(
        event(f"DTSTART;VALUE=DATE:{first:%Y%m%d}", f"DTEND;VALUE=DATE:{last:%Y%m%d}"), zone=zone, window=window
    )

    assert found.busy == [tuple(day.replace(tzinfo=zone).astimezone(UTC) for day in (first, last))]


# --- what cannot be read --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "lines",
    [("DTSTART:garbage", TEN), (TEN,), (), (NINE, "DTEND:20261123T000000Z"), (NINE, TEN, "RRULE:FREQ=NEVER"),
     (NINE, TEN, "RRULE:FREQ=DAILY;INTERVAL=0"), (NINE, TEN, "RRULE:FREQ=DAILY;UNTIL=soon"), (NINE, "DURATION:long"),
     (NINE, TEN, "RRULE:FREQ=DAILY;BYHOUR=99"), (NINE, TEN, "DURATION:PT1H"), ("DTSTART:20261124T990000Z", TEN),
     (NINE, TEN, "RRULE:FREQ=SECONDLY"), (NINE, TEN, "EXDATE:never"),
     ("DTSTART:00010101T000000Z", TEN, "RRULE:FREQ=DAILY"),
     (NINE, TEN, "RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"), (NINE, TEN, f"RDATE:{'20261124T090000Z,' * 9000}"),
     (NINE, TEN, f"RRULE:FREQ=DAILY;BYHOUR=0{SIXTY[:59]};BYMINUTE=0{SIXTY};BYSECOND=0{SIXTY}")],
)  # fmt: skip
def test_one_broken_or_endless_event_loses_no_other(lines):
    started = time.process_time()

    found = read(event(*lines, uid="broken@x"), event("DTSTART:20261125T080000Z", "DTEND:20261125T090000Z", uid="b@x"))

    assert (told(found), found.skipped) == (["25T09:00-10:00"], 1)
    assert time.process_time() - started < 3


def test_lines_that_nobody_needs_may_be_as_broken_as_they_like():
    found = read(event(NINE, TEN, "no colon", "X-;;=:::", "DESCRIPTION:" + "x" * 200_000, "BEGIN:VALARM", "DTSTART:x",
                       "END:VALARM", "SUMMARY:a\r\n  folded line"))  # fmt: skip

    assert (told(found), found.skipped) == (["24T09:00-10:00"], 0)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"   \r\n", "empty"),
        (b"<!DOCTYPE html><html>Sign in</html>", "web page"),
        (b'{"kind": "calendar"}', "not a calendar"),
        (b"\xff\xfe\x00\x01", "not a calendar"),
        (calendar(event(NINE, TEN))[:-20], "breaks off"),
        (calendar(event("DTSTART:x")), "None of its 1 events"),
        (calendar("BEGIN:VFREEBUSY\r\nFREEBUSY:20261124T080000Z/PT1H\r\nEND:VFREEBUSY\r\n"), "VFREEBUSY"),
    ],
)
def test_what_is_no_calendar_is_an_error_in_words(content, reason):
    with pytest.raises(NotReadable, match=reason):
        feed.read(content, window=WINDOW, zone=BERLIN)


def test_broken_events_beside_free_ones_are_no_error():
    free = event(NINE, TEN, "TRANSP:TRANSPARENT")

    assert read(free, event("DTSTART:x", uid="b@x"), event("DTSTART:y", uid="c@x")) == Feed([], skipped=2)


def test_calendar_without_events_is_a_calendar():
    assert read() == Feed([])
    assert feed.read(
        b"\xef\xbb\xbf" + calendar(event(NINE, TEN)).replace(b"\r\n", b"\n"), window=WINDOW, zone=BERLIN
    ).busy


def test_more_than_a_person_can_have_is_an_error():
    many = [event(NINE, TEN, "RRULE:FREQ=HOURLY", uid=f"{number}@x") for number in range(40)]

    with pytest.raises(NotReadable, match="20,000"):
        read(*many)


def test_rules_that_take_for_ever_together_end_within_the_limit(monkeypatch):
    monkeypatch.setattr(feed, "FEED_SECONDS", 1.5)
    never = [event(NINE, TEN, "RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", uid=f"{number}@x") for number in range(20)]
    started = time.process_time()

    with pytest.raises(NotReadable, match="longer"):
        read(*never)

    assert time.process_time() - started < 4


def test_ten_thousand_events_are_read_in_time():
    month = [SINCE + timedelta(minutes=5 * number) for number in range(10_000)]
    many = [event(f"DTSTART:{when:%Y%m%dT%H%M%SZ}", "DURATION:PT4M", "DESCRIPTION:" + "x" * 200, uid=f"{when}@x")
            for when in month]  # fmt: skip
    started = time.process_time()

    found = read(*many)

    assert (len(found.busy), found.skipped) == (10_000, 0)
    assert time.process_time() - started < feed.FEED_SECONDS


LINES = (
    "BEGIN:VEVENT", "END:VEVENT", "BEGIN:VALARM", "END:VALARM", "BEGIN:VTIMEZONE", "END:VTIMEZONE", NINE, TEN, "UID:a",
    "RRULE:FREQ=DAILY;COUNT=3", "RRULE", "DTSTART;TZID=:", "\r\n ", "RECURRENCE-ID:20261125T090000", "TZID:x",
    "EXDATE;VALUE=DATE:20261124", "\x00", ":",
)  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(LINES)))
def test_no_heap_of_lines_is_a_crash(lines):
    try:
        found = read("\r\n".join(lines) + "\r\n")
    except NotReadable:
        return
    assert all(a < b for a, b in found.busy)
