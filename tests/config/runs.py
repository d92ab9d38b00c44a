"""Scripts that run in processes of their own, so that a test may kill them as a machine would."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

OUTSIDE = {
    *("DATABASE_URL", "REDIS_URL", "BROKER_URL", "CACHE_URL", "EMAIL_URL", "PUBLIC_BASE_URL"),
    *("SECRET_KEY", "METRICS_TOKEN", "ERASURE_KEY", "HOST", "PORT", "DATA_DIR"),
}


class Run:
    """A Python script that works in the project's folder; what it says goes to a file that tests look at."""

    def __init__(self, source: str, *arguments: object, out: Path, **options: object) -> None:
        self.out = out
        settings = {"cwd": ROOT, "stdin": subprocess.DEVNULL, "stderr": subprocess.STDOUT, **options}
        interpreter = settings.pop("interpreter", sys.executable)
        with out.open("w") as file:
            self.process = subprocess.Popen([interpreter, "-c", source, *map(str, arguments)], stdout=file, **settings)

    def said(self) -> str:
        return self.out.read_text()

    def wait_for(self, text: str, *, seconds: float = 30) -> str:
        """The line that holds `text`. Fails when the script ends without saying it."""
        until(lambda: text in self.said() or self.process.poll() is not None, seconds=seconds)
        lines = [line for line in self.said().splitlines() if text in line]
        assert lines, f"'{text}' was never said, but:\n{self.said()}"
        return lines[0]

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def end(self, *, seconds: float = 30) -> int:
        """Its exit code."""
        return self.process.wait(timeout=seconds)


def until(done: Callable[[], object], *, seconds: float = 10) -> None:
    """Looks again and again. Fails when it takes too long."""
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, f"still not so after {seconds} s"
        time.sleep(0.05)


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def environment(**changes: str) -> dict[str, str]:
    """Ours without what would point a start at other servers."""
    kept: Mapping[str, str] = {name: value for name, value in os.environ.items() if name not in OUTSIDE}
    return {**kept, "PYTHONPATH": str(ROOT), **changes}


def processes_of(folder: Path) -> list[str]:
    """The command lines of all living processes that were told to keep their data in `folder` (Linux)."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            environ, command = (process / "environ").read_bytes(), (process / "cmdline").read_bytes()
        except OSError:
            continue
        if str(folder).encode() in environ + command and command:
            found.append(command.replace(b"\0", b" ").decode())
    return found


def interpreter_for_everybody() -> str | None:
    """A Python of our version that other accounts may run; ours may live in somebody's home."""
    name = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for candidate in (os.path.realpath(sys.executable), shutil.which(name, path="/usr/bin:/usr/local/bin")):
        if candidate and all(step.stat().st_mode & 0o001 for step in Path(candidate).parents):
            return candidate
    return None
