"""The embedded Postgres: makes its cluster once, starts it, waits until it answers, makes the database."""

import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from config.local import account, binaries
from config.local.children import Child, Program
from config.local.lock import UnableToStart

NAME = "postgres"
DATABASE = "truegap"
# Recovery after a crash replays the log first, which takes longer the more was written.
ANSWER_SECONDS = 120
POLL_SECONDS = 0.05
LOCALE = (
    ["--locale=C.UTF-8"]
    if sys.platform == "linux"
    else ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
)
EXISTS = f"SELECT 1 FROM pg_database WHERE datname = '{DATABASE}'"  # noqa: S608


@dataclass(frozen=True)
class Postgres:
    """One cluster in `folder`/pg, reachable by its password on one port of the loopback address."""

    folder: Path
    port: int
    password: str
    name = NAME

    @property
    def url(self) -> str:
        return f"postgres://postgres:{quote(self.password, safe='')}@127.0.0.1:{self.port}/{DATABASE}"

    @property
    def cluster(self) -> Path:
        return self.folder / "pg"

    def start(self) -> Child:
        """Raises UnableToStart."""
        programs = binaries.postgres_folder()
        runs_as = account.for_postgres(self.cluster, programs / "postgres")
        if not self.cluster.exists():
            self._make_cluster(programs, runs_as)
        account.hand_over(self.cluster, runs_as)
        program = self._program(self._server_command(programs), runs_as)
        return Child(program, self.folder, self._forget_the_dead)

    def wait(self, server: Child) -> None:
        """Until it takes connections and the database is there. Raises UnableToStart."""
        deadline = time.monotonic() + ANSWER_SECONDS
        while (found := self._ask(EXISTS)).returncode != 0:
            if "password authentication failed" in found.stderr:
                raise UnableToStart(
                    f"{self.cluster} has another password than {self.folder / 'secrets/POSTGRES_PASSWORD'}. "
                    "Put the old one back there, or use another folder: DATA_DIR=.data2 make run"
                )
            if server.exit_code() is not None or time.monotonic() > deadline:
                raise UnableToStart(f"Postgres did not start; {server.last_words()}")
            time.sleep(POLL_SECONDS)
        if found.stdout.strip() != "1":
            self._ask(f"CREATE DATABASE {DATABASE}").check_returncode()

    def _make_cluster(self, programs: Path, runs_as: account.Account | None) -> None:
        """Beside its place and then moved there, so that a kill in the middle leaves no half cluster."""
        draft, password_file = self.folder / "pg.new", self.folder / "pg.password"
        command = [
            str(programs / "initdb"),
            f"--pgdata={draft}",
            "--username=postgres",
            "--encoding=UTF8",
            "--auth=scram-sha-256",
            f"--pwfile={password_file}",
            "--no-instructions",
            *LOCALE,
        ]

        def prepare() -> None:
            shutil.rmtree(draft, ignore_errors=True)
            password_file.unlink(missing_ok=True)
            draft.mkdir(mode=0o700)
            account.hand_over(draft, runs_as)
            password_file.touch(mode=0o600)
            password_file.write_text(self.password + "\n", encoding="utf-8")
            account.hand_over(password_file, runs_as)

        try:
            making = Child(self._program(command, runs_as), self.folder, prepare)
            if not making.wait(ANSWER_SECONDS) or making.exit_code() != 0:
                making.kill()
                raise UnableToStart(f"initdb failed; {making.last_words()}")
        finally:
            password_file.unlink(missing_ok=True)
        draft.rename(self.cluster)

    def _program(self, command: list[str], runs_as: account.Account | None) -> Program:
        # SIGINT is Postgres's fast shutdown, which ends its sessions; SIGTERM would wait for them. SIGQUIT
        # leaves at once but, unlike SIGKILL, takes the sessions along.
        return Program(NAME, command, signal.SIGINT, signal.SIGQUIT, env=without_postgres_settings(), account=runs_as)

    def _server_command(self, programs: Path) -> list[str]:
        settings = (
            "listen_addresses=127.0.0.1",
            "unix_socket_directories=",
            # A statement that fails is written out with its values, which are people's.
            "log_min_error_statement=panic",
            "log_error_verbosity=terse",
        )
        options = [word for setting in settings for word in ("-c", setting)]
        return [str(programs / "postgres"), "-D", str(self.cluster), "-p", str(self.port), *options]

    def _forget_the_dead(self) -> None:
        """Removes the pid file of a server that is no more; Postgres itself would be taken in by it.

        We hold the lock that every process of an earlier start inherited, so none of them lives. But where
        nobody reaps, a killed server stays as a zombie, and after a restart of a container its number is
        some other process's. Only a server that somebody started by hand in this very folder counts.
        """
        pid_file = self.cluster / "postmaster.pid"
        if not Path("/proc/self/cwd").exists() or not pid_file.exists():
            return
        pid = pid_file.read_text(encoding="utf-8").partition("\n")[0].strip()
        try:
            works_here = Path(f"/proc/{int(pid)}/cwd").readlink() == self.cluster.resolve()
        except (OSError, ValueError):
            works_here = False
        if not works_here:
            pid_file.unlink()

    def _ask(self, query: str) -> subprocess.CompletedProcess[str]:
        """One query through psql, which needs no driver and no account of its own."""
        address = ["-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres", "-d", "postgres"]
        return subprocess.run(
            [str(binaries.postgres_folder() / "psql"), "-XqtAw", *address, "-c", query],
            env=without_postgres_settings() | {"PGPASSWORD": self.password, "PGCONNECT_TIMEOUT": "5"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )


def without_postgres_settings() -> dict[str, str]:
    """The environment without PGSSLMODE and its kin, which are meant for other servers than ours."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")}
