"""Child processes that cannot outlive the supervisor unnoticed; servers, web, worker and beat are all such.

Each child inherits a lock of its own name. While any process of its tree lives the lock is held, so the next
start knows for certain what is left of a start that was killed, whatever the pid files say.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from config.local import launch, lock
from config.local.account import Account
from config.local.lock import UnableToStart

LOCKS, LOGS = "locks", "logs"
LOG_LIMIT_BYTES = 10_000_000
# How long the processes of a killed start may take to notice; measured: a worker with tasks 1.5 s.
DYING_SECONDS = 5
# How long each further step against one that did not notice may take.
ORPHAN_SECONDS = 5


@dataclass(frozen=True)
class Program:
    """What is to run and how it is asked to stop."""

    name: str
    command: Sequence[str]
    stop_signal: signal.Signals
    # For stopping at once.
    quit_signal: signal.Signals = signal.SIGKILL
    env: Mapping[str, str] | None = None
    cwd: Path = Path("/")
    account: Account | None = None
    # Written to its standard input: what must not stand on a command line, which everybody can read.
    feed: str = ""
    # Its standard output is for us (`Child.output`) and not for the log.
    speaks: bool = False


class Child:
    """One running program. Start it from the main thread: the kernel tells it when that thread ends."""

    def __init__(self, program: Program, folder: Path, prepare: Callable[[], None] = lambda: None) -> None:
        """`prepare` runs when it is certain that nothing of an earlier start lives. Raises UnableToStart."""
        self.program = program
        self.log = log_file(folder, program.name)
        held = _own_lock(folder, program.name)
        try:
            prepare()
            with self.log.open("ab") as log:
                self.process: subprocess.Popen[bytes] = subprocess.Popen(
                    _through_launcher(program, held),
                    stdin=subprocess.PIPE if program.feed else subprocess.DEVNULL,
                    stdout=subprocess.PIPE if program.speaks else log,
                    stderr=log,
                    env=program.env,
                    cwd=program.cwd,
                    pass_fds=(held,),
                    start_new_session=True,  # Ctrl-C is for the supervisor, which stops them in order
                )
        finally:
            os.close(held)  # from here on the child alone holds it
        if self.process.stdin:
            # One that is dead already is noticed by whoever waits for it.
            with contextlib.suppress(BrokenPipeError), self.process.stdin as feed:
                feed.write(program.feed.encode())

    @property
    def name(self) -> str:
        return self.program.name

    def exit_code(self) -> int | None:
        return self.process.poll()

    def ask_to_stop(self) -> None:
        self.process.send_signal(self.program.stop_signal)

    def kill(self, number: signal.Signals = signal.SIGKILL) -> None:
        """The whole group: also what the program itself left behind."""
        try:
            os.killpg(self.process.pid, number)
        except (ProcessLookupError, PermissionError):  # macOS: the latter for a group of zombies
            return

    def wait(self, seconds: float) -> bool:
        """Whether it ended in time."""
        try:
            self.process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def output(self) -> str:
        """All it said, once it ended; for short speeches, a pipe holds no long one."""
        assert self.process.stdout
        with self.process.stdout as speech:
            return str(speech.read(), "utf-8")

    def last_words(self) -> str:
        """For the operator, when it did not do what it should."""
        return f"{self.log} ends:\n{tail(self.log)}"


def tail(log: Path, lines: int = 15) -> str:
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])


def stop(children: Iterable[Child], *, seconds: float) -> None:
    """Asks all of them, waits for all of them, and kills those that did not go."""
    going = list(children)
    for child in going:
        child.ask_to_stop()
    deadline = time.monotonic() + seconds
    for child in going:
        child.wait(max(0.0, deadline - time.monotonic()))
        child.kill()
        child.wait(5)


def make_folder(folder: Path) -> None:
    """The data folder. Nobody else may list it; Postgres's account may walk through it to its own part.

    Raises UnableToStart.
    """
    try:
        folder.mkdir(mode=0o711 if os.geteuid() == 0 else 0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise UnableToStart(f"DATA_DIR={folder} cannot be used as a folder ({error.strerror}).") from error


def log_file(folder: Path, name: str) -> Path:
    """The log of that name; a long one of earlier starts is put aside first."""
    logs = folder / LOGS
    logs.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = logs / f"{name}.log"
    if path.exists() and path.stat().st_size > LOG_LIMIT_BYTES:
        path.replace(path.with_suffix(".log.1"))
    path.touch(mode=0o600)
    return path


def end_orphans(folder: Path, say: Callable[[str], None]) -> None:
    """What a killed supervisor left: wait for it to go, help where it does not.

    Only for whoever holds the lock of the folder. On Linux the kernel has told the orphans already; on
    systems that cannot, this is where they are stopped. Their work is lost already, so patience is short.
    """
    if not orphans(folder):
        return
    say("Waiting for the processes of an earlier start that was killed.")
    patience = DYING_SECONDS if sys.platform == "linux" else 0
    for number, seconds in ((None, patience), (signal.SIGTERM, ORPHAN_SECONDS), (signal.SIGKILL, ORPHAN_SECONDS)):
        for name, pid in orphans(folder).items():
            _signal_orphan(name, pid, number)
        deadline = time.monotonic() + seconds
        while orphans(folder):
            if time.monotonic() > deadline:
                break
            time.sleep(lock.POLL_SECONDS)


def orphans(folder: Path) -> dict[str, int]:
    paths = (folder / LOCKS).glob("*.lock")
    return {path.stem: int(path.read_text() or 0) for path in paths if lock.is_taken(path)}


def _signal_orphan(name: str, pid: int, number: signal.Signals | None) -> None:
    if number is None or not pid:
        return
    if name == "postgres" and number == signal.SIGTERM:
        number = signal.SIGINT  # SIGTERM would let it wait for its clients
    # The group, since the one whose number we know may be the one that was killed.
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, number)


def _own_lock(folder: Path, name: str) -> int:
    (folder / LOCKS).mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        return lock.take(folder / LOCKS / f"{name}.lock", wait_seconds=2 * DYING_SECONDS)
    except lock.Taken as taken:
        raise UnableToStart(
            f"A {name} (pid {taken.holder}) of another start is still running in {folder}. "
            f"Stop it with `kill -INT {taken.holder}` and start again."
        ) from None


def _through_launcher(program: Program, held: int) -> list[str]:
    account = program.account
    order = {
        "parent": os.getpid(),
        "signal": int(program.stop_signal),
        "lock": held,
        "account": (account.uid, account.gid) if account and not account.prefix else None,
    }
    prefix = account.prefix if account else ()
    return [sys.executable, "-I", "-S", launch.__file__, json.dumps(order), *prefix, *program.command]
