"""What `manage.py local` does: lock, address, secrets, servers, schema, processes, ready, watch, stop.

Before it comes the Makefile, after it nothing: when it ends, none of its processes is left.
"""

import os
import sys
import time
from contextlib import ExitStack
from typing import NoReturn, TextIO

from config import env as environment
from config.local import children, discovery, lock, preparation, readiness, secret_files
from config.local.family import Family
from config.local.instance import LEAVING_SECONDS, Instance, check_address
from config.local.lock import UnableToStart
from config.local.preparation import Login
from config.local.servers import Servers, Urls
from config.local.stop_switch import Stopped, StopSwitch

READY_SECONDS = 90
POLL_SECONDS = 0.25


def run(instance: Instance) -> int:
    """The exit code: 0 after a wanted stop, 1 after any other end."""
    return Supervisor(instance).run()


class Supervisor:
    """One run of one instance; call it from the main thread."""

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self.switch = StopSwitch(self._kill)
        self._servers: Servers | None = None
        self._family: Family | None = None
        self._login: Login | None = None

    def run(self) -> int:
        self.switch.install()
        with ExitStack() as cleanup:
            cleanup.callback(self.switch.disarm)
            try:
                self._start(cleanup)
                self._watch()
            except Stopped:
                say("Stopping … (Ctrl-C once more: at once)")
            except UnableToStart as error:
                say(f"manage.py local: {error}", sys.stderr)
                return 1
        return int(self.switch.hurried)

    def _start(self, cleanup: ExitStack) -> None:
        self._occupy(cleanup)
        say(f"Data, secrets and logs are in {self.instance.data_dir}")
        secrets = secret_files.ensure(self.instance.data_dir)
        urls = self._start_servers(cleanup, secrets)
        env = self.instance.environment(urls, secrets)
        discovery.announce(self.instance.data_dir, self.instance.announcement(urls))
        cleanup.callback(discovery.withdraw, self.instance.data_dir)
        self._prepare(cleanup, env)
        self._start_family(cleanup, env)
        say(f"Truegap is ready: {self.instance.url}")
        self._tell_login()
        if not environment.text("EMAIL_URL"):
            say(f"Mails are kept as files in {self.instance.data_dir / 'mail'}, since EMAIL_URL is not set.")

    def _occupy(self, cleanup: ExitStack) -> None:
        """The folder and the address are ours alone, and nothing of a killed start is left."""
        folder = self.instance.data_dir
        children.make_folder(folder)
        cleanup.callback(os.close, lock.take_folder(folder))
        killed = discovery.left_behind(folder) or {}
        discovery.withdraw(folder)
        children.end_orphans(folder, say)
        # Web processes of a killed start may still be leaving their port; a stranger's port is named at once.
        patience = LEAVING_SECONDS if killed.get("PORT") == str(self.instance.port) else 0
        check_address(self.instance, patience=patience, give_up=lambda: self.switch.is_asked)

    def _start_servers(self, cleanup: ExitStack, secrets: dict[str, str]) -> Urls:
        embedded = self.instance.embedded()
        if not embedded:
            return Urls()
        say(f"Starting {' and '.join(embedded)} …")
        self._servers = Servers(
            self.instance.data_dir,
            postgres_password=secrets["POSTGRES_PASSWORD"],
            valkey_password=secrets["VALKEY_PASSWORD"],
            only=embedded,
        )
        cleanup.callback(self._servers.stop)
        return self._servers.start()

    def _prepare(self, cleanup: ExitStack, env: dict[str, str]) -> None:
        say("Preparing the database …")
        preparation.run(self.instance, "migrate", env, self.switch)
        preparation.run(self.instance, "seed_demo", env, self.switch)
        self._login = preparation.first_admin(self.instance, env, self.switch)
        # A password that was made up is told in any case: nobody could ask for it again.
        cleanup.callback(self._tell_login)

    def _start_family(self, cleanup: ExitStack, env: dict[str, str]) -> None:
        say("Starting web, worker and beat …")
        self._family = Family(self.instance, env, say)
        cleanup.callback(self._family.stop)
        deadline = time.monotonic() + READY_SECONDS
        self._family.look_after()
        while missing := readiness.missing(self.instance):
            if time.monotonic() > deadline:
                reasons = "; ".join(f"{name}: {reason}" for name, reason in missing.items())
                logs = self.instance.data_dir / children.LOGS
                raise UnableToStart(f"Not ready after {READY_SECONDS} s. {reasons}. The logs are in {logs}")
            self._turn()
            self._family.check_start()

    def _watch(self) -> NoReturn:
        while True:
            self._turn()

    def _turn(self) -> None:
        """One look at everything. Raises Stopped, or UnableToStart where we cannot go on."""
        self.switch.wait(POLL_SECONDS)
        if self._servers and (failure := self._servers.failed()):
            raise UnableToStart(f"{failure}. Stopping everything.")
        if self._family:
            self._family.look_after()

    def _tell_login(self) -> None:
        if self._login:
            say(describe(self._login, f"{self.instance.url}/admin/"))
        self._login = None

    def _kill(self) -> None:
        if self._family:
            self._family.kill()
        if self._servers:
            self._servers.kill()


def describe(login: Login, address: str) -> str:
    """How to log in, in one line."""
    who = f"Log in at {address} as {login.username}"
    if login.password:
        return f"{who} with the password {login.password}"
    if login.created or environment.text("DJANGO_SUPERUSER_PASSWORD"):
        return f"{who} with the password of DJANGO_SUPERUSER_PASSWORD"
    return (
        f"{who} with the password that the first start printed "
        f"(a new one: .venv/bin/python manage.py changepassword {login.username})"
    )


def say(line: str, to: TextIO | None = None) -> None:
    """To whoever watches; a terminal that was closed must not keep us from stopping in order."""
    stream = to or sys.stdout
    speakable = line.encode(stream.encoding, "replace").decode(stream.encoding)  # not every terminal has all letters
    try:
        print(speakable, file=stream, flush=True)
    except OSError:
        return
