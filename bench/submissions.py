"""How long a POST takes while the broker is well and while it is frozen: the two must look alike to a website.

Starts a house of its own, so it runs anywhere: `.venv/bin/python -m bench.submissions`. Rounds alternate between the
states, because a machine's speed drifts; read the ratios. What it prints is written down in docs/performance.md.
"""

import os
import signal
import statistics
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import httpx

from tests.journeys.house import House

POSTS, CLIENTS, ROUNDS = 200, 8, 3
ANSWERS = {"core_systems_work": "yes", "siloed_ai_tools": "yes", "asks_how_to_use_ai": "yes"}


def post(client: httpx.Client) -> float:
    """Milliseconds of one submission by somebody new."""
    fields = {"name": "Ada Lovelace", "email": f"{uuid4().hex}@example.com", "answers": ANSWERS, "hold": False}
    started = time.perf_counter()
    answer = client.post("/api/v1/submissions/", json=fields)
    assert answer.status_code == 201, answer.text
    return (time.perf_counter() - started) * 1000


def round_of_posts(house: House) -> list[float]:
    with httpx.Client(base_url=house.url, timeout=30) as client, ThreadPoolExecutor(CLIENTS) as pool:
        return list(pool.map(lambda _: post(client), range(POSTS)))


def main() -> None:
    times: dict[str, list[float]] = {"well": [], "frozen": []}
    with House() as house:
        round_of_posts(house)  # warm
        for _ in range(ROUNDS):
            times["well"] += round_of_posts(house)
            valkey = house.valkey_pid()
            os.kill(valkey, signal.SIGSTOP)
            try:
                times["frozen"] += round_of_posts(house)
            finally:
                os.kill(valkey, signal.SIGCONT)
    print(f"{POSTS} posts by {CLIENTS} clients, {ROUNDS} rounds of each state, one web process", file=sys.stderr)
    print("| broker | p50 ms | p99 ms | max ms |\n|---|---|---|---|")
    for state, found in times.items():
        p = statistics.quantiles(found, n=100)
        print(f"| {state} | {p[49]:.1f} | {p[98]:.1f} | {max(found):.1f} |")


if __name__ == "__main__":
    main()
