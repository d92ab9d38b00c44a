"""Racers for the same time, over HTTP against a running server: what `manage.py race_bookings` does and counts.

Makes rows of its own, all marked as tests: one advisor with hours around the clock, and people who may pick from
them. Nobody is mailed for a test, no consumer hears of one. Everything is removed afterwards, events too.
"""

from __future__ import annotations

import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from datetime import time as clock
from functools import partial
from urllib.parse import urlsplit

import httpx
from django.conf import settings
from django.db import connection
from django.utils import timezone
from uuid6 import uuid7

from assessments import services as assessments
from assessments.models import Assessment
from intake.models import Lead, Submission
from outbox import outbox
from scheduling import bookings, services
from scheduling.fitting import Team
from scheduling.models import Advisor, Assignment, Booking

MARK = "race.invalid"
HALF_HOUR = timedelta(minutes=30)
TIMEOUT = 60.0
EXPECTED = {200, 201, 204, 409}


class Limited(Exception):
    """The server counts the racers as one client."""


class UnknownThere(Exception):
    """The server does not know the racers."""


@dataclass(frozen=True)
class Answer:
    status: int
    code: str
    seconds: float
    alternatives: int = 0


@dataclass
class Figures:
    """What came of all rounds."""

    rounds: int = 0
    winners: Counter[int] = field(default_factory=Counter)  # how many rounds had so many winners
    statuses: Counter[int] = field(default_factory=Counter)
    slowest: float = 0.0
    overlaps: int = 0
    doubled: int = 0  # people with more than one open booking
    broken: list[str] = field(default_factory=list)

    def count(self, answers: Sequence[Answer]) -> None:
        self.rounds += 1
        self.statuses.update(answer.status for answer in answers)
        self.slowest = max(self.slowest, *(answer.seconds for answer in answers))
        for answer in answers:
            if answer.status not in EXPECTED:
                self.broken.append(f"round {self.rounds}: an answer of {answer.status}")
            if answer.alternatives > 3:
                self.broken.append(f"round {self.rounds}: {answer.alternatives} alternatives")

    def look(self, advisor: Advisor) -> None:
        """Into the database, past every service."""
        overlaps, doubled = found_overlaps(advisor), found_doubled(advisor)
        if overlaps or doubled:
            self.broken.append(f"round {self.rounds}: {overlaps} overlaps, {doubled} with two open bookings")
        self.overlaps, self.doubled = self.overlaps + overlaps, self.doubled + doubled

    def won(self, number: int) -> None:
        self.winners[number] += 1
        if number != 1:
            self.broken.append(f"round {self.rounds}: {number} winners")


def own_address(url: str, number: int) -> str | None:
    """Where the server is on this machine: an address of its own for each racer, so that none is limited for another.

    All of 127.0.0.0/8 is this machine on Linux; elsewhere the limits of one client hold for all.
    """
    is_here = urlsplit(url).hostname in {"127.0.0.1", "localhost"} and sys.platform == "linux"
    return f"127.0.{1 + number // 250}.{1 + number % 250}" if is_here else None


class Racer:
    """One person with a token and a connection of their own."""

    def __init__(self, submission: Submission, url: str, number: int) -> None:
        self.submission, self._number = submission, number
        # Only a server behind proxies believes the header; there each racer is a client of its own, at each turn.
        self._turn = 0
        self._client = httpx.Client(
            base_url=f"{url}/api/v1/submissions/{submission.token}/",
            timeout=TIMEOUT,
            transport=httpx.HTTPTransport(local_address=own_address(url, number), retries=2),
        )

    def call(self, method: str, path: str, start: datetime | None = None) -> Answer:
        self._turn += 1
        began = time.perf_counter()
        body = {"start": start.isoformat()} if start else None
        reply = self._client.request(method, path, json=body, headers=self._headers())
        seconds = time.perf_counter() - began
        if reply.status_code == 429:
            raise Limited
        found = reply.json() if reply.status_code == 409 else {}
        return Answer(reply.status_code, found.get("code", ""), seconds, len(found.get("alternatives", [])))

    def _headers(self) -> dict[str, str]:
        if not settings.NUM_PROXIES:
            return {}
        return {"X-Forwarded-For": f"10.{self._number % 250}.{self._turn // 250 % 250}.{self._turn % 250}"}

    def arrives(self) -> None:
        """Opens the connection, and asks whether this server knows the racer at all."""
        if self.call("GET", "").status != 200:
            raise UnknownThere

    def close(self) -> None:
        self._client.close()


