"""Drawn calls against a whole house, by the schema that it serves: every check of schemathesis, every operation.

`.venv/bin/python -m bench.fuzz [--cases 5000] [--seed 1]` ends with 0 where nothing failed. What it found once is a
test of its own by now; docs/performance.md says what the last long run took. Calls go with a key that may do
everything, and often name a person, a conversation or an endpoint that there is.
"""

import argparse
import base64
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import httpx

from tests.journeys.house import House

ROOT = Path(__file__).resolve().parent.parent
CONFIG = ROOT / "bench" / "fuzz.toml"

SCOPES = "leads:read,leads:write,bookings:read,bookings:write,webhooks:manage,events:read"
SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()


def operations(url: str) -> int:
    paths = httpx.get(f"{url}/api/schema/").json()["paths"]
    return sum(len(methods) for methods in paths.values())


def furnished(house: House) -> tuple[str, dict[str, list[str]]]:
    """A key that may do everything, and what there is to name in a path, once a few people have come."""
    key = house.command("create_api_key", "fuzz", "--scopes", SCOPES).strip()
    for number in range(6):
        house.post(name="Ada", email=f"ada{number}@example.com", message="We need help to use AI. " * (number % 2 + 1))
    with httpx.Client(base_url=f"{house.url}/api/v1", headers={"Authorization": f"Bearer {key}"}) as staff:
        for number in range(6):
            staff.post("/webhook-endpoints/", json={"url": f"https://127.0.0.{number + 1}:8443/"})

        def ids(path: str) -> list[str]:
            return [str(row["id"]) for row in staff.get(path).json()["results"]]

        house.until(lambda: len(ids("/bookings/")) > 2, seconds=60)
        lists = {"lead_id": "/leads/", "booking_id": "/bookings/", "advisor_id": "/advisors/",
                 "endpoint_id": "/webhook-endpoints/"}  # fmt: skip
        return key, {name: ids(path) for name, path in lists.items()}


def run(house: House, *, cases: int, seed: int, more: list[str]) -> int:
    url, (key, known) = house.url, furnished(house)
    each = max(1, cases // operations(url))
    command = [
        str(Path(sys.executable).with_name("schemathesis")),
        *("--config-file", str(CONFIG), "run", f"{url}/api/schema/"),
        *("--checks", "all", "--max-examples", str(each), "--seed", str(seed), "--continue-on-failure"),
        *("--workers", "2", "--request-timeout", "30", "--header", f"Authorization: Bearer {key}"),
        *more,
    ]
    ours = {"PYTHONPATH": str(ROOT), "SCHEMATHESIS_HOOKS": "bench.fuzz_formats", "PYTHONWARNINGS": "ignore"}
    ours["FUZZ_KNOWN"] = json.dumps(known)
    with tempfile.TemporaryDirectory() as folder:
        return subprocess.run(command, env={**os.environ, **ours}, cwd=folder, check=False).returncode


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    known, more = parser.parse_known_args()
    # Limits are tried elsewhere; here they would turn most calls into a 429.
    with House(PUBLIC_RATE="off", API_KEY_RATE="off", MAIL_EVENTS_SECRET=SECRET) as house:
        sys.exit(run(house, cases=known.cases, seed=known.seed, more=more))


if __name__ == "__main__":
    main()
