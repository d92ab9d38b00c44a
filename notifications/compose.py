"""Builds the two parts of a mail from one body of paragraphs: text and HTML. Pure but for escaping.

A body is paragraphs with an empty line between them. `{{ name }}` stands for a value; a paragraph that is
nothing but a placeholder may be a list or a button, and so may the last line of one, after words that lead to
it; a paragraph whose values are all empty is left out. Line breaks within a value that stands alone are kept.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.html import escape

from intake.names import looks_like_name

PLACEHOLDER = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")
PLACEHOLDERS = (
    "greeting", "headline", "meaning", "reasons", "takes_on", "cost", "asked_otherwise", "time", "other_times",
    "advisor", "firm", "button", "finding", "question",
)  # fmt: skip


@dataclass(frozen=True)
class Button:
    """A link that stands out: its words and where it goes."""

    label: str
    url: str


@dataclass(frozen=True)
class Moment:
    """A time that stands out, and what belongs to it: one line each."""

    when: str
    lines: tuple[str, ...] = ()


@dataclass(frozen=True)
class Link:
    """An address after the words that lead to it; as text and without a label it is written out."""

    words: str
    url: str
    label: str = ""


@dataclass(frozen=True)
class Choices:
    """Addresses to choose one from, a line each; nothing where there are none."""

    links: tuple[Link, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.links)


@dataclass(frozen=True)
class Group:
    """Several parts that belong to one value, in their order."""

    parts: "tuple[Value, ...]"

    def __bool__(self) -> bool:
        return any(self.parts)


Value = str | Sequence[str] | Button | Moment | Link | Choices | Group


# These may be a list or a button, which needs a line to itself.
BLOCKS = {"reasons", "time", "other_times", "button"}


def complaint(text: str, *, is_line: bool) -> str:
    """The first of `complaints`; empty where there is none."""
    return next(iter(complaints(text, is_line=is_line)), "")


def complaints(text: str, *, is_line: bool) -> list[str]:
    """What is wrong with words that staff wrote, a sentence each with its line. A subject is one line."""
    lines = text.splitlines()
    found = []
    for number, line in enumerate(lines, start=1):
        where = "" if is_line else f"Line {number}: "
        is_last = not "".join(lines[number : number + 1]).strip()
        found += [where + problem for problem in [*_unreadable(line), *_misplaced(line, is_line, is_last)]]
    return found


def _unreadable(line: str) -> list[str]:
    unknown = [name for name in PLACEHOLDER.findall(line) if name not in PLACEHOLDERS]
    is_open = re.search("{{|}}", PLACEHOLDER.sub("", line))
    return [
        *(f"There is no placeholder “{name}”. Known are: {', '.join(PLACEHOLDERS)}." for name in unknown),
        *(["A placeholder is not closed: each has two braces on both sides."] if is_open else []),
    ]


def _misplaced(line: str, is_line: bool, is_last: bool) -> list[str]:  # noqa: FBT001
    blocks = [name for name in PLACEHOLDER.findall(line) if name in BLOCKS]
    if is_line:
        return [f"“{name}” is more than a line, so it cannot stand in the subject." for name in blocks]
    if PLACEHOLDER.fullmatch(line.strip()) and is_last:
        return []
    return [f"“{name}” must stand alone on the last line of its paragraph." for name in blocks]


def fill_line(line: str, values: Mapping[str, Value]) -> str:
    """A subject: placeholders filled with plain text, on one line."""
    return " ".join(PLACEHOLDER.sub(lambda match: str(values[match[1]]), line).split())


def fill(body: str, values: Mapping[str, Value]) -> tuple[str, str]:
    """The text and the HTML of the body. Raises KeyError for a placeholder without a value."""
    texts: list[str] = []
    htmls: list[str] = []
    for paragraph in re.split(r"\n\s*\n", body.strip()):
        names = PLACEHOLDER.findall(paragraph)
        if names and not any(values[name] for name in names):
            continue
        parts = _parts(paragraph, values)
        texts.append("\n".join(map(_as_text, parts)))
        htmls += map(_as_html, parts)
    return "\n\n".join(texts), "\n".join(htmls)


def _parts(paragraph: str, values: Mapping[str, Value]) -> list[Value]:
    """One paragraph as its words and the list or button on its last line, where there is one."""
    *lead, last = paragraph.strip().splitlines() or [""]
    alone = PLACEHOLDER.fullmatch(last.strip())
    if alone and (not lead or not isinstance(values[alone[1]], str)):
        return [*([_sentence(" ".join(lead), values)] if lead else []), values[alone[1]]]
    return [_sentence(paragraph, values)]


def _sentence(paragraph: str, values: Mapping[str, Value]) -> str:
    return " ".join(PLACEHOLDER.sub(lambda match: str(values[match[1]]), paragraph).split())


def _as_text(value: Value) -> str:
    if isinstance(value, Button):
        return f"{value.label}:\n{value.url}"
    if isinstance(value, Moment):
        return "\n".join((value.when, *value.lines))
    if isinstance(value, Link):
        return f"{value.words}: {value.url}"
    if isinstance(value, Choices):
        return "\n".join(f"- {link.words}:\n  {link.url}" for link in value.links)
    if isinstance(value, Group):
        return "\n\n".join(_as_text(part) for part in value.parts if part)
    if isinstance(value, str):
        return value
    return "\n".join(f"- {item}" for item in value)


def _as_html(value: Value) -> str:
    if isinstance(value, Button):
        return f'<p class="action"><a class="button" href="{escape(value.url)}">{escape(value.label)}</a></p>'
    if isinstance(value, Moment):
        return f'<p class="when"><strong>{escape(value.when)}</strong>{"".join(map(_line, value.lines))}</p>'
    if isinstance(value, Link):
        return f'<p>{escape(value.words)}: <a href="{escape(value.url)}">{escape(value.label or value.url)}</a></p>'
    if isinstance(value, Choices):
        items = (f'<li><a href="{escape(link.url)}">{escape(link.words)}</a></li>' for link in value.links)
        return f"<ul>{''.join(items)}</ul>"
    if isinstance(value, Group):
        return "\n".join(_as_html(part) for part in value.parts if part)
    if isinstance(value, str):
        return f"<p>{'<br>'.join(map(escape, value.splitlines()))}</p>"
    return f"<ul>{''.join(f'<li>{escape(item)}</li>' for item in value)}</ul>"


def _line(text: str) -> str:
    return f"<br>{escape(text)}"


def greeting(name: str) -> str:
    """“Hello Ada Lovelace,”, and “Hello,” for what does not look like a name: a stranger may have typed it."""
    return f"Hello {name}," if looks_like_name(name) else "Hello,"
