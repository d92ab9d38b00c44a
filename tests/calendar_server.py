"""A real calendar server: Radicale as a process of its own, with a login to write and one folder that all may read."""

import contextlib
import os
import subprocess
import sys
import time
from pathlib import Path

import httpx

from config.local.servers import free_ports

CONFIG = """
[server]
hosts = 127.0.0.1:{port}
[auth]
type = htpasswd
htpasswd_filename = {folder}/users
htpasswd_encryption = plain
[rights]
type = from_file
file = {folder}/rights
[storage]
filesystem_folder = {folder}/data
[web]
type = none
[logging]
level = warning
"""
RIGHTS = """
[owner]
user: grace
collection: grace(/.*)?
permissions: RrWw
[published]
user: .*
collection: [^/]+/published
permissions: r
"""
LOGIN = ("grace", "secret-of-grace")


class CalendarServer:
    """`put` and `delete` are what a calendar app does; `url` is the published feed, which needs no login."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_ports(1)[0]
        self._process: subprocess.Popen[bytes] | None = None
        (folder / "users").write_text(":".join(LOGIN))
        (folder / "rights").write_text(RIGHTS)
        (folder / "config").write_text(CONFIG.format(port=self.port, folder=folder))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/grace/published/"

    def start(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "radicale", "--config", str(self.folder / "config")],
            env={**os.environ, "RADICALE_CONFIG": ""},
        )
        deadline = time.monotonic() + 20
        while True:
            with contextlib.suppress(httpx.HTTPError):
                self._call("GET", f"http://127.0.0.1:{self.port}/.web")
                break
            assert time.monotonic() < deadline, "Radicale does not answer."
            time.sleep(0.05)
        if not (self.folder / "data" / "collection-root" / "grace" / "published").exists():
            made = self._call("MKCALENDAR", self.url)
            assert made.status_code == 201, made.text

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)
            self._process = None

    def put(self, name: str, *lines: str) -> None:
        text = "\r\n".join(("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//tests//EN", "BEGIN:VEVENT", f"UID:{name}",
                            "DTSTAMP:20261101T000000Z", "SUMMARY:Lunch with a rival", *lines, "END:VEVENT",
                            "END:VCALENDAR", ""))  # fmt: skip
        answer = self._call("PUT", f"{self.url}{name}.ics", text, **{"Content-Type": "text/calendar"})
        assert answer.status_code == 201, answer.text

    def delete(self, name: str) -> None:
        assert self._call("DELETE", f"{self.url}{name}.ics").status_code == 200

    def _call(self, method: str, url: str, text: str = "", **headers: str) -> httpx.Response:
        return httpx.request(method, url, content=text, headers=headers, auth=LOGIN, trust_env=False)

    def __enter__(self) -> "CalendarServer":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
