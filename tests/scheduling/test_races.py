"""Who comes first when several come at once: real threads on real connections."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, connections, transaction

from intake.models import Lead, Submission
from intake.reassess import reassess
from scheduling import bookings, calls, fitting, services
from scheduling.bookings import UnableToBook
from scheduling.fitting import Team
from scheduling.models import Advisor, Assignment, Booking, BookingAdvisor
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)

THURSDAY = datetime(2026, 11, 26, 9, tzinfo=UTC)
HALF_HOUR = timedelta(minutes=30)
WAIT_SECONDS = 20


@pytest.fixture(autouse=True)
def clock(transactional_db: None, monday: datetime) -> Iterator[datetime]:
    return monday


def at_once(acts: Sequence[Callable[[], Any]]) -> list[Any]:
    """What each of them gave, or the code of its refusal; any other error counts as what it gave."""
    barrier = threading.Barrier(len(acts))
    results: list[Any] = [None] * len(acts)

    def run(index: int) -> None:
        barrier.wait(WAIT_SECONDS)
        try:
            results[index] = acts[index]()
        except UnableToBook as error:
            results[index] = error.code
        except Exception as error:
            results[index] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(index,)) for index in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def overlaps() -> int:
    """Pairs of seats of one advisor that hold the same time."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT count(*) FROM scheduling_bookingadvisor a JOIN scheduling_bookingadvisor b
              ON a.advisor_id = b.advisor_id AND a.id < b.id AND a.blocked && b.blocked
            WHERE a.holds_time AND b.holds_time
            """
        )
        return int(cursor.fetchone()[0])


def offered(advisor: Advisor, count: int) -> list[Submission]:
    submissions = [factories.make_submission(email=f"p{n}@example.com", hold=False) for n in range(count)]
    for submission in submissions:
        factories.assign(submission, advisor)
    return submissions


def picking(submission: Submission, start: datetime, now: datetime) -> Callable[[], str]:
    return lambda: services.pick(submission, start, now=now)[0].status


def deciding(submission: Submission) -> Callable[[], Any]:
    (delivery,) = factories.deliveries("scheduling.book_call", event__data__submission__id=str(submission.id))
    return lambda: calls.book_call(delivery)["outcome"]


def test_of_eight_who_pick_one_time_one_gets_it(clock: datetime) -> None:
    advisor = factories.make_advisor(buffer_before_minutes=10, buffer_after_minutes=10)
    submissions = offered(advisor, 8)

    results = at_once([picking(submission, THURSDAY, clock) for submission in submissions])

    assert Counter(results) == {"confirmed": 1, "slot_taken": 7}
    assert Booking.objects.count() == 1
    assert Lead.objects.filter(stage="booked").count() == 1
    assert factories.published() == {
        "lead.created": 8, "lead.assessed": 8, "booking.confirmed": 1, "lead.stage_changed": 1,
    }  # fmt: skip
    assert overlaps() == 0


def test_times_that_overlap_only_with_their_buffers_are_not_both_given(clock: datetime) -> None:
    advisor = factories.make_advisor(step_minutes=15, buffer_before_minutes=10, buffer_after_minutes=10)
    submissions = offered(advisor, 8)

    results = at_once(
        [picking(submission, THURSDAY.replace(minute=15 * (n % 4)), clock) for n, submission in enumerate(submissions)]
    )

    # 10:00 and 10:45 lie too near to one another with buffers of ten minutes each.
    assert Counter(results) == {"confirmed": 1, "slot_taken": 7}
    assert Booking.objects.count() == 1
    assert overlaps() == 0


def test_one_who_picks_twice_at_once_has_one_booking(clock: datetime) -> None:
    (submission,) = offered(factories.make_advisor(), 1)
    times = [THURSDAY.replace(hour=hour) for hour in (9, 10, 11, 12)]

    results = at_once([picking(Submission.objects.get(pk=submission.pk), start, clock) for start in times])

    assert results == ["confirmed"] * 4
    assert Booking.objects.count() == 1
    assert factories.published()["booking.confirmed"] == 1
    assert factories.published()["booking.rescheduled"] == 3
    assert overlaps() == 0


def test_two_runs_of_one_decision_decide_once(clock: datetime) -> None:
    factories.make_advisor()
    submission = factories.make_submission()

    results = at_once([deciding(submission)] * 2)

    assert results == ["held", "held"]
    assert (Assignment.objects.count(), Booking.objects.count()) == (1, 1)
    assert factories.published() == {"lead.created": 1, "lead.assessed": 1, "booking.tentative": 1}


def test_decisions_at_once_keep_the_cap_on_holds(clock: datetime) -> None:
    factories.make_advisor(weekly_hours={"wed": [["09:00", "11:30"]]}, horizon_days=7)  # five slots: two holds
    # Nine o'clock is another slot in each of these zones, so that nobody stumbles over another one's hold.
    zones = ["Europe/Berlin", "Europe/London", "Atlantic/Azores"] * 2
    submissions = [factories.make_submission(email=f"p{n}@example.com", timezone=zone) for n, zone in enumerate(zones)]

    results = at_once([deciding(submission) for submission in submissions])

    assert Counter(results) == {"held": 2, "offer": 4}
    assert Booking.objects.count() == 2
    assert overlaps() == 0


def test_of_two_holds_of_one_person_one_is_confirmed(clock: datetime) -> None:
    factories.make_advisor()
    submissions = [factories.make_submission() for _ in range(2)]
    factories.run_delivery("scheduling.book_call", calls.book_call)

    def confirming(submission: Submission) -> Callable[[], str]:
        return lambda: str(services.confirm(submission, now=clock).status)

    results = at_once([confirming(submission) for submission in submissions])

    assert sorted(results) == ["closed", "confirmed"]
    assert sorted(Booking.objects.values_list("status", flat=True)) == ["cancelled", "confirmed"]
    assert factories.published()["booking.confirmed"] == 1
    assert factories.published()["booking.cancelled"] == 1
    assert Lead.objects.get().stage == "booked"


def test_confirming_and_sweeping_at_once_leave_one_end(clock: datetime) -> None:
    factories.make_advisor()
    kept, swept = (factories.make_submission() for _ in range(2))
    factories.run_delivery("scheduling.book_call", calls.book_call)
    Booking.objects.filter(submission=swept).update(expires_at=clock)

    results = at_once([lambda: services.confirm(kept, now=clock).status, lambda: services.expire_holds(now=clock)])

    assert results[0] == "confirmed"
    assert Booking.objects.get(submission=kept).status == "confirmed"
    ended = Booking.objects.get(submission=swept).status
    assert (ended, results[1]) in {("expired", 1), ("cancelled", 0)}
    assert factories.published()[f"booking.{ended}"] == 1


def while_it_is_open(write: Callable[[], Any], act: Callable[[], Any], then: Callable[[], Any] = lambda: None) -> Any:
    """What `act` gives when it begins after `write` has written, which is committed once `act` waits for it.

    `then` is written last, in the same transaction.
    """
    written, awaited = threading.Event(), threading.Event()

    def hold_open() -> None:
        with transaction.atomic():
            write()
            written.set()
            assert awaited.wait(WAIT_SECONDS)
            then()

    def come_after() -> Any:
        assert written.wait(WAIT_SECONDS)
        return act()

    def watch() -> None:
        waiting = 0
        with connection.cursor() as cursor:
            while not waiting:
                cursor.execute(
                    "SELECT count(*) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND wait_event_type = 'Lock'"
                )
                waiting = cursor.fetchone()[0]
        awaited.set()

    return at_once([hold_open, come_after, watch])[1]


def test_a_time_taken_behind_the_services_is_refused_by_the_database(clock: datetime) -> None:
    advisor = factories.make_advisor()
    rival, submission = offered(advisor, 2)

    result = while_it_is_open(
        lambda: factories.make_booking(rival, advisor, THURSDAY), picking(submission, THURSDAY, clock)
    )

    assert result == "slot_taken"
    assert Booking.objects.get().submission == rival
    assert Lead.objects.filter(stage="booked").count() == 0
    assert overlaps() == 0


def test_a_stage_that_staff_change_meanwhile_is_not_overlooked(clock: datetime) -> None:
    factories.make_advisor()
    submission = factories.make_submission()
    factories.run_delivery("scheduling.book_call", calls.book_call)

    result = while_it_is_open(
        lambda: Lead.objects.update(stage="contacted"), lambda: services.confirm(submission, now=clock).status
    )

    assert result == "confirmed"
    assert Lead.objects.get().stage == "booked"


def test_correction_waits_for_whoever_arranges_the_conversation_and_they_for_nobody(clock: datetime) -> None:
    """Both lock the person first: else each would hold what the other one needs."""
    advisor = factories.make_advisor()
    (submission,) = offered(advisor, 1)

    result = while_it_is_open(
        lambda: Lead.objects.select_for_update(no_key=True).get(),
        lambda: reassess(submission, {"answers": factories.CTO_ANSWERS}, now=clock).assessment.decision["gap"],
        then=lambda: factories.make_booking(submission, advisor, THURSDAY),
    )

    assert result == "both"
    assert Booking.objects.get().submission == submission
    assert factories.published()["lead.reassessed"] == 1


def test_correcting_and_picking_at_once_both_succeed(clock: datetime) -> None:
    advisor = factories.make_advisor()
    (submission,) = offered(advisor, 1)

    def correcting(key: str) -> Callable[[], str]:
        return lambda: str(reassess(submission, {"answers": {key: "yes"}}, now=clock).lead.stage)

    picks = [picking(submission, THURSDAY.replace(minute=minute), clock) for minute in (0, 30)]
    results = at_once([*map(correcting, factories.CTO_ANSWERS), *picks])

    assert set(results[:3]) <= {"new", "booked"}
    assert results[3:] == ["confirmed", "confirmed"]
    assert factories.published()["lead.reassessed"] == 3


# --- two advisors in one conversation -------------------------------------------------------------------


def pair() -> Team:
    """Made in this order, so that the one who leads has the smaller number."""
    return Team(factories.make_advisor(cto_depth=3, ai_depth=0), factories.make_advisor(cto_depth=0, ai_depth=3))


def of_a_large_firm(count: int, **over: Any) -> list[Submission]:
    fields = {"answers": factories.BOTH_ANSWERS, "company_size": "201-1000", **over}
    return [factories.make_submission(email=f"large{n}@example.com", **fields) for n in range(count)]


def booking_at(submission: Submission, team: Team, start: datetime, now: datetime) -> Callable[[], str]:
    """As a pick does it: looked at first, booked then, all in one transaction."""

    def act() -> str:
        if start not in [slot[0] for slot in fitting.slots_of(team, now=now, since=start, until=start + HALF_HOUR)]:
            raise UnableToBook("slot_taken", "Taken.")
        slot = (start, start + HALF_HOUR)
        return str(bookings.book(submission, team, slot, status=Booking.Status.CONFIRMED, now=now).status)

    return lambda: bookings.in_turn(submission, act)


def seats_of_each_booking() -> set[int]:
    return {booking.seats.filter(holds_time=True).count() for booking in Booking.objects.all()}


def test_of_eight_who_want_the_same_pair_at_one_time_one_gets_both(clock: datetime) -> None:
    team = pair()
    # The same two the other way round: who leads makes no other order of locks.
    turned = Team(team.colleague, team.leader)
    submissions = of_a_large_firm(8)

    results = at_once([booking_at(each, (team, turned)[n % 2], THURSDAY, clock) for n, each in enumerate(submissions)])

    assert Counter(results) == {"confirmed": 1, "slot_taken": 7}
    assert (Booking.objects.count(), BookingAdvisor.objects.count()) == (1, 2)
    assert overlaps() == 0


def test_pair_and_each_of_them_alone_are_never_booked_together(clock: datetime) -> None:
    team = pair()
    teams = [team, Team(team.colleague, team.leader), Team(team.leader), Team(team.colleague)] * 2

    results = at_once([booking_at(each, teams[n], THURSDAY, clock) for n, each in enumerate(of_a_large_firm(8))])

    # Either one pair, or one for each of the two.
    assert Counter(results) in ({"confirmed": 1, "slot_taken": 7}, {"confirmed": 2, "slot_taken": 6})
    assert BookingAdvisor.objects.count() == 2
    assert overlaps() == 0


def test_decisions_at_once_for_one_pair_hold_times_of_both(clock: datetime) -> None:
    pair()
    submissions = of_a_large_firm(6)

    results = at_once([deciding(submission) for submission in submissions])

    assert results == ["held"] * 6
    assert seats_of_each_booking() == {2}
    assert overlaps() == 0


def test_two_with_the_same_wish_for_one_pair(clock: datetime) -> None:
    pair()
    submissions = of_a_large_firm(2, preferred_start=["2026-11-26T10:00:00+01:00"])

    results = at_once([deciding(submission) for submission in submissions])

    assert sorted(results) == ["confirmed", "held"]
    assert seats_of_each_booking() == {2}
    assert overlaps() == 0


def test_moves_of_two_pairs_to_each_others_time_end(clock: datetime) -> None:
    """Each wants what the other one holds: whoever comes first is refused, and nobody waits for ever."""
    team = pair()
    first, second = of_a_large_firm(2)
    ten, eleven = THURSDAY, THURSDAY.replace(hour=10)
    for submission, start in ((first, ten), (second, eleven)):
        booking_at(submission, team, start, clock)()

    def moving(submission: Submission, start: datetime) -> Callable[[], str]:
        def act() -> str:
            booking = bookings.open_booking(submission, now=clock)
            assert booking
            return str(bookings.move(booking, team, (start, start + HALF_HOUR), now=clock).status)

        return lambda: bookings.in_turn(submission, act)

    results = at_once([moving(first, eleven), moving(second, ten)])

    assert results == ["slot_taken", "slot_taken"]
    assert {row.starts_at for row in Booking.objects.all()} == {ten, eleven}
    assert seats_of_each_booking() == {2}
    assert overlaps() == 0


def test_decisions_at_once_share_fairly(clock: datetime) -> None:
    """The second one counts what the first one gave: nobody is given two while an equal one has none."""
    advisors = [factories.make_advisor() for _ in range(6)]
    submissions = [factories.make_submission(email=f"p{n}@example.com") for n in range(6)]

    results = at_once([deciding(submission) for submission in submissions])

    assert results == ["held"] * 6
    assert {seat.advisor for seat in BookingAdvisor.objects.all()} == set(advisors)
