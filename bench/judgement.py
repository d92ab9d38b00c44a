"""How long a decision takes: from answers alone, and from messages by each reader; and what reading adds in memory.

Runs anywhere, needs no server: `.venv/bin/python -m bench.judgement`. Readers take turns message by message, because
a machine's speed drifts. What it prints is written down in docs/performance.md.
"""

import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

from assessments import evaluation_sets, reading
from assessments.judge import judge
from tests.assessments.test_reading import HOSTILE

ROUNDS = 5
MEMORY = "print(sum(int(l.split()[1]) for l in open('/proc/self/smaps_rollup') if l.startswith('Private')))"


def milliseconds(act: Callable[[], Any]) -> float:
    started = time.perf_counter()
    act()
    return (time.perf_counter() - started) * 1000


def quickest(act: Callable[[], Any]) -> float:
    """Of a few: what a neighbour or a collector adds to one of them says nothing about the act."""
    return min(milliseconds(act) for _ in range(ROUNDS))


def line(name: str, times: list[float]) -> str:
    p = statistics.quantiles(times, n=100)
    return f"| {name} | {p[49]:.2f} | {p[98]:.2f} | {max(times):.2f} |"


def private_memory(statement: str) -> float:
    """MB that belong to a fresh process alone, after the statement."""
    ended = subprocess.run([sys.executable, "-c", f"{statement}; {MEMORY}"], capture_output=True, text=True, check=True)
    return int(ended.stdout) / 1024


def main() -> None:
    answers = [row["answers"] for row in evaluation_sets.answer_sets()]
    messages = [row["text"] for row in evaluation_sets.messages() if 400 <= len(row["text"]) <= 600]
    readers = {"linear": reading.linear_reader(), "with embeddings": reading.embedding_reader()}
    for act in (lambda: judge(answers[0]), *(lambda r=r: r.read(messages[0]) for r in readers.values())):
        act()  # warm
    print("| what | p50 ms | p99 ms | max ms |\n|---|---|---|---|")
    print(line("answers alone", [milliseconds(lambda a=a: judge(a)) for a in answers * ROUNDS]))
    times: dict[str, list[float]] = {name: [] for name in readers}
    for message in messages:
        for name, reader in readers.items():
            times[name].append(milliseconds(lambda r=reader, m=message: r.read(m)))
    for name, found in times.items():
        print(line(f"400 to 600 characters, {name}", found))
    for name, reader in readers.items():
        worst = max((quickest(lambda r=reader, m=m: r.read(m)), kind) for kind, m in HOSTILE.items())
        print(f"| hostile, 5,000 characters, {name}: {worst[1]} | | | {worst[0]:.1f} |")
    bare = private_memory("import assessments.reading")
    for name, maker in (("linear", "linear_reader"), ("with embeddings", "embedding_reader")):
        used = private_memory(f"from assessments import reading; reading.{maker}().read('We need rules for AI.')")
        print(f"{name}: {used - bare:.0f} MB more in the process")


if __name__ == "__main__":
    main()
