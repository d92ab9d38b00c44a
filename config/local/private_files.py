"""Writes a file that only its owner may read, whole or not at all; secrets and the run file are such."""

import contextlib
import os
from pathlib import Path


def write(path: Path, text: str) -> None:
    """Replaces `path`. A kill at any moment leaves the old file or the new one, never a half."""
    draft = path.with_name(f"{path.name}.new")
    with contextlib.suppress(FileNotFoundError):
        draft.unlink()  # left by a kill, maybe with another mode
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(descriptor)
    draft.replace(path)


def read(path: Path) -> str | None:
    """The text without surrounding space; None where the file is missing, empty or not ours to read."""
    try:
        return path.read_text(encoding="utf-8").strip() or None
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return None
