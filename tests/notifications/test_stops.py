"""Whether a follow-up may go out: every rule alone, the order of the reasons, and the hours where people are."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from notifications import stops
from notifications.stops import Facts, Send, Skip, Stop, Wait

BERLIN = ZoneInfo("Europe/Berlin")
TUESDAY = datetime(2026, 11, 24, 10, tzinfo=UTC)  # 11:00 in Berlin
FREE = Facts(now=TUESDAY, zone=BERLIN, due_at=TUESDAY, starts_on="lead.assessed", stage="new", consent=True)
ZONES = st.sampled_from(
    [
        "Europe/Berlin",
        "America/New_York",
        "Australia/Lord_Howe",
        "Asia/Kathmandu",
        "Pacific/Apia",
        "Pacific/Kiritimati",
        "America/Sao_Paulo",
        "Africa/Casablanca",
        "Antarctica/Troll",
        "Europe/Dublin",
        "UTC",
        "Pacific/Niue",
    ]
).map(ZoneInfo)
MOMENTS = st.integers(1_100_000_000, 2_200_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))


def at(text, zone=BERLIN):
    return datetime.fromisoformat(text).replace(tzinfo=zone)


def test_nothing_against_it_means_send():
    assert stops.decide(FREE) == Send()


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"is_test": True}, "test"),
        ({"is_quarantined": True}, "quarantine"),
        ({"suppressed": "They unsubscribed."}, "They unsubscribed."),
        ({"suppressed": "The address bounced."}, "The address bounced."),
        ({"consent": False}, "No consent"),
        ({"is_prospect": False}, "no prospect"),
        ({"stage": "won"}, "won"),
        ({"stage": "lost"}, "lost"),
        ({"stage": "disqualified"}, "disqualified"),
        ({"has_replied": True}, "answered"),
        ({"has_met": True}, "taken place"),
        ({"stage": "met"}, "taken place"),
        ({"stage": "proposal"}, "taken place"),
        ({"is_booked": True}, "booked"),
        ({"stage": "booked"}, "booked"),
        ({"stage": "contacted"}, "in contact"),
        ({"is_superseded": True}, "anew"),
    ],
)
def test_each_of_these_alone_ends_the_series(facts, words):
    decision = stops.decide(replace(FREE, **facts))

    assert isinstance(decision, Stop)
    assert words in decision.reason


@pytest.mark.parametrize(
    ("facts", "words"),
    [({"is_switched_on": False}, "switched off"), ({"due_at": TUESDAY - timedelta(days=3, seconds=1)}, "Too late")],
)
def test_each_of_these_leaves_out_one_mail(facts, words):
    decision = stops.decide(replace(FREE, **facts))

    assert isinstance(decision, Skip)
    assert words in decision.reason


def test_three_days_late_is_just_not_too_late():
    assert stops.decide(replace(FREE, due_at=TUESDAY - timedelta(days=3))) == Send()


@pytest.mark.parametrize("starts_on", ["booking.no_show", "booking.cancelled"])
def test_stage_of_a_conversation_that_fell_through_stops_nothing(starts_on):
    assert stops.decide(replace(FREE, starts_on=starts_on, stage="booked")) == Send()


def test_what_stops_goes_before_what_waits_and_the_gravest_reason_is_told():
    night = at("2026-11-24T03:00")
    facts = replace(FREE, now=night, due_at=night, suppressed="They complained.", is_booked=True, last_mail_at=night)

    assert stops.decide(facts) == Stop("They complained.")


@pytest.mark.parametrize(
    ("now", "until"),
    [
        ("2026-11-24T07:59:59", "2026-11-24T08:00"),
        ("2026-11-24T18:00", "2026-11-25T08:00"),
        ("2026-11-27T18:00", "2026-11-30T08:00"),
        ("2026-11-28T12:00", "2026-11-30T08:00"),
        ("2026-03-28T12:00", "2026-03-30T08:00"),  # the clocks go forward in between
        ("2026-10-24T12:00", "2026-10-26T08:00"),  # and back
    ],
)
def test_outside_the_hours_it_waits_for_the_next_working_morning(now, until):
    decision = stops.decide(replace(FREE, now=at(now), due_at=at(now)))

    assert isinstance(decision, Wait)
    assert decision.until == at(until)


@pytest.mark.parametrize("now", ["2026-11-24T08:00", "2026-11-27T17:59:59"])
def test_first_and_last_second_of_a_working_day_are_good(now):
    assert stops.decide(replace(FREE, now=at(now), due_at=at(now))) == Send()


def test_one_mail_a_day_waits_for_the_next_good_hour_after_a_day():
    friday = at("2026-11-27T11:00")
    facts = replace(FREE, now=friday, due_at=friday, last_mail_at=at("2026-11-26T17:00"))
    weekend = replace(facts, last_mail_at=at("2026-11-27T10:59"))

    assert stops.decide(facts).until == at("2026-11-27T17:00")
    assert stops.decide(weekend).until == at("2026-11-30T08:00")
    assert stops.decide(replace(facts, last_mail_at=at("2026-11-26T11:00"))) == Send()


def test_hours_are_those_of_the_prospect():
    facts = replace(FREE, zone=ZoneInfo("America/Los_Angeles"))  # 02:00 there

    assert stops.decide(facts).until == datetime(2026, 11, 24, 16, tzinfo=UTC)


@given(MOMENTS, ZONES)
@example(datetime(2011, 12, 29, 20, tzinfo=UTC), ZoneInfo("Pacific/Apia"))  # a Friday that never was
@example(datetime(2026, 3, 29, 1, tzinfo=UTC), BERLIN)
@example(datetime(2026, 10, 25, 0, 30, tzinfo=UTC), BERLIN)
def test_next_allowed_moment_is_never_earlier_and_always_within_the_hours(moment, zone):
    found = stops.next_allowed(moment, zone)
    local = found.astimezone(zone)

    assert found >= moment
    assert local.weekday() < 5
    assert (8, 0) <= (local.hour, local.minute) < (18, 0)
    assert found - moment < timedelta(days=5)
    assert stops.next_allowed(found, zone) == found


@given(MOMENTS, ZONES)
def test_next_allowed_moment_leaves_out_no_earlier_good_quarter_of_an_hour(moment, zone):
    found = stops.next_allowed(moment, zone)
    quarters = (moment + n * timedelta(minutes=15) for n in range(500))

    assert next(quarter for quarter in quarters if stops.is_allowed(quarter, zone)) >= found


@given(MOMENTS, ZONES, st.integers(0, 2160), st.booleans())
def test_step_is_planned_for_a_good_hour_that_is_not_before_its_delay(start, zone, hours, in_the_morning):
    due = stops.plan(start, delay=timedelta(hours=hours), in_the_morning=in_the_morning, zone=zone)

    assert stops.is_allowed(due, zone)
    assert due >= start + timedelta(hours=hours)
    if in_the_morning:
        assert due.astimezone(zone).date() > (start + timedelta(hours=hours)).astimezone(zone).date()


def test_next_morning_after_a_friday_is_monday():
    due = stops.plan(at("2026-11-27T10:30"), delay=timedelta(0), in_the_morning=True, zone=BERLIN)

    assert due == at("2026-11-30T08:00")
