"""Ten thousand replies while the workers are killed: how often each mail arrived, counted by Message-ID.

`.venv/bin/python -m bench.storm [--mails 10000] [--kills 8] [--every 30]` starts a house of its own and a real mail
server, kills the whole worker group (kill -9) every so many seconds, and ends with 1 where a mail was lost, or where
more came twice than were on the wire at a kill.
"""

import argparse
import sys
import time
from collections import Counter

from bench import people
from tests.journeys.house import House
from tests.receivers import MailServer

ON_THE_WIRE = 2  # mails that may be with the mail server at once (OUTBOX_IN_FLIGHT)
WORKER = "celery -A config worker"
OPEN = "SELECT count(*) FROM outbox_delivery WHERE queue = 'mail' AND status IN ('pending', 'sending')"


def drain(house: House, *, kills: int, every: float) -> tuple[int, float]:
    """Waits until no mail is open, and kills meanwhile; how many kills there were, and the seconds."""
    started = last = time.monotonic()
    done = 0
    while (left := house.query(OPEN)[0][0]) > 0:
        if done < kills and time.monotonic() - last > every:
            house.kill(WORKER)
            done, last = done + 1, time.monotonic()
            print(f"kill {done} with {left} mails to go", file=sys.stderr)
        time.sleep(0.5)
    return done, time.monotonic() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mails", type=int, default=10_000)
    parser.add_argument("--kills", type=int, default=8)
    parser.add_argument("--every", type=float, default=30, help="seconds between two kills")
    args = parser.parse_args()
    with MailServer() as server, House(EMAIL_URL=f"smtp://127.0.0.1:{server.port}") as house:
        people.make(house, args.mails)
        kills, seconds = drain(house, kills=args.kills, every=args.every)
        arrived = [server.mails.get_nowait() for _ in range(server.mails.qsize())]
        failed = house.query("SELECT count(*) FROM outbox_delivery WHERE queue = 'mail' AND status = 'failed'")[0][0]
    replies = [mail for mail in arrived if str(mail["To"]).endswith(people.DOMAIN)]
    copies = Counter(str(mail["Message-ID"]) for mail in replies)
    by_address = Counter(str(mail["To"]) for mail in replies)
    doubled = sum(1 for count in copies.values() if count > 1)
    print(f"mails due: {args.mails}; kill -9 of the worker group: {kills}; seconds: {seconds:.0f}; failed: {failed}")
    print(f"copies by Message-ID: {dict(sorted(Counter(copies.values()).items()))}")
    lost, written_twice = args.mails - len(by_address), len(copies) - len(by_address)
    print(f"addresses that got none: {lost}; that got two Message-IDs: {written_twice}")
    print(f"mails a second, kills included: {args.mails / seconds:.0f}")
    sys.exit(int(lost > 0 or written_twice > 0 or doubled > kills * ON_THE_WIRE))


if __name__ == "__main__":
    main()
