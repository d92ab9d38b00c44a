"""Web, worker and beat: started together, restarted when one dies, stopped in an order that loses nothing."""

import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from config.local import children
from config.local.children import Child, Program
from config.local.instance import Instance
from config.local.lock import UnableToStart

LONGEST_WAIT_SECONDS = 30
# One that ran this long has recovered: its next death is a new story.
HEALTHY_SECONDS = 60
# Before the first "ready" a process that keeps dying will not come right by itself.
DEATHS_AT_START = 3
# The web process first, so that nothing new comes in; the worker then finishes or hands back what it holds.
STOP_ORDER = ((("web",), 20), (("worker", "beat"), 60))


@dataclass
class Member:
    """One process and its history."""

    program: Program
    child: Child | None = None
    started_at: float = 0.0
    deaths: int = 0
    due_at: float = 0.0


class Family:
    """All processes of one instance. `say` gets one line per death."""

    def __init__(self, instance: Instance, env: Mapping[str, str], say: Callable[[str], None]) -> None:
        self._folder = instance.data_dir
        self._say = say
        self._members = {
            name: Member(_program(name, command, env, instance.root)) for name, command in instance.commands().items()
        }

    def look_after(self) -> None:
        """Starts whoever is due; call it every now and then. Raises UnableToStart."""
        for name, member in self._members.items():
            if member.child and member.child.exit_code() is not None:
                self._mourn(name, member, member.child)
            if member.child is None and time.monotonic() >= member.due_at:
                member.child = Child(member.program, self._folder)
                member.started_at = time.monotonic()

    def check_start(self) -> None:
        """Raises UnableToStart for a process that died again and again."""
        for name, member in self._members.items():
            if member.deaths >= DEATHS_AT_START:
                log = children.log_file(self._folder, name)
                raise UnableToStart(f"{name} ended {member.deaths} times; {log} ends:\n{children.tail(log)}")

    def stop(self) -> None:
        for names, seconds in STOP_ORDER:
            going = [member.child for name in names if (member := self._members[name]) and member.child]
            children.stop(going, seconds=seconds)

    def kill(self) -> None:
        for member in self._members.values():
            if member.child:
                member.child.kill()

    def _mourn(self, name: str, member: Member, child: Child) -> None:
        child.kill()  # what it left behind in its group still holds its port or its tasks
        if time.monotonic() - member.started_at > HEALTHY_SECONDS:
            member.deaths = 0
        wait = min(LONGEST_WAIT_SECONDS, 2**member.deaths)
        member.deaths += 1
        member.child, member.due_at = None, time.monotonic() + wait
        how = f"exit code {child.exit_code()}"
        self._say(f"{name} ended ({how}), starting it again in {wait} s; see {child.log}")


def _program(name: str, command: list[str], env: Mapping[str, str], root: Path) -> Program:
    return Program(name, command, signal.SIGTERM, env=env, cwd=root)
