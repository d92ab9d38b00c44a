"""The secrets of `make run`: made once into DATA_DIR/secrets, kept, and read by every later command."""

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from config.local import private_files

FOLDER = "secrets"
# Given in the environment, these are left alone.
GIVEN = ("SECRET_KEY", "METRICS_TOKEN", "ERASURE_KEY")
# These belong to the embedded servers alone: a variable of the same name is meant for other servers.
OWN = ("POSTGRES_PASSWORD", "VALKEY_PASSWORD")


def ensure(data_dir: Path, environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Every secret that the environment does not give, made where it is missing."""
    folder = data_dir / FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    wanted = [name for name in GIVEN if not _is_given(name, environ)] + list(OWN)
    return {name: read(data_dir, name) or _make(folder / name) for name in wanted}


def read(data_dir: Path, name: str) -> str | None:
    """The kept secret; None where `make run` never made one here."""
    return private_files.read(data_dir / FOLDER / name)


def _is_given(name: str, environ: Mapping[str, str]) -> bool:
    return bool(environ.get(name, "").strip() or environ.get(f"{name}_FILE"))


def _make(path: Path) -> str:
    # URL-safe letters only: no `$`, which some readers of the environment take for another variable's name.
    value = secrets.token_urlsafe(48)
    private_files.write(path, value + "\n")
    return value
