"""Folders and processes for the tests of `make run`; each test gets its own, and nothing outlives it."""

import contextlib
import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from config.local import children
from tests.config import runs


@pytest.fixture
def folder() -> Iterator[Path]:
    """A data folder that Postgres's account may enter; pytest's own lies in one of mode 0700."""
    path = Path(tempfile.mkdtemp(prefix="truegap-"))
    path.chmod(0o755)
    yield path
    for data in (path, *(inner for inner in path.iterdir() if inner.is_dir())):
        end_what_is_left(data)
    shutil.rmtree(path)


def end_what_is_left(data: Path) -> None:
    for pid in children.orphans(data).values():
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)
    runs.until(lambda: not children.orphans(data), seconds=20)


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Callable[..., runs.Run]]:
    """Starts a script; it is killed when the test ends, if it has not ended by then."""
    started: list[runs.Run] = []

    def start(source: str, *arguments: object, **options: object) -> runs.Run:
        one = runs.Run(source, *arguments, out=tmp_path / f"out-{len(started)}", **options)
        started.append(one)
        return one

    yield start
    for one in started:
        one.process.kill()
        one.process.wait()
