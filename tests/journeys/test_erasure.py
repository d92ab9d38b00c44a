"""Somebody goes the whole road and is erased: nothing of them is left in database, broker, mail folder or logs."""

import subprocess
import sys
from pathlib import Path

import httpx
import psycopg
import pytest
import redis

from tests.config.runs import ROOT
from tests.journeys.house import House

pytestmark = pytest.mark.journey
WORDS = ("Zephyrine", "zephyrine.q@example.com", "Aviaries", "555 0199", "penguins ledger")
FIELDS = {
    "name": "Zephyrine Quillfeather",
    "email": "zephyrine.q@example.com",
    "company": "Quillfeather Aviaries",
    "phone": "+353 1 555 0199",
    "message": "Our penguins ledger keeps failing.",
    "answers": {"core_systems_work": "yes", "siloed_ai_tools": "yes", "asks_how_to_use_ai": "yes"},
    "consent": {"follow_up": True, "text": "You may write to me."},
}
OPEN = "SELECT count(*) FROM outbox_delivery WHERE status IN ('pending', 'sending') AND due_at <= now()"


def found_in(content: bytes) -> set[str]:
    return {word for word in WORDS if word.lower().encode() in content.lower()}


def dumped(house: House) -> bytes:
    """Every table as COPY writes it."""
    with psycopg.connect(house.addresses()["DATABASE_URL"]) as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        parts = []
        for (name,) in tables:
            with connection.cursor().copy(f'COPY "{name}" TO STDOUT') as copy:
                parts += [bytes(part) for part in copy]
    return b"\n".join(parts)


def files(house: House, *folders: str) -> bytes:
    paths = [path for folder in folders for path in (house.data / folder).rglob("*") if path.is_file()]
    return b"\n".join(path.read_bytes() for path in paths) + Path(house.folder / "out.txt").read_bytes()


@pytest.mark.xdist_group("journey")
def test_nothing_is_left_of_somebody_who_was_erased():
    with House() as house:
        reply = house.post(**FIELDS).json()
        state = house.until(
            lambda: (found := httpx.get(reply["links"]["self"]).json())["booking_state"] == "held" and found, seconds=30
        )
        start = state["booking"]["start"]
        assert httpx.post(f"{reply['links']['page']}confirm/", data={"start": start}).status_code == 303
        house.until(lambda: len(list((house.data / "mail").glob("*.eml"))) >= 4, seconds=30)
        house.until(lambda: house.query(OPEN)[0][0] == 0, seconds=30)
        assert found_in(dumped(house)) == set(WORDS)
        assert found_in(files(house, "mail")) >= {"Zephyrine", "zephyrine.q@example.com"}

        command = [sys.executable, "manage.py", "erase_person", FIELDS["email"]]
        done = subprocess.run(command, cwd=ROOT, env=house.environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        house.until(lambda: house.query(OPEN)[0][0] == 0, seconds=30)
        redis.Redis.from_url(house.addresses()["REDIS_URL"]).execute_command("BGREWRITEAOF")

        assert found_in(dumped(house)) == set()
        assert found_in(files(house, "mail", "logs")) == set()
        assert found_in(files(house, "valkey")) == set()
        assert httpx.get(reply["links"]["page"]).status_code == 404
