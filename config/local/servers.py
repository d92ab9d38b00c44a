"""Embedded Postgres and Valkey as one thing that starts, stops and fails; for `make run` and the tests.

Crash-safe by three means: the kernel stops both when we are killed, each holds a lock that dies with it, and
both keep their data in files that survive a kill. Nothing here knows Django.
"""

import socket
from collections.abc import Collection
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from config.local import children
from config.local.postgres import Postgres
from config.local.valkey import Valkey

STOP_SECONDS = 20
ALL = ("postgres", "valkey")


@dataclass(frozen=True)
class Urls:
    """Where the servers are; empty for one that was not wanted."""

    database_url: str = ""
    redis_url: str = ""


class Servers:
    """Start them from the main thread. `only` leaves out what somebody else provides."""

    def __init__(
        self, folder: Path, *, postgres_password: str, valkey_password: str = "", only: Collection[str] = ALL
    ) -> None:
        self.folder = folder.absolute()
        self._passwords = {"postgres": postgres_password, "valkey": valkey_password or postgres_password}
        self._only = only
        self._running: dict[str, children.Child] = {}

    def start(self) -> Urls:
        """Returns when both answer. Raises UnableToStart, and then nothing of it keeps running."""
        children.make_folder(self.folder)
        servers = self._servers()
        with ExitStack() as on_failure:
            on_failure.callback(self.stop)
            for server in servers:
                self._running[server.name] = server.start()
            for server in servers:
                server.wait(self._running[server.name])
            on_failure.pop_all()
        urls = {server.name: server.url for server in servers}
        return Urls(database_url=urls.get("postgres", ""), redis_url=urls.get("valkey", ""))

    def _servers(self) -> list[Postgres | Valkey]:
        ports = free_ports(2)
        both: list[Postgres | Valkey] = [
            Postgres(self.folder, ports[0], self._passwords["postgres"]),
            Valkey(self.folder, ports[1], self._passwords["valkey"]),
        ]
        return [server for server in both if server.name in self._only]

    def stop(self) -> None:
        """Valkey and Postgres are asked together; who has not gone after 20 s is killed."""
        children.stop(self._running.values(), seconds=STOP_SECONDS)
        self._running.clear()

    def kill(self) -> None:
        """At once, without waiting for anything; what was acknowledged is on disk."""
        for child in self._running.values():
            child.kill(child.program.quit_signal)

    def failed(self) -> str | None:
        """Which server ended by itself, and where it says why."""
        for child in self._running.values():
            if child.exit_code() is not None:
                return f"{child.name} stopped by itself (exit code {child.exit_code()}); see {child.log}"
        return None


def free_ports(count: int) -> list[int]:
    """Ports of the loopback address that nobody uses right now, all different."""
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
