"""The public race, small: racers over HTTP against a house of its own, and what the command says of it."""

import subprocess
import sys

import pytest

from tests.config.runs import ROOT, environment
from tests.journeys.house import House

pytestmark = pytest.mark.journey


def race(house: House, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", "race_bookings", *arguments],
        cwd=ROOT, env=environment(DATA_DIR=str(house.data)), capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip


def test_one_of_ten_wins_each_round_and_nothing_stays_behind() -> None:
    with House(PUBLIC_RATE="off") as house:
        done = race(house, "--rounds", "5", "--racers", "10")

        assert done.returncode == 0, done.stdout + done.stderr
        assert "Winners: 1 in 8 rounds" in done.stdout
        assert "Overlaps in the database: 0" in done.stdout
        assert "5xx: 0" in done.stdout
        assert house.query("SELECT count(*) FROM intake_lead WHERE email_key LIKE '%%race.invalid'") == [(0,)]
        assert house.query("SELECT count(*) FROM outbox_event") == [(0,)]
        assert not list((house.data / "mail").glob("*.eml"))

        refused = race(house, "--url", "http://127.0.0.1:9", "--rounds", "1", "--racers", "2")
        assert refused.returncode == 1
        assert "does not answer" in refused.stderr


def test_a_server_that_limits_is_told_by_its_setting() -> None:
    with House(PUBLIC_RATE="1/min") as house:
        done = race(house, "--rounds", "1", "--racers", "5")

    assert done.returncode == 1
    assert "PUBLIC_RATE=off" in done.stderr
