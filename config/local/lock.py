"""File locks that say who works in a data folder; taken before anything is started there.

The kernel drops a lock with its last holder, however that one died, so a lock is never stale. Pid files are:
a killed process may stay as a zombie, or its number may come back as somebody else.
"""

import fcntl
import os
import time
from pathlib import Path

NAME = ".lock"
POLL_SECONDS = 0.05


class UnableToStart(Exception):
    """One line for the operator: what is wrong and what to do about it."""


class Taken(Exception):
    """Somebody else holds the lock; `holder` is the number they wrote into it, or empty."""

    def __init__(self, holder: str) -> None:
        super().__init__(holder)
        self.holder = holder


def take(path: Path, *, wait_seconds: float) -> int:
    """An open descriptor that holds the lock until it, and every copy that a child inherited, is closed.

    Raises Taken.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    deadline = time.monotonic() + wait_seconds
    while not _locked(descriptor, fcntl.LOCK_EX):
        if time.monotonic() >= deadline:
            holder = os.pread(descriptor, 20, 0).decode(errors="replace").strip()
            os.close(descriptor)
            raise Taken(holder)
        time.sleep(POLL_SECONDS)
    return descriptor


def take_folder(folder: Path) -> int:
    """The lock of a whole instance. Raises UnableToStart where another one runs in the same folder."""
    try:
        # A command that looks whether an instance runs here holds the lock for an instant: wait that out.
        descriptor = take(folder / NAME, wait_seconds=1)
    except Taken as taken:
        raise UnableToStart(
            f"Another instance (pid {taken.holder or 'unknown'}) is running in {folder}. "
            "Stop it, or use another folder and port: DATA_DIR=.data2 PORT=8001 make run"
        ) from None
    except PermissionError:
        raise UnableToStart(
            f"{folder} belongs to another account. Start as that one, or use another folder: DATA_DIR=.data2 make run"
        ) from None
    sign(descriptor)
    return descriptor


def sign(descriptor: int) -> None:
    """Writes our pid into a lock we hold, for the message to whoever comes second."""
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, str(os.getpid()).encode(), 0)


def is_taken(path: Path) -> bool:
    """Whether somebody holds the lock. A lock that we may not even open is nobody's we could talk to."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        # Shared, so that two commands that look at the same time do not take each other for an instance.
        return not _locked(descriptor, fcntl.LOCK_SH)
    finally:
        os.close(descriptor)


def _locked(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
