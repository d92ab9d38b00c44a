"""Webhooks under load and through failures: throughput, a consumer that hangs, and consumers that refuse and come back.

Starts a house of its own for each scene: `.venv/bin/python -m bench.webhooks`, or with names of scenes after it. Every
body is verified with the public library. What it prints is written down in docs/performance.md.
"""

import random
import statistics
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from uuid import UUID

from standardwebhooks import Webhook
from uuid6 import uuid7

from tests.journeys.house import House
from tests.receivers import Answer, Received, WebhookReceiver

EVENTS = 2000
ONE_SECOND_WAITS = ",".join(["1"] * 9)
DATA = '{"lead": {"id": "01a20a11-6ee5-7f0e-8a6f-6f9a4f1c2b3d"}, "booking": null, "sequence": 1}'
PUBLISH = """
    WITH happened AS (
        INSERT INTO outbox_event (id, type, sequence, occurred_at, data)
        SELECT id, 'booking.expired', 0, now(), %s::jsonb FROM unnest(%s::uuid[]) AS id RETURNING id)
    INSERT INTO outbox_delivery (id, event_id, task, target, queue, status, due_at, attempt_count, attempts_forgiven,
                                 last_error, created_at)
    SELECT gen_random_uuid(), id, 'notifications.fan_out', '', 'webhooks', 'pending', now(), 0, 0, '', now()
    FROM happened RETURNING event_id
"""
OPEN = "SELECT count(*) FROM outbox_delivery WHERE status IN ('pending', 'sending')"
STATUSES = "SELECT status, count(*) FROM outbox_delivery WHERE target <> '' GROUP BY status"


class Consumer:
    """Keeps when each call came and what was taken; `refuses` decides from the id and how often it came before."""

    def __init__(self, refuses: Callable[[str, int], bool] = lambda _, __: False, hangs: float = 0) -> None:
        self.calls: Counter[str] = Counter()
        self.bodies: dict[str, bytes] = {}
        self.taken: dict[str, float] = {}
        self.requests: list[Received] = []
        self.refuses, self.hangs = refuses, hangs
        self.is_down = False
        self._lock = threading.Lock()
        self._closing = threading.Event()

    def __call__(self, one: Received) -> Answer:
        id_ = one.headers["webhook-id"]
        with self._lock:
            before = self.calls[id_]
            self.calls[id_] += 1
            self.requests.append(one)
            assert self.bodies.setdefault(id_, one.body) == one.body, "a body changed"
        if self.hangs:
            self._closing.wait(self.hangs)
        if self.is_down or self.refuses(id_, before):
            return Answer(503)
        with self._lock:
            self.taken.setdefault(id_, time.time())
        return Answer(204, {}, b"")

    def close(self) -> None:
        self._closing.set()

    def verified(self, secret: str) -> int:
        """How many calls the public library takes for genuine, as it would have at their time."""
        now, webhook = time.time(), Webhook(secret)
        for one in self.requests:
            if now - int(one.headers["webhook-timestamp"]) < 240:
                webhook.verify(one.body, one.headers)
            else:
                at = datetime.fromtimestamp(int(one.headers["webhook-timestamp"]), UTC)
                signed = webhook.sign(one.headers["webhook-id"], at, one.body.decode())
                assert signed in one.headers["webhook-signature"].split()
        return len(self.requests)


def publish(house: House, count: int) -> list[UUID]:
    ids = [uuid7() for _ in range(count)]
    house.query(PUBLISH, DATA, [str(id_) for id_ in ids])
    return ids


def settle(house: House, *, seconds: float) -> None:
    house.until(lambda: house.query(OPEN) == [(0,)], seconds=seconds)


def subscribe(stack: ExitStack, house: House, consumer: Consumer) -> str:
    receiver = stack.enter_context(WebhookReceiver())
    stack.callback(consumer.close)
    receiver.answer = consumer
    return house.subscribe(receiver.url)


def throughput() -> None:
    """2,000 events to one healthy consumer, with everything that an event goes through."""
    with ExitStack() as stack:
        house = stack.enter_context(House())
        consumer = Consumer()
        secret = subscribe(stack, house, consumer)
        publish(house, 50)
        settle(house, seconds=60)  # warm
        consumer.taken.clear()
        started = time.time()
        publish(house, EVENTS)
        while len(consumer.taken) < EVENTS and time.time() - started < 300:
            time.sleep(1)
        seconds = max(consumer.taken.values()) - started
        ((oldest,),) = house.query(
            "SELECT extract(epoch FROM max(settled_at - due_at)) FROM outbox_delivery WHERE target <> ''"
        )
        row("throughput", f"{len(consumer.taken)} of {EVENTS}", f"{EVENTS / seconds:.0f} deliveries/s",
            f"{consumer.verified(secret)} calls verified; the oldest waited {oldest:.1f} s")  # fmt: skip


