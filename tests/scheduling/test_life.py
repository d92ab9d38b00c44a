"""The life of conversations under any sequence of acts: nothing overlaps, each enquiry has one open booking at most."""

import contextlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from outbox.models import Event
from scheduling import bookings, covering, services, staff, standins, wishes
from scheduling.bookings import UnableToBook
from scheduling.fitting import Team
from scheduling.models import Advisor, Assignment, Booking, BookingAdvisor, TimeRequest
from tests import factories
from tests.scheduling.conftest import MONDAY

# On Wednesday: few enough times that everybody is in everybody's way.
TIMES = [datetime(2026, 11, 25, 9, tzinfo=UTC) + n * timedelta(minutes=30) for n in range(4)]
ACTS = (
    "pick", "move", "hold", "confirm", "cancel", "expire", "hand over", "staff book", "staff cancel", "ill", "leave",
    "return", "mark", "wish", "a day",
)  # fmt: skip


class World:
    """Three advisors, four people, and a clock that only goes forward."""

    def __init__(self) -> None:
        self.now = MONDAY
        self.advisors = [factories.make_advisor(notice_hours=0, buffer_after_minutes=5) for _ in range(3)]
        self.people = [factories.make_submission(email=f"p{n}@example.com", hold=False) for n in range(4)]
        for person in self.people:
            factories.assign(person, self.advisors[0])

    def act(self, name: str, who: int, when: int, whom: int) -> None:
        person, start, advisor = self.people[who], TIMES[when], self.advisors[whom]
        booking = bookings.open_booking(person, now=self.now)
        acts: dict[str, Callable[[], Any]] = {
            "pick": lambda: services.pick(person, start, now=self.now),
            "move": lambda: services.move(person, start, now=self.now),
            "hold": lambda: self._hold(person, advisor, start),
            "confirm": lambda: services.confirm(person, now=self.now),
            "cancel": lambda: services.cancel(person, now=self.now),
            "expire": lambda: services.expire_holds(now=self.now),
            "staff book": lambda: staff.arrange(person, Team(advisor), start, zone="UTC", now=self.now),
            "ill": lambda: self._away(advisor, 3),
            "leave": lambda: self._leaves(advisor),
            "return": lambda: Advisor.objects.filter(pk=advisor.pk).update(active=True),
            "wish": lambda: wishes.ask(person, f"wish {when}", now=self.now),
            "a day": lambda: setattr(self, "now", self.now + timedelta(hours=9)),
            **({
                "hand over": lambda: staff.hand_over(booking, advisor, now=self.now),
                "staff cancel": lambda: staff.cancel(booking, now=self.now),
                "mark": lambda: staff.mark(booking, ("completed", "no_show")[when % 2], now=self.now),
            } if booking else {}),
        }  # fmt: skip
        advisor.refresh_from_db()
        with contextlib.suppress(UnableToBook):
            acts.get(name, lambda: None)()

    def _hold(self, person: Any, advisor: Advisor, start: datetime) -> None:
        """As the first decision leaves it: who holds the time is who was assigned."""
        slot, held = (start, start + timedelta(minutes=30)), Booking.Status.TENTATIVE
        bookings.in_turn(person, lambda: bookings.book(person, Team(advisor), slot, status=held, now=self.now))
        Assignment.objects.filter(submission=person).update(advisor=advisor)

    def _leaves(self, advisor: Advisor) -> None:
        Advisor.objects.filter(pk=advisor.pk).update(active=False)
        advisor.refresh_from_db()
        self._settle(advisor, covering.stranded(advisor, now=self.now))

    def _away(self, advisor: Advisor, days: int) -> None:
        period = covering.days_off(advisor, days, now=self.now)
        covering.take_off(advisor, period)
        self._settle(advisor, covering.inside(advisor, period, now=self.now))
        assert covering.stranded(advisor, now=self.now) == []

    def _settle(self, advisor: Advisor, found: list[Booking]) -> None:
        before = Event.objects.filter(type__startswith="booking.").count()
        cases = covering.report(advisor, found, now=self.now)
        # As staff do who take every suggestion; one that another one took the colleague of is cancelled.
        for case in cases:
            free = {str(each.advisor.pk) for each in standins.standins(case.booking, now=self.now)}
            chosen = case.suggested if case.suggested in free else covering.CANCEL
            (done,) = covering.settle(advisor, [case.booking], {str(case.booking.pk): chosen}, now=self.now)
            assert not done.refused, done.said
        assert Event.objects.filter(type__startswith="booking.").count() == before + len(found)

    def check(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM scheduling_bookingadvisor a JOIN scheduling_bookingadvisor b"
                " ON a.advisor_id = b.advisor_id AND a.id < b.id AND a.blocked && b.blocked"
                " WHERE a.holds_time AND b.holds_time"
            )
            assert cursor.fetchone() == (0,)
        for person in self.people:
            rows = Booking.objects.filter(submission=person)
            open_ = rows.filter(status__in=Booking.OPEN)
            assert open_.count() <= 1
            for booking in open_.prefetch_related("seats__advisor"):
                assert booking.seats.filter(leads=True, holds_time=True).count() == 1
                assert Assignment.objects.get(submission=person).advisor == booking.advisor
            assert TimeRequest.objects.filter(submission=person, settled_at=None).count() <= 1
            if rows.filter(status="confirmed", ends_at__gt=self.now).exists():
                assert not TimeRequest.objects.filter(submission=person, settled_at=None).exists()
        ended = BookingAdvisor.objects.filter(booking__status__in=["cancelled", "expired"])
        assert not ended.filter(holds_time=True).exists()


@pytest.mark.django_db
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(
        st.tuples(st.sampled_from(ACTS), st.integers(0, 3), st.integers(0, 3), st.integers(0, 2)),
        min_size=5, max_size=25,
    )
)  # fmt: skip
def test_whatever_happens_nothing_overlaps_and_nobody_has_two(monday: datetime, steps: list[Any]) -> None:
    with transaction.atomic():
        world = World()
        for name, who, when, whom in steps:
            world.act(name, who, when, whom)
            world.check()
        transaction.set_rollback(True)
