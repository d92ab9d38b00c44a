"""The embedded Valkey: starts it and waits until it answers; the broker and the cache live in it."""

import os
import signal
import socket
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from config.local import binaries
from config.local.children import Child, Program
from config.local.lock import UnableToStart

NAME = "valkey"
ANSWER_SECONDS = 60
POLL_SECONDS = 0.02


@dataclass(frozen=True)
class Valkey:
    """One server with its append-only file in `folder`/valkey, on one port of the loopback address."""

    folder: Path
    port: int
    password: str
    name = NAME

    @property
    def url(self) -> str:
        return f"redis://:{quote(self.password, safe='')}@127.0.0.1:{self.port}"

    def start(self) -> Child:
        """Raises UnableToStart."""
        data = self.folder / "valkey"
        data.mkdir(mode=0o700, exist_ok=True)
        options = {
            "bind": "127.0.0.1",
            "port": str(self.port),
            "dir": str(data),
            "appendonly": "yes",
            "appendfsync": "everysec",
            "save": "",
            # A broker that evicts says "queued" and forgets.
            "maxmemory-policy": "noeviction",
        }
        words = [word for name, value in options.items() for word in (f"--{name}", value)]
        command = [str(binaries.valkey_server()), "-", *words]
        # The password goes through standard input: `--requirepass` would show it in every list of processes.
        feed = f'requirepass "{self.password}"\n'
        return Child(Program(NAME, command, signal.SIGTERM, env=os.environ, feed=feed), self.folder)

    def wait(self, server: Child) -> None:
        """Until it has read its file and answers. Raises UnableToStart."""
        deadline = time.monotonic() + ANSWER_SECONDS
        while not self._answers():
            if server.exit_code() is not None or time.monotonic() > deadline:
                raise UnableToStart(f"Valkey did not start; {server.last_words()}")
            time.sleep(POLL_SECONDS)

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=2) as connection:
                connection.sendall(f'AUTH "{self.password}"\r\nPING\r\n'.encode())
                reply = connection.makefile("rb")
                return reply.readline() == b"+OK\r\n" and reply.readline() == b"+PONG\r\n"
        except OSError:
            return False
