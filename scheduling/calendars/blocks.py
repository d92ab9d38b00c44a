"""An iCalendar text taken apart into its events and time zones, without what nobody here needs to know.

Pure. Comes before `scheduling.calendars.feed`, which gives each block to the parser by itself: one broken event
then costs that event alone, and ten years of past meetings cost next to nothing. Titles, descriptions, places
and guests are dropped here, unread.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

# What decides when an event takes place and whether it takes its owner's time.
KEPT = frozenset(
    ("UID", "DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID", "SEQUENCE", "STATUS",
     "TRANSP", "X-MICROSOFT-CDO-BUSYSTATUS", "ATTENDEE")
)  # fmt: skip
REPEATS = ("RRULE", "RDATE", "RECURRENCE-ID")
FOLD = re.compile(r"\r?\n[ \t]")
NAME = re.compile(r"[^;:]*")
DAY = re.compile(r":(\d{8})(?:T|$)")


@dataclass
class Block:
    """One component as lines. `names` are the properties that it has."""

    kind: str
    lines: list[str] = field(default_factory=list)
    names: set[str] = field(default_factory=set)

    @property
    def text(self) -> str:
        return "\r\n".join((f"BEGIN:{self.kind}", *self.lines, f"END:{self.kind}", ""))

    @property
    def size(self) -> int:
        return sum(map(len, self.lines))

    def is_surely_outside(self, first: date, last: date) -> bool:
        """A single event whose own dates say that it neither ends after `first` nor starts before `last`."""
        if not self.names.isdisjoint(REPEATS):
            return False
        start, end = self._day("DTSTART"), self._day("DTEND")
        if end is None and "DURATION" not in self.names:
            end = start
        return bool((end and end < first.strftime("%Y%m%d")) or (start and start > last.strftime("%Y%m%d")))

    def _day(self, name: str) -> str | None:
        line = next((line for line in self.lines if line.upper().startswith(name)), "")
        found = DAY.search(line)
        return found[1] if found else None


def split(text: str) -> Iterator[Block]:
    """Every VEVENT, VTIMEZONE and VFREEBUSY; of events only what is kept, of time zones everything."""
    block: Block | None = None
    depth = 0
    for line in FOLD.sub("", text).splitlines():
        name = NAME.match(line)[0].upper()  # type: ignore[index]  # it matches the empty text, too
        value = line[len(name) + 1 :].strip().upper() if name in {"BEGIN", "END"} else ""
        if block is None:
            if name == "BEGIN" and value in {"VEVENT", "VTIMEZONE", "VFREEBUSY"}:
                block, depth = Block(value), 0
        elif name == "END" and depth == 0:
            yield block
            block = None
        else:
            depth += (name == "BEGIN") - (name == "END")
            if block.kind == "VTIMEZONE" or (depth == 0 and name in KEPT):
                block.lines.append(line)
                block.names.add(name)
