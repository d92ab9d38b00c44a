"""Names that strangers typed: what looks like one, and any text made fit for one line of a mail or a calendar. Pure."""

import re
import unicodedata

# What a person could be called; anything else (a link, a formula, markup) is no name to greet by.
NAME = re.compile(r"[^\W\d_]+\.?(?:['’\- ][^\W\d_]+\.?){0,4}")
MAX_NAME = 40
MAX_MARKS = 3  # on one letter: more than any language stacks
JOINERS = "\u200c\u200d"  # between letters of Persian and of Indian languages


def looks_like_name(text: str) -> bool:
    return len(text) <= MAX_NAME and NAME.fullmatch(text) is not None


def plain(text: str, limit: int = 100) -> str:
    """One line without anything invisible, and not longer than `limit`: safe to show, nothing to trust."""
    kept: list[str] = []
    marks = 0
    for char in text:
        category = unicodedata.category(char)
        marks = marks + 1 if category.startswith("M") else 0
        if char.isspace() or category in {"Cc", "Zl", "Zp"}:
            kept.append(" ")
        elif marks <= MAX_MARKS and (char in JOINERS or not category.startswith("C")):
            kept.append(char)
    line = " ".join("".join(kept).split())
    return line if len(line) <= limit else f"{line[: limit - 1].rstrip()}…"