def at_once(acts: Sequence[Callable[[], Answer]]) -> list[Answer]:
    """All of them at the same moment. Raises what one of them raised."""
    barrier = threading.Barrier(len(acts))
    answers: list[Answer | Exception] = [RuntimeError("never ran")] * len(acts)

    def run(index: int) -> None:
        barrier.wait()
        try:
            answers[index] = acts[index]()
        except Exception as error:
            answers[index] = error

    threads = [threading.Thread(target=run, args=(index,)) for index in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for answer in answers:
        if isinstance(answer, Exception):
            raise answer
    return [answer for answer in answers if isinstance(answer, Answer)]


# --- rounds ---------------------------------------------------------------------------------------------


def race_for_one_time(racers: Sequence[Racer], advisor: Advisor, start: datetime, figures: Figures) -> None:
    """Everybody wants the same free time: one gets it."""
    answers = at_once([partial(racer.call, "POST", "booking/", start) for racer in racers])
    figures.count(answers)
    figures.won(sum(answer.status == 201 for answer in answers))
    figures.look(advisor)
    if {answer.code for answer in answers if answer.status == 409} - {"slot_taken"}:
        figures.broken.append(f"round {figures.rounds}: a loser was told something else than slot_taken")
    _clear(racers)


def race_of_changes(racers: Sequence[Racer], advisor: Advisor, day: datetime, figures: Figures) -> None:
    """Moves, swaps, cancellations, confirmations and picks at once, on times that some of the others have."""
    target = day - 2 * HALF_HOUR
    own = [day + n * 2 * HALF_HOUR for n in range(len(racers))]
    for n, racer in enumerate(racers):
        _place(racer, n % len(PARTS), advisor, own[n])
    answers = at_once([_act(racer, n, own, target) for n, racer in enumerate(racers)])
    figures.count(answers)
    figures.look(advisor)
    figures.won(_holders(advisor, target))
    _clear(racers)


# By turns: what each racer has before (a booking, a hold or nothing), and what they do. A neighbour is the one next to
# them, so that two swap, one moves to where another cancels, and one picks what another confirms.
PARTS = (
    ("nothing", "POST", "booking/", "target"),
    ("booking", "PATCH", "booking/", "target"),
    ("booking", "PATCH", "booking/", "neighbour"),
    ("booking", "PATCH", "booking/", "neighbour"),
    ("booking", "DELETE", "booking/", ""),
    ("booking", "PATCH", "booking/", "neighbour"),
    ("hold", "POST", "booking/confirm/", ""),
    ("nothing", "POST", "booking/", "neighbour"),
)


def _place(racer: Racer, part: int, advisor: Advisor, start: datetime) -> None:
    submission, now = racer.submission, timezone.now()
    if PARTS[part][0] == "booking":
        services.pick(submission, start, now=now)
    elif PARTS[part][0] == "hold":
        slot, held = (start, start + HALF_HOUR), Booking.Status.TENTATIVE
        bookings.in_turn(submission, lambda: bookings.book(submission, Team(advisor), slot, status=held, now=now))


def _act(racer: Racer, n: int, own: Sequence[datetime], target: datetime) -> Callable[[], Answer]:
    _, method, path, where = PARTS[n % len(PARTS)]
    neighbour = own[n ^ 1] if n ^ 1 < len(own) else own[n]
    start = {"target": target, "neighbour": neighbour}.get(where)
    return lambda: racer.call(method, path, start)


def _clear(racers: Sequence[Racer]) -> None:
    for racer in racers:
        services.cancel(racer.submission, now=timezone.now())


# --- what the database says -----------------------------------------------------------------------------


def found_overlaps(advisor: Advisor) -> int:
    return _count(
        """
        SELECT count(*) FROM scheduling_bookingadvisor a JOIN scheduling_bookingadvisor b
          ON a.advisor_id = b.advisor_id AND a.id < b.id AND a.blocked && b.blocked
        WHERE a.holds_time AND b.holds_time AND a.advisor_id = %s
        """,
        advisor,
    )


def found_doubled(advisor: Advisor) -> int:
    return _count(
        """
        SELECT count(*) FROM (
          SELECT b.submission_id FROM scheduling_booking b JOIN scheduling_bookingadvisor s ON s.booking_id = b.id
          WHERE b.status IN ('tentative', 'confirmed') AND s.advisor_id = %s GROUP BY 1 HAVING count(*) > 1
        ) AS doubled
        """,
        advisor,
    )


def _count(sql: str, advisor: Advisor) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql, [advisor.pk])
        return int(cursor.fetchone()[0])


