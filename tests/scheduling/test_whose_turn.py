"""Who is given a conversation: a person's own advisor, fair shares, nobody who is away; in few queries for many."""

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from intake.models import Submission
from scheduling import bookings, calls, fitting
from scheduling.models import Advisor, Assignment
from tests import factories

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


def decided(**over: object) -> Assignment:
    submission = factories.make_submission(**over)
    factories.run_delivery("scheduling.book_call", calls.book_call, event__data__submission__id=str(submission.id))
    return Assignment.objects.get(submission=submission)


def away(advisor: Advisor, since: datetime, until: datetime) -> None:
    advisor.time_off.create(starts_at=since, ends_at=until)


# --- their own advisor ----------------------------------------------------------------------------------


def test_person_who_comes_back_stays_with_their_advisor(monday: datetime) -> None:
    own, deeper = factories.make_advisor(ai_depth=1), factories.make_advisor(ai_depth=3)
    factories.make_booking(factories.make_submission(), own, monday - 30 * DAY, status="completed")

    back, new = decided(), decided(email="grace@example.com")

    assert (back.advisor, back.step) == (own, "returning")
    assert (new.advisor, new.step) == (deeper, "depth")


def test_the_one_they_talked_to_goes_before_the_one_they_were_assigned(monday: datetime) -> None:
    talked, assigned = factories.make_advisor(), factories.make_advisor()
    factories.make_booking(factories.make_submission(), talked, monday - 30 * DAY, status="completed")
    factories.assign(factories.make_submission(), assigned)

    assert decided().advisor == talked


def test_assigned_advisor_is_theirs_without_a_conversation(monday: datetime) -> None:
    factories.make_advisor()
    own = factories.make_advisor(ai_depth=1)
    factories.assign(factories.make_submission(), own)

    assert (decided().advisor, Assignment.objects.latest("pk").step) == (own, "returning")


@pytest.mark.parametrize("gone", ["inactive", "on leave", "other side"])
def test_their_advisor_who_does_not_fit_any_more_is_not_theirs(monday: datetime, gone: str) -> None:
    own, other = factories.make_advisor(ai_depth=3), factories.make_advisor(ai_depth=1)
    factories.make_booking(factories.make_submission(), own, monday - 30 * DAY, status="completed")
    if gone == "inactive":
        Advisor.objects.filter(pk=own.pk).update(active=False)
    elif gone == "on leave":
        away(own, monday - DAY, monday + DAY)
    else:
        Advisor.objects.filter(pk=own.pk).update(ai_depth=0)

    found = decided()

    assert (found.advisor, found.step) == (other, "fits")


def test_nobody_inherits_the_advisor_of_somebody_else(monday: datetime) -> None:
    factories.make_booking(
        factories.make_submission(email="grace@example.com"),
        factories.make_advisor(ai_depth=1),
        monday - 30 * DAY,
        status="completed",
    )
    deeper = factories.make_advisor(ai_depth=3)

    assert decided().advisor == deeper


# --- who is away ----------------------------------------------------------------------------------------


ABSENCES = [
    ("since yesterday, for a week", -DAY, 6 * DAY, True),
    ("today only", -11 * HOUR, 13 * HOUR, True),
    ("just under a day", -11 * HOUR, 13 * HOUR - timedelta(minutes=1), False),
    ("over by now", -DAY, timedelta(0), False),
    ("from tomorrow on", DAY, 5 * DAY, False),
    ("from this moment on", timedelta(0), DAY, True),
]


@pytest.mark.parametrize(
    ("since", "until", "is_leave"), [row[1:] for row in ABSENCES], ids=[row[0] for row in ABSENCES]
)
def test_whoever_is_on_leave_is_asked_for_nothing(
    monday: datetime, since: timedelta, until: timedelta, is_leave: bool
) -> None:
    deep, other = factories.make_advisor(ai_depth=3), factories.make_advisor(ai_depth=1)
    away(deep, monday + since, monday + until)

    assert decided().advisor == (other if is_leave else deep)


def test_somebody_whose_next_month_is_all_away_is_no_candidate(monday: datetime) -> None:
    deep, other = factories.make_advisor(ai_depth=3), factories.make_advisor(ai_depth=1)
    away(deep, monday + HOUR, monday + 28 * DAY)
    Advisor.objects.filter(pk=deep.pk).update(weekly_hours={"mon": [["12:00", "17:00"]]})

    found = decided()

    assert found.advisor == other
    assert {row["id"]: row.get("out") for row in found.candidates} == {other.id: None, deep.id: "no_hours"}


