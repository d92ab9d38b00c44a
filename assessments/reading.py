"""Reads messages: text in, evidence with quotes out (`assessments.evidence`)."""

from assessments.evidence import Reading


def read(text: str) -> Reading | None:
    """What the text says, or None where there is nothing to read. Never raises."""
    return None