def _holders(advisor: Advisor, start: datetime) -> int:
    return Booking.objects.filter(seats__advisor=advisor, seats__holds_time=True, starts_at=start).count()


# --- the rows -------------------------------------------------------------------------------------------


@contextmanager
def track(count: int, url: str) -> Iterator[tuple[Advisor, list[Racer]]]:
    """An advisor and so many racers, gone when it ends, however it ends."""
    remove()  # what a run that was killed has left
    advisor = _advisor()
    racers: list[Racer] = []
    try:
        racers = [Racer(_submission(advisor, number), url, number) for number in range(count)]
        yield advisor, racers
    finally:
        for racer in racers:
            racer.close()
        remove()


def first_day() -> datetime:
    return datetime.combine(timezone.now().date() + timedelta(days=2), clock(), tzinfo=UTC)


def _advisor() -> Advisor:
    """Fits nobody's gap, so that no real lead is given to it while it is here."""
    week = {day: [["00:00", "00:00"]] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}
    return Advisor.objects.create(
        name="Race Track", title="A test", email=f"advisor@{MARK}", weekly_hours=week, timezone="UTC",
        meeting_minutes=30, step_minutes=30, buffer_before_minutes=5, buffer_after_minutes=5, notice_hours=0,
        horizon_days=30, max_per_day=None, max_per_week=None,
    )  # fmt: skip


def _submission(advisor: Advisor, number: int) -> Submission:
    """As the front door would store it, but without an event: nobody is to hear of it."""
    now = timezone.now()
    version = assessments.published()
    if version is None:
        raise UnknownThere
    judgement = assessments.assess(version, answers={}, message="Race", company_size="", asked_for="")
    address = f"racer{number}-{uuid7().hex[-8:]}@{MARK}"
    lead = Lead.objects.create(
        email=address, email_key=address, name=f"Racer {number}", created_at=now, last_activity_at=now
    )
    assessment = assessments.keep(judgement, now=now)
    submission = Submission.objects.create(
        lead=lead, assessment=assessment, first_assessment=assessment, is_test=True, payload={}, timezone="UTC",
        created_at=now, last_activity_at=now,
    )  # fmt: skip
    Assignment.objects.create(
        submission=submission, advisor=advisor, outcome=Assignment.Outcome.OFFER, step="race", decided_at=now
    )
    return submission


def remove() -> None:
    """Everything that any race has made."""
    leads = list(Lead.objects.filter(email_key__endswith=f"@{MARK}").values_list("id", flat=True))
    outbox.forget(leads)
    submissions = Submission.objects.filter(lead__in=leads)
    judged = list(submissions.values_list("assessment_id", flat=True))
    submissions.delete()
    Assessment.objects.filter(pk__in=judged).delete()
    Lead.objects.filter(pk__in=leads).delete()
    Advisor.objects.filter(email=f"advisor@{MARK}").delete()