# --- fair shares ----------------------------------------------------------------------------------------


def test_of_twenty_leads_twice_the_weight_takes_two_thirds(monday: datetime) -> None:
    one, two = factories.make_advisor(max_per_day=None), factories.make_advisor(weight=2, max_per_day=None)
    counts = {one: 0, two: 0}

    for n in range(18):
        counts[decided(email=f"p{n}@example.com").advisor] += 1

    assert counts == {one: 6, two: 12}


def test_what_lies_further_ahead_than_28_days_or_is_over_does_not_count(monday: datetime) -> None:
    busy, idle = factories.make_advisor(), factories.make_advisor()
    for n, when in enumerate((-5 * DAY, 29 * DAY)):
        other = factories.make_submission(email=f"p{n}@example.com")
        factories.make_booking(other, busy, monday + when)
    factories.make_booking(factories.make_submission(email="q@example.com"), busy, monday + DAY, status="cancelled")

    numbers = decided().candidates

    assert [(row["id"], row["bookings"]) for row in numbers] == [(busy.id, 0), (idle.id, 0)]


def test_of_equals_whoever_was_chosen_longest_ago_is_next(monday: datetime) -> None:
    first, second, third = (factories.make_advisor() for _ in range(3))
    for days, advisor in ((1, first), (3, second), (2, third)):
        other = factories.make_submission(email=f"p{days}@example.com")
        factories.assign(other, advisor)
        Assignment.objects.filter(submission=other).update(decided_at=monday - days * DAY)

    found = decided(hold=False)

    assert (found.advisor, found.step) == (second, "longest_idle")


def test_the_next_one_is_taken_where_the_first_has_no_free_time_and_it_says_so(monday: datetime) -> None:
    full = factories.make_advisor(ai_depth=3, weekly_hours={"wed": [["09:00", "09:20"]]})  # too short for anybody
    other = factories.make_advisor(ai_depth=1)

    found = decided()

    assert (found.advisor, found.step) == (other, "free")
    assert found.steps[-1] == {"step": "free", "left": [other.id]}
    assert found.candidates[0]["id"] == full.id


def test_wish_that_another_one_has_free_says_so(monday: datetime) -> None:
    factories.make_advisor(ai_depth=3, weekly_hours={"fri": [["09:00", "17:00"]]})
    other = factories.make_advisor(ai_depth=1)

    found = decided(preferred_start=["2026-11-26T10:00:00+01:00"])

    assert (found.advisor, found.outcome, found.step) == (other, "confirmed", "wish")


# --- how many queries -----------------------------------------------------------------------------------


def queries_of_a_decision(submission: Submission) -> int:
    with CaptureQueriesContext(connection) as captured:
        bookings.in_turn(submission, lambda: calls._decide(submission, now=timezone.now()))
    return len(captured)


@pytest.mark.parametrize("size", ["11-50", "201-1000"])
def test_decision_asks_as_many_queries_for_fifty_advisors_as_for_two(monday: datetime, size: str) -> None:
    few = factories.make_submission(answers=factories.BOTH_ANSWERS, company_size=size)
    many = factories.make_submission(email="b@example.com", answers=factories.BOTH_ANSWERS, company_size=size)
    for depths in ((3, 2), (2, 3)):
        factories.make_advisor(cto_depth=depths[0], ai_depth=depths[1])
    with_few = queries_of_a_decision(few)
    for n in range(48):
        factories.make_advisor(cto_depth=n % 4, ai_depth=(n + 2) % 4)

    with_many = queries_of_a_decision(many)

    assert Advisor.objects.count() == 50
    assert with_many == with_few
    assert few.assignment.is_joint == many.assignment.is_joint == (size == "201-1000")


def test_who_fits_is_told_without_deciding(monday: datetime) -> None:
    some, deep = factories.make_advisor(ai_depth=1), factories.make_advisor(ai_depth=3)

    ranked, step = fitting.rank(factories.make_submission(), now=monday)

    assert ([candidate.id for candidate in ranked], step) == ([deep.id, some.id], "depth")
    assert Assignment.objects.count() == 0
