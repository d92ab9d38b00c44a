"""What one `make run` is told: where it listens, where it keeps things, what its children are told."""

import errno
import os
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from config import env
from config.local import processes
from config.local.lock import UnableToStart
from config.local.servers import Urls

# A web process that lost its supervisor gives its open requests ten seconds.
LEAVING_SECONDS = 15
EVERYWHERE = {"0.0.0.0", "127.0.0.1", "::", "::1", "localhost"}  # noqa: S104


@dataclass(frozen=True)
class Instance:
    """`root` is the folder of manage.py."""

    root: Path
    data_dir: Path
    host: str
    port: int
    workers: int

    @property
    def url(self) -> str:
        """For people on this machine."""
        name = "localhost" if self.host in EVERYWHERE else self.host
        return f"http://[{name}]:{self.port}" if ":" in name else f"http://{name}:{self.port}"

    @property
    def public_url(self) -> str:
        return env.text("PUBLIC_BASE_URL", self.url)

    def embedded(self) -> list[str]:
        """The servers that the environment does not name."""
        broker_and_cache = env.text("BROKER_URL") and env.text("CACHE_URL")
        named = {"postgres": env.text("DATABASE_URL"), "valkey": env.text("REDIS_URL") or broker_and_cache}
        return [server for server, given in named.items() if not given]

    def environment(self, urls: Urls, secrets: dict[str, str]) -> dict[str, str]:
        """Of every child: what the operator set, completed by what runs here."""
        mine = {
            "DATABASE_URL": urls.database_url,
            "REDIS_URL": urls.redis_url,
            "SECRET_KEY": secrets.get("SECRET_KEY", ""),
            "METRICS_TOKEN": secrets.get("METRICS_TOKEN", ""),
        }
        told = {
            "HOST": self.host,
            "PORT": str(self.port),
            "DATA_DIR": str(self.data_dir),
            "PUBLIC_BASE_URL": self.public_url,
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "PYTHONUNBUFFERED": "1",
        }
        # The driver reads PGSSLMODE and its kin; they are meant for another server than ours.
        inherited = {
            name: value for name, value in os.environ.items() if not (urls.database_url and name.startswith("PG"))
        }
        return inherited | {name: value for name, value in mine.items() if value} | told

    def announcement(self, urls: Urls) -> dict[str, str]:
        """What other commands need to talk to this instance."""
        return {
            "DATABASE_URL": urls.database_url or env.text("DATABASE_URL"),
            "REDIS_URL": urls.redis_url or env.text("REDIS_URL"),
            "PUBLIC_BASE_URL": self.public_url,
            "PORT": str(self.port),
        }

    def commands(self) -> dict[str, list[str]]:
        return processes.commands(self.host, self.port, workers=self.workers)


def check_address(instance: Instance, *, patience: float, give_up: Callable[[], bool]) -> None:
    """Raises UnableToStart where nobody could listen on the address, at once or after `patience` seconds."""
    deadline = time.monotonic() + patience
    while (reason := _unable_to_listen(instance)) and time.monotonic() < deadline and not give_up():
        time.sleep(0.1)
    if reason:
        raise UnableToStart(reason)


def _unable_to_listen(instance: Instance) -> str:
    host, port = instance.host, instance.port
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            # Closed connections of an earlier run linger on the port and disturb nobody.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except PermissionError:
        return f"Port {port} needs rights that this account lacks. Use one above 1023: PORT=8000 make run"
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            return f"Port {port} is in use by another program. Use another one: PORT={port + 1} make run"
        why = error.strerror or error
        return f"HOST={host} is no address of this machine ({why}). Try: HOST=127.0.0.1 make run"
    return ""
