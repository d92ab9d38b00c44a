"""Lets many racers book the same time at the same moment, on the running server, and prints what came of it."""

from typing import Any

import httpx
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from scheduling import racing
from scheduling.racing import Figures


class Command(BaseCommand):
    help = (
        "Races for one time over HTTP: of so many racers exactly one may get it, round after round; then moves, swaps, "
        "cancellations and confirmations race. On the server's own machine each racer is a client of its own; "
        "elsewhere the server needs PUBLIC_RATE=off. Makes marked rows of its own and removes them. Ends with 1 where "
        "a promise was broken."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--rounds", type=int, default=100, help="for one time; half as many of changes follow")
        parser.add_argument("--racers", type=int, default=50)
        parser.add_argument("--url", default=settings.PUBLIC_BASE_URL, help="of the server; default: PUBLIC_BASE_URL")
        parser.add_argument(
            "--within", type=float, metavar="SECONDS", help="an answer that takes longer breaks a promise"
        )

    def handle(self, *, rounds: int, racers: int, url: str, within: float | None, **options: Any) -> None:
        if not 1 <= rounds <= 1000 or not 2 <= racers <= 200:
            raise CommandError("Race 1 to 1000 rounds with 2 to 200 racers.")
        figures = Figures()
        try:
            self._race(rounds, racers, url.rstrip("/"), figures)
        except racing.Limited as error:
            raise CommandError(
                "The server limits how often one client may call, and all racers are one client. "
                "Start it with PUBLIC_RATE=off, and race again."
            ) from error
        except racing.UnknownThere as error:
            raise CommandError(
                f"The server at {url} does not know the racers: it has another database or SECRET_KEY."
            ) from error
        except httpx.HTTPError as error:
            raise CommandError(f"The server at {url} does not answer: {type(error).__name__}.") from error
        if within is not None and figures.slowest > within:
            figures.broken.append(f"the slowest answer took {figures.slowest:.2f} s, more than {within} s")
        self._tell(figures)

    def _race(self, rounds: int, count: int, url: str, figures: Figures) -> None:
        with racing.track(count, url) as (advisor, racers):
            for racer in racers:
                racer.arrives()
            first = racing.first_day()
            for number in range(rounds):
                start = first + (number % 1000) * racing.HALF_HOUR
                racing.race_for_one_time(racers, advisor, start, figures)
            for _ in range(-(-rounds // 2)):
                racing.race_of_changes(racers, advisor, first, figures)

    def _tell(self, figures: Figures) -> None:
        statuses = ", ".join(f"{status}: {count}" for status, count in sorted(figures.statuses.items()))
        winners = ", ".join(f"{number} in {count} rounds" for number, count in sorted(figures.winners.items()))
        server_errors = sum(count for status, count in figures.statuses.items() if status >= 500)
        for line in (
            f"Rounds: {figures.rounds}",
            f"Winners: {winners}",
            f"Answers: {statuses}",
            f"Slowest answer: {figures.slowest:.2f} s",
            f"Overlaps in the database: {figures.overlaps}",
            f"People with two open bookings: {figures.doubled}",
            f"5xx: {server_errors}",
        ):
            self.stdout.write(line)
        if figures.broken:
            raise CommandError("Broken: " + "; ".join(figures.broken[:10]))
        self.stdout.write("Every promise was kept.")
