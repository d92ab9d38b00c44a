"""Where the servers of a running `make run` are: it announces them, and other commands find them here."""

import contextlib
import json
from pathlib import Path

from config.local import lock, private_files

NAME = "run.json"


def announce(data_dir: Path, values: dict[str, str]) -> None:
    """Called by the one instance that holds the folder's lock."""
    private_files.write(data_dir / NAME, json.dumps(values, indent=1) + "\n")


def withdraw(data_dir: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        (data_dir / NAME).unlink()


def find(data_dir: Path) -> dict[str, str] | None:
    """What was announced, while the instance that announced it still runs; else None."""
    values = left_behind(data_dir)
    # The file outlives a `kill -9`, the lock does not.
    return values if values and lock.is_taken(data_dir / lock.NAME) else None


def left_behind(data_dir: Path) -> dict[str, str] | None:
    """What was announced and not withdrawn, by a living instance or by one that was killed."""
    text = private_files.read(data_dir / NAME)
    if not text:
        return None
    try:
        values = json.loads(text)
    except ValueError:
        return None
    return {str(name): str(value) for name, value in values.items()} if isinstance(values, dict) else None
