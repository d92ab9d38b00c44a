"""Other commands find the servers of a running instance, and believe nothing that a dead one left."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from config.local import discovery, lock
from config.local.lock import UnableToStart
from tests.config import runs

VALUES = {"DATABASE_URL": "postgres://here", "REDIS_URL": "redis://here", "PUBLIC_BASE_URL": "http://here"}
INSTANCE = """
import signal, sys
from pathlib import Path
from config.local import discovery, lock
held = lock.take_folder(Path(sys.argv[1]))
discovery.announce(Path(sys.argv[1]), {"DATABASE_URL": "postgres://there"})
print("announced", flush=True)
signal.pause()
"""


def test_nothing_is_found_where_nothing_ever_ran(tmp_path: Path) -> None:
    assert discovery.find(tmp_path / "nowhere") is None
    assert discovery.find(tmp_path) is None


def test_a_running_instance_is_found_and_a_killed_one_is_not_believed(
    tmp_path: Path, run: Callable[..., runs.Run]
) -> None:
    instance = run(INSTANCE, tmp_path)
    instance.wait_for("announced")
    assert discovery.find(tmp_path) == {"DATABASE_URL": "postgres://there"}

    instance.send(signal.SIGKILL)
    instance.end()

    assert (tmp_path / "run.json").exists()
    assert discovery.find(tmp_path) is None
    assert discovery.left_behind(tmp_path) == {"DATABASE_URL": "postgres://there"}


def test_what_was_announced_is_for_the_owner_alone(tmp_path: Path) -> None:
    discovery.announce(tmp_path, VALUES)

    assert (tmp_path / "run.json").stat().st_mode & 0o777 == 0o600


def test_what_was_withdrawn_is_not_found(tmp_path: Path) -> None:
    held = lock.take_folder(tmp_path)
    discovery.announce(tmp_path, VALUES)
    assert discovery.find(tmp_path) == VALUES

    discovery.withdraw(tmp_path)
    discovery.withdraw(tmp_path)

    assert discovery.find(tmp_path) is None
    os.close(held)


@pytest.mark.parametrize("text", ["", "{", "[]", "null"])
def test_a_broken_announcement_is_none(tmp_path: Path, text: str) -> None:
    held = lock.take_folder(tmp_path)
    (tmp_path / "run.json").write_text(text)

    assert discovery.find(tmp_path) is None
    os.close(held)


def test_a_second_instance_is_refused_in_one_line_that_names_the_first(
    tmp_path: Path, run: Callable[..., runs.Run]
) -> None:
    first = run(INSTANCE, tmp_path)
    first.wait_for("announced")

    with pytest.raises(UnableToStart) as refusal:
        lock.take_folder(tmp_path)

    assert str(refusal.value) == (
        f"Another instance (pid {first.process.pid}) is running in {tmp_path}. "
        "Stop it, or use another folder and port: DATA_DIR=.data2 PORT=8001 make run"
    )


def test_looking_for_an_instance_does_not_keep_one_from_starting(tmp_path: Path, run: Callable[..., runs.Run]) -> None:
    os.close(lock.take_folder(tmp_path))
    looking = run(
        """
import sys
from pathlib import Path
from config.local import lock
print("looking", flush=True)
while True:
    lock.is_taken(Path(sys.argv[1]) / lock.NAME)
""",
        tmp_path,
    )
    looking.wait_for("looking")

    for _ in range(20):
        os.close(lock.take_folder(tmp_path))

    assert looking.process.poll() is None


def test_two_commands_that_look_at_once_do_not_take_each_other_for_an_instance(tmp_path: Path) -> None:
    os.close(lock.take_folder(tmp_path))
    descriptor = os.open(tmp_path / lock.NAME, os.O_RDONLY)

    assert lock._locked(descriptor, lock.fcntl.LOCK_SH)

    assert not lock.is_taken(tmp_path / lock.NAME)
    os.close(descriptor)
