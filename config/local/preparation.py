"""Runs `manage.py` commands before web, worker and beat start: the schema, the demo data, the first admin."""

import json
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from config.local import children
from config.local.children import Child, Program
from config.local.instance import Instance
from config.local.lock import UnableToStart
from config.local.stop_switch import StopSwitch

POLL_SECONDS = 0.1
STOP_SECONDS = 10


@dataclass(frozen=True)
class Login:
    """Who may log in; the password is known only where it was made up just now."""

    username: str
    password: str | None
    created: bool


def run(instance: Instance, command: str, env: Mapping[str, str], switch: StopSwitch) -> None:
    """Runs `manage.py command` to its end. Raises UnableToStart with what it said, or Stopped."""
    _finish(_start(instance, command, env, speaks=False), switch)


def first_admin(instance: Instance, env: Mapping[str, str], switch: StopSwitch) -> Login:
    """Its password must not reach a log, so its output comes to us alone."""
    child = _start(instance, "create_first_admin", env, speaks=True)
    _finish(child, switch)
    answer = json.loads(child.output())
    return Login(str(answer["username"]), answer["password"], bool(answer["created"]))


def _start(instance: Instance, command: str, env: Mapping[str, str], *, speaks: bool) -> Child:
    line = [sys.executable, "manage.py", command]
    return Child(Program(command, line, signal.SIGTERM, env=env, cwd=instance.root, speaks=speaks), instance.data_dir)


def _finish(child: Child, switch: StopSwitch) -> None:
    try:
        while child.exit_code() is None:
            switch.wait(POLL_SECONDS)
    finally:
        children.stop([child], seconds=STOP_SECONDS)
    if child.exit_code() != 0:
        raise UnableToStart(f"`manage.py {child.name}` failed; {child.last_words()}")
