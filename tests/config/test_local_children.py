"""One child process: how it is started, asked to stop, and killed with all it left behind."""

import re
import signal
import sys
from pathlib import Path

import pytest

from config.local import children, lock
from config.local.children import Child, Program
from config.local.lock import UnableToStart
from tests.config import runs

# Ignores the polite question, and has a child of its own that would live on.
STUBBORN = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
subprocess.Popen([sys.executable, "-c", "import signal, time; signal.signal(15, signal.SIG_IGN); time.sleep(600)"])
print("stubborn", flush=True)
time.sleep(600)
"""
TALKER = "import sys; print('to us'); print('to the log', file=sys.stderr)"
LISTENER = "print(input())"


def python(source: str, **options: object) -> Program:
    return Program("one", [sys.executable, "-c", source], signal.SIGTERM, **options)  # type: ignore[arg-type]


def log(folder: Path) -> str:
    return (folder / "logs" / "one.log").read_text()


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_what_does_not_stop_in_time_is_killed_with_all_it_left(folder: Path) -> None:
    child = Child(python(STUBBORN, env=runs.environment(FOLDER=str(folder))), folder)
    runs.until(lambda: "stubborn" in log(folder) and len(runs.processes_of(folder)) == 2)

    children.stop([child], seconds=0.2)

    assert child.exit_code() == -signal.SIGKILL
    runs.until(lambda: runs.processes_of(folder) == [])
    assert not lock.is_taken(folder / "locks" / "one.lock")


def test_two_of_one_name_cannot_run_in_one_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children, "DYING_SECONDS", 0.1)
    first = Child(python(STUBBORN), folder)
    runs.until(lambda: "stubborn" in log(folder))

    with pytest.raises(UnableToStart) as refusal:
        Child(python("print('ran')"), folder)

    children.stop([first], seconds=0)
    pid = first.process.pid
    assert re.match(rf"A one \(pid {pid}\) of another start is still running in {folder}\.", str(refusal.value))
    assert "ran" not in log(folder)


def test_what_it_says_to_us_reaches_no_log(folder: Path) -> None:
    child = Child(python(TALKER, speaks=True), folder)

    assert child.wait(10)
    assert child.output() == "to us\n"
    assert log(folder) == "to the log\n"


def test_what_it_is_fed_stands_on_its_standard_input(folder: Path) -> None:
    child = Child(python(LISTENER, feed="a secret\n"), folder)

    assert child.wait(10)
    assert log(folder) == "a secret\n"


def test_a_long_log_is_put_aside_and_nobody_else_may_read_one(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children, "LOG_LIMIT_BYTES", 3)
    children.log_file(folder, "one").write_text("much")

    path = children.log_file(folder, "one")

    assert path.read_text() == ""
    assert (folder / "logs" / "one.log.1").read_text() == "much"
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
