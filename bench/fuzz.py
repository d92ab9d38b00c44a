"""Drawn calls against a whole house, by the schema that it serves: every check of schemathesis, every operation.

`.venv/bin/python -m bench.fuzz [--cases 5000] [--seed 1]` ends with 0 where nothing failed. What it found once is a
test of its own by now; docs/performance.md says what the last long run took.
"""

import argparse
import base64
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import httpx

from tests.journeys.house import House

ROOT = Path(__file__).resolve().parent.parent
CONFIG = ROOT / "bench" / "fuzz.toml"

SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()


def operations(url: str) -> int:
    paths = httpx.get(f"{url}/api/schema/").json()["paths"]
    return sum(len(methods) for methods in paths.values())


def run(url: str, *, cases: int, seed: int, more: list[str]) -> int:
    each = max(1, cases // operations(url))
    command = [
        str(Path(sys.executable).with_name("schemathesis")),
        *("--config-file", str(CONFIG), "run", f"{url}/api/schema/"),
        *("--checks", "all", "--max-examples", str(each), "--seed", str(seed), "--continue-on-failure"),
        *("--workers", "2", "--request-timeout", "30"),
        *more,
    ]
    ours = {"PYTHONPATH": str(ROOT), "SCHEMATHESIS_HOOKS": "bench.fuzz_formats", "PYTHONWARNINGS": "ignore"}
    with tempfile.TemporaryDirectory() as folder:
        return subprocess.run(command, env={**os.environ, **ours}, cwd=folder, check=False).returncode


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    known, more = parser.parse_known_args()
    # Limits are tried elsewhere; here they would turn most calls into a 429.
    with House(PUBLIC_RATE="off", MAIL_EVENTS_SECRET=SECRET) as house:
        sys.exit(run(house.url, cases=known.cases, seed=known.seed, more=more))


if __name__ == "__main__":
    main()
