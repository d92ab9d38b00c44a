"""From the 201 to the mail that the mail server has accepted; with a worker killed; with a server that never answers.

`.venv/bin/python -m bench.mail` starts houses of its own with a real mail server. Times are those of this machine, on
which the mail server, the clients and the house share the cores.
"""

import socket
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager

from bench import people
from tests.journeys.house import House
from tests.receivers import MailServer

IDLE, STORMY = 60, 40
BOOKED = """
    SELECT extract(epoch FROM a.decided_at - s.created_at) FROM scheduling_assignment a
    JOIN intake_submission s ON s.id = a.submission_id
"""


class Clocked(MailServer):
    """Notes when each address's mail was accepted."""

    def __init__(self) -> None:
        super().__init__()
        self.at: dict[str, float] = {}

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        answer = await super().handle_DATA(server, session, envelope)
        for address in envelope.rcpt_tos:
            self.at.setdefault(address, time.monotonic())
        return answer


def wait_for(server: Clocked, house: House, sent: dict[str, float], *, seconds: float) -> list[float]:
    house.until(lambda: set(sent) <= set(server.at), seconds=seconds)
    return [server.at[address] - moment for address, moment in sent.items()]


def post(house: House, prefix: str, number: int) -> tuple[str, float]:
    address = f"{prefix}{number}@{people.DOMAIN}"
    people.enquire(house, address)
    return address, time.monotonic()


def idle(house: House, server: Clocked) -> list[float]:
    """One after the other, each when the one before has arrived."""
    found = []
    for number in range(IDLE):
        address, moment = post(house, "idle", number)
        found += wait_for(server, house, {address: moment}, seconds=60)
    return found


def killed(house: House, server: Clocked) -> list[float]:
    """A burst, and a kill -9 of the whole worker group in the middle of it."""
    sent: dict[str, float] = {}
    for number in range(STORMY):
        address, moment = post(house, "killed", number)
        sent[address] = moment
        if number == STORMY // 2:
            house.kill("celery -A config worker")
    return wait_for(server, house, sent, seconds=180)


@contextmanager
def black_hole() -> Iterator[int]:
    """A port that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=512) as listener:
        yield listener.getsockname()[1]


def bookings(house: House) -> list[float]:
    """Seconds from the submission to the decision on a time, for a burst."""
    for number in range(STORMY):
        post(house, "booked", number)
    house.until(lambda: house.query(f"SELECT count(*) FROM ({BOOKED}) AS all_of_them")[0][0] >= STORMY, seconds=120)
    return [float(row[0]) for row in house.query(BOOKED)]


def row(what: str, found: list[float]) -> None:
    p = statistics.quantiles(found, n=20)
    print(f"| {what} | {len(found)} | {statistics.median(found):.2f} | {p[18]:.2f} | {max(found):.2f} |")


def main() -> None:
    print("| from the 201 on, in seconds | count | p50 | p95 | max |\n|---|---|---|---|---|")
    with Clocked() as server, House(EMAIL_URL=f"smtp://127.0.0.1:{server.port}") as house:
        row("mail accepted, idle", idle(house, server))
        row("mail accepted, worker killed in a burst", killed(house, server))
    with Clocked() as server, House(EMAIL_URL=f"smtp://127.0.0.1:{server.port}") as house:
        row("time decided, mail server well", bookings(house))
    with black_hole() as port, House(EMAIL_URL=f"smtp://127.0.0.1:{port}") as house:
        row("time decided, mail server a black hole", bookings(house))


if __name__ == "__main__":
    main()