def hanging() -> None:
    """One endpoint hangs for longer than a call may take; five others get the same 100 events."""
    with ExitStack() as stack:
        house = stack.enter_context(House())
        slow, others = Consumer(hangs=20), [Consumer() for _ in range(5)]
        for consumer in (slow, *others):
            subscribe(stack, house, consumer)
        happened: dict[str, float] = {}
        for _ in range(100):
            happened[str(publish(house, 1)[0])] = time.time()
            time.sleep(0.3)
        house.until(lambda: all(len(other.taken) == len(happened) for other in others), seconds=60)
        late = [at - happened[id_] for other in others for id_, at in other.taken.items()]
        p = statistics.quantiles(late, n=20)
        speed = f"p95 {p[18]:.2f} s, p50 {statistics.median(late):.2f} s"
        row("one hangs", f"{len(late)} of {5 * len(happened)}", speed,
            f"{len(slow.requests)} calls to the one that hangs")  # fmt: skip


def nine_refusals() -> None:
    """Every event is refused nine times and taken the tenth."""
    refused("refuses nine", Consumer(lambda _, before: before < 9), seconds=1500)


def random_refusals() -> None:
    """30% of all calls are refused; what ten misses in a row explain is failed, and arrives on replay."""
    dice = random.Random(1)
    refused("30% refused", Consumer(lambda _, __: dice.random() < 0.3), seconds=900)


def refused(name: str, consumer: Consumer, *, seconds: float) -> None:
    with ExitStack() as stack:
        house = stack.enter_context(House(WEBHOOK_RETRY_SECONDS=ONE_SECOND_WAITS))
        secret = subscribe(stack, house, consumer)
        started = time.time()
        ids = publish(house, EVENTS)
        settle(house, seconds=seconds)
        took = time.time() - started
        statuses = dict(house.query(STATUSES))
        missed = [id_ for id_, calls in consumer.calls.items() if calls == 10 and id_ not in consumer.taken]
        assert len(missed) == statuses.get("failed", 0)
        assert {str(id_) for id_ in ids} == set(consumer.calls)
        row(name, f"{len(consumer.taken)} of {EVENTS}, {len(missed)} failed",
            f"{took:.0f} s, {sum(consumer.calls.values()) / took:.0f} calls/s",
            f"{consumer.verified(secret)} calls verified, ids and bodies stable")  # fmt: skip


def outage() -> None:
    """Down past the window, paused, back: the clock is moved in the rows, five days in one step."""
    with ExitStack() as stack:
        house = stack.enter_context(House(WEBHOOK_RETRY_SECONDS=ONE_SECOND_WAITS))
        consumer = Consumer()
        secret = subscribe(stack, house, consumer)
        consumer.is_down = True
        publish(house, EVENTS // 10)
        settle(house, seconds=300)
        house.query("UPDATE notifications_endpoint SET failing_since = failing_since - interval '5 days' RETURNING id")
        house.until(lambda: house.query("SELECT 1 FROM notifications_endpoint WHERE paused_at IS NOT NULL"), seconds=90)
        publish(house, EVENTS // 10)
        held = "SELECT count(*) FROM outbox_delivery WHERE last_error LIKE 'Held back%%' AND attempt_count > 0"
        house.until(lambda: house.query(held) == [(EVENTS // 10,)], seconds=60)
        calls = sum(consumer.calls.values())
        consumer.is_down = False
        house.query("UPDATE notifications_endpoint SET probed_at = probed_at - interval '15 minutes' RETURNING id")
        started = time.time()
        house.until(lambda: len(consumer.taken) == EVENTS // 5, seconds=150)
        row("paused, comes back", f"{len(consumer.taken)} of {EVENTS // 5}",
            f"{time.time() - started:.0f} s after it was up", f"{calls} calls while it was down; "
            f"{consumer.verified(secret)} calls verified")  # fmt: skip


SCENES = {
    "throughput": throughput,
    "hanging": hanging,
    "nine": nine_refusals,
    "random": random_refusals,
    "outage": outage,
}


def row(*cells: str) -> None:
    print(f"| {' | '.join(cells)} |", flush=True)


def main() -> None:
    print("| scene | arrived | how fast | what else |\n|---|---|---|---|")
    for name in sys.argv[1:] or SCENES:
        SCENES[name]()


if __name__ == "__main__":
    main()
