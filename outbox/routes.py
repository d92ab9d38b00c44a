"""What follows from an event: the value that a row of settings.OUTBOX_ROUTES is made of.

Pure. `config.settings` writes the table, `outbox.outbox` reads it when an event is published.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Route:
    """One task that an event starts.

    `after` names a task of the same event that goes first: this one waits until that one is settled,
    but never longer than `within_seconds`, so a dead neighbour costs time and never the effect.
    """

    task: str
    after: str = ""
    within_seconds: int = 0


def as_route(entry: "str | Route") -> Route:
    """A bare task name is a route that waits for nobody."""
    return entry if isinstance(entry, Route) else Route(task=entry)
