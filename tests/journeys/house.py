"""The whole house as `make run` starts it, in a folder and on a port of its own, driven from outside."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import psycopg

from config.local.servers import free_ports
from tests.config.runs import ROOT, environment

START_SECONDS = 90


class House:
    """Web, worker, beat, PostgreSQL and Valkey under one supervisor."""

    def __init__(self, **env: str) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="truegap-journey-"))
        self.folder.chmod(0o755)  # as root, PostgreSQL runs under another account
        self.port = free_ports(1)[0]
        self.url = f"http://localhost:{self.port}"
        self.data = self.folder / "data"
        self.environment = environment(
            PORT=str(self.port),
            DATA_DIR=str(self.data),
            SUBMISSION_RATE="off",
            MAIL_DOMAIN_RATE="off",
            WEBHOOK_ALLOWED_NETWORKS="127.0.0.0/8",
            DJANGO_SUPERUSER_USERNAME="sally",
            DJANGO_SUPERUSER_EMAIL="sally@example.com",
            DJANGO_SUPERUSER_PASSWORD="a-long-word-for-tests",
            **env,
        )
        self._out = self.folder / "out.txt"

    def __enter__(self) -> "House":
        with self._out.open("w") as out:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "local"],
                cwd=ROOT, env=self.environment, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
            )  # fmt: skip
        self.until(lambda: "Truegap is ready" in self.said(), seconds=START_SECONDS)
        return self

    def __exit__(self, *_: object) -> None:
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(timeout=60)
        finally:
            self.process.kill()
            shutil.rmtree(self.folder, ignore_errors=True)

    def said(self) -> str:
        return self._out.read_text()

    def until(self, done: Callable[[], Any], *, seconds: float) -> Any:
        """What `done` gives as soon as it gives something; fails when it takes too long or the house ends."""
        deadline = time.monotonic() + seconds
        while not (result := done()):
            assert self.process.poll() is None, f"the house has ended:\n{self.said()}"
            assert time.monotonic() < deadline, f"still not so after {seconds} s:\n{self.said()}"
            time.sleep(0.05)
        return result

    def post(self, **fields: Any) -> httpx.Response:
        return httpx.post(f"{self.url}/api/v1/submissions/", json=fields, timeout=10)

    def command(self, *words: str) -> str:
        """What `manage.py` prints, as somebody beside the running house calls it."""
        call = [sys.executable, "manage.py", *words]
        return subprocess.run(call, cwd=ROOT, env=self.environment, check=True, capture_output=True, text=True).stdout

    def checks(self) -> tuple[int, dict[str, Any]]:
        answer = httpx.get(f"{self.url}/readyz", timeout=10)
        return answer.status_code, answer.json()

    def query(self, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.addresses()["DATABASE_URL"]) as connection:
            return connection.execute(sql, parameters).fetchall()

    def execute(self, *statements: str) -> None:
        """Several statements in one transaction."""
        with psycopg.connect(self.addresses()["DATABASE_URL"]) as connection:
            for statement in statements:
                connection.execute(statement)

    def addresses(self) -> dict[str, str]:
        """Where the servers of this house are."""
        found: dict[str, str] = json.loads((self.data / "run.json").read_text())
        return found

    def valkey_pid(self) -> int:
        """By its port: it writes its own title over its command line."""
        port = urlsplit(self.addresses()["REDIS_URL"]).port
        (pid,) = [
            int(process.name)
            for process in Path("/proc").glob("[0-9]*")
            if "valkey-server" in (words := cmdline(process)) and words.rstrip().endswith(f":{port}")
        ]
        return pid

    def pids(self, words: str) -> list[int]:
        """The processes of this house whose command line holds `words`, the oldest first."""
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                mine = str(self.data).encode() in (process / "environ").read_bytes()
            except OSError:
                continue
            if mine and words in cmdline(process):
                found.append(int(process.name))
        return sorted(found)

    def kill(self, words: str) -> None:
        """kill -9 for the whole group, as a machine that runs out of memory would."""
        for pid in self.pids(words):
            os.kill(pid, signal.SIGKILL)

    @contextmanager
    def admin(self) -> Iterator[httpx.Client]:
        """A logged-in browser of the salesperson."""
        with httpx.Client(base_url=self.url, follow_redirects=True, timeout=10) as browser:
            page = browser.get("/admin/login/")
            form = {"username": "sally", "password": "a-long-word-for-tests", **hidden(page.text)}
            answer = browser.post("/admin/login/?next=/admin/", data=form, headers={"Referer": self.url})
            assert "/admin/logout/" in answer.text
            yield browser

    def subscribe(self, url: str) -> str:
        """Adds a webhook endpoint in the admin, as an operator does; gives its secret, shown once."""
        with self.admin() as browser:
            path = "/admin/notifications/endpoint/add/"
            form = {"url": url, "event_types": "*", "active": "on", "include_contact": "on"}
            form |= hidden(browser.get(path).text)
            answer = browser.post(path, data=form, headers={"Referer": self.url})
        secret = re.search(r"whsec_[A-Za-z0-9+/=]+", answer.text)
        assert secret, "the admin did not show the signing secret"
        return secret[0]


def cmdline(process: Path) -> str:
    try:
        return (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def hidden(page: str) -> dict[str, str]:
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert token
    return {"csrfmiddlewaretoken": token[1]}
