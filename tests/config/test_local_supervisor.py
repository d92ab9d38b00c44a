"""`manage.py local` from outside: what it says, what it restarts, and that nothing outlives it.

Most tests run a small project in its place: real processes with the same manners, without Django's weight.
The two journeys at the end run the real one.
"""

import os
import re
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from config.local import children, secret_files
from config.local.servers import free_ports
from tests.config import runs

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")

# A supervisor of the small project: web, worker and beat are scripts in its folder.
DRIVER = """
import os, sys
from pathlib import Path
from config.local import children, supervisor
from config.local.instance import Instance

class Small(Instance):
    def commands(self):
        return {
            "web": [sys.executable, "web.py", str(self.port)],
            "worker": [sys.executable, "sleeper.py", "worker"],
            "beat": [sys.executable, "sleeper.py", "beat"],
        }

children.DYING_SECONDS = children.ORPHAN_SECONDS = float(os.environ.get("ORPHAN_SECONDS", 10))
supervisor.READY_SECONDS = float(os.environ.get("READY_SECONDS", 30))
data_dir = Path(os.environ["DATA_DIR"])
sys.exit(supervisor.run(Small(Path(sys.argv[1]), data_dir, "127.0.0.1", int(os.environ["PORT"]), 1)))
"""
MANAGE = """
import json, os, sys
if sys.argv[1] == os.environ.get("FAILING"):
    sys.exit("the reason why")
if sys.argv[1] == "create_first_admin":
    print(json.dumps({"username": "admin", "password": os.environ.get("MADE_UP"), "created": True}))
"""
# Ready as soon as worker and beat have said that they are there.
WEB = """
import http.server, json, os, pathlib, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        checks = {name: "ok" if pathlib.Path(os.environ["DATA_DIR"], name).exists() else "silent"
                  for name in ("worker", "beat")}
        status = "ok" if set(checks.values()) == {"ok"} else "degraded"
        body = json.dumps({"status": status, "checks": checks}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""
SLEEPER = """
import os, pathlib, signal, socket, sys, time
name = sys.argv[1]
if name == os.environ.get("DYING"):
    sys.exit("cannot live like this")
def stop(*_):
    with socket.socket() as probe:
        web = "gone" if probe.connect_ex(("127.0.0.1", int(os.environ["PORT"]))) else "there"
    print(name, "is asked to stop, web is", web, flush=True)
    sys.exit(0)
signal.signal(signal.SIGTERM, signal.SIG_IGN if name == os.environ.get("STUBBORN") else stop)
if name != os.environ.get("SILENT"):
    pathlib.Path(os.environ["DATA_DIR"], name).touch()
time.sleep(600)
"""
MAKE_RUN = """
import os, sys
os.execv(sys.executable, [sys.executable, "manage.py", "local"])
"""
OUTSIDE = {"DATABASE_URL": "postgres://outside/db", "REDIS_URL": "redis://outside"}


class Site:
    """One project folder, one data folder, one port: whatever is started here is the same instance."""

    def __init__(self, folder: Path, run: Callable[..., runs.Run]) -> None:
        self.root, self.data, self._run = folder / "project", folder / "data", run
        self.port = free_ports(1)[0]
        self.root.mkdir()
        for name, source in (("manage.py", MANAGE), ("web.py", WEB), ("sleeper.py", SLEEPER)):
            (self.root / name).write_text(source)

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    def environment(self, **changes: str) -> dict[str, str]:
        return runs.environment(DATA_DIR=str(self.data), PORT=str(self.port), **changes)

    def start(self, **changes: str) -> runs.Run:
        """Without servers of its own, which most tests do not need."""
        return self._run(DRIVER, self.root, env=self.environment(**{**OUTSIDE, **changes}))

    def start_with_servers(self, **changes: str) -> runs.Run:
        return self._run(DRIVER, self.root, env=self.environment(**changes))

    def pid(self, name: str) -> int:
        return int((self.data / "locks" / f"{name}.lock").read_text())

    def nothing_is_left(self) -> bool:
        return not children.orphans(self.data) and not runs.listens(self.port)


@pytest.fixture
def site(folder: Path, run: Callable[..., runs.Run]) -> Site:
    return Site(folder, run)


def test_it_says_once_that_all_is_ready_and_stops_in_order(site: Site) -> None:
    instance = site.start(MADE_UP="four-word-pass")
    instance.wait_for("Mails are kept")
    assert (site.data / ".lock").read_text() == str(instance.process.pid)

    instance.send(signal.SIGTERM)

    assert instance.end() == 0
    assert instance.said().splitlines() == [
        f"Data, secrets and logs are in {site.data}",
        "Preparing the database …",
        "Starting web, worker and beat …",
        f"Truegap is ready: {site.url}",
        f"Log in at {site.url}/admin/ as admin with the password four-word-pass",
        f"Mails are kept as files in {site.data}/mail, since EMAIL_URL is not set.",
        "Stopping … (Ctrl-C once more: at once)",
    ]
    assert site.nothing_is_left()
    assert not (site.data / "run.json").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_stop_lets_web_go_first_and_then_waits_for_worker_and_beat(site: Site, number: signal.Signals) -> None:
    instance = site.start()
    instance.wait_for("ready")

    instance.send(number)

    assert instance.end() == 0
    for name in ("worker", "beat"):
        assert (site.data / "logs" / f"{name}.log").read_text() == f"{name} is asked to stop, web is gone\n"


def test_a_second_ctrl_c_kills_at_once_what_does_not_stop(site: Site) -> None:
    instance = site.start_with_servers(STUBBORN="worker")
    instance.wait_for("ready")
    instance.send(signal.SIGINT)
    instance.wait_for("Stopping")
    instance.send(signal.SIGTERM)  # only Ctrl-C hurries it
    assert instance.process.poll() is None

    def press_again() -> bool:
        instance.send(signal.SIGINT)  # in the first half second it counts as an echo
        return instance.process.poll() is not None

    runs.until(press_again, seconds=5)
    assert instance.end() == 1
    assert site.nothing_is_left()


def test_ctrl_c_during_the_start_stops_it(site: Site) -> None:
    instance = site.start_with_servers(SILENT="worker")
    instance.wait_for("Starting web")

    instance.send(signal.SIGINT)

    assert instance.end() == 0
    assert "ready" not in instance.said()
    assert site.nothing_is_left()


def test_a_process_that_dies_is_started_again(site: Site) -> None:
    instance = site.start()
    instance.wait_for("ready")
    first = site.pid("worker")

    os.kill(first, signal.SIGKILL)

    line = instance.wait_for("worker ended")
    log = site.data / "logs" / "worker.log"
    assert line == f"worker ended (exit code -9), starting it again in 1 s; see {log}"
    runs.until(lambda: site.pid("worker") != first)
    assert instance.process.poll() is None
    assert runs.listens(site.port)


def test_a_process_that_keeps_dying_at_the_start_ends_it_with_its_last_words(site: Site) -> None:
    instance = site.start(DYING="beat")

    assert instance.end() == 1
    waits = re.findall(r"beat ended \(exit code 1\), starting it again in (\d+) s; see .*", instance.said())
    assert waits == ["1", "2", "4"]
    assert f"beat ended 3 times; {site.data / 'logs' / 'beat.log'} ends:\ncannot live like this" in instance.said()
    assert site.nothing_is_left()


def test_what_is_missing_at_the_end_of_patience_is_named(site: Site) -> None:
    instance = site.start(SILENT="worker", READY_SECONDS="2")

    assert instance.end() == 1
    expected = f"manage.py local: Not ready after 2.0 s. worker: silent. The logs are in {site.data / 'logs'}"
    assert expected in instance.said().splitlines()
    assert site.nothing_is_left()


@pytest.mark.parametrize("name", ["postgres", "valkey"])
def test_a_server_that_dies_stops_everything_with_one_line(site: Site, name: str) -> None:
    instance = site.start_with_servers()
    instance.wait_for("ready")

    os.kill(site.pid(name), signal.SIGKILL)

    assert instance.end() == 1
    log = site.data / "logs" / f"{name}.log"
    assert instance.said().splitlines()[-1] == (
        f"manage.py local: {name} stopped by itself (exit code -9); see {log}. Stopping everything."
    )
    assert site.nothing_is_left()


@pytest.mark.parametrize("command", ["migrate", "seed_demo", "create_first_admin"])
def test_a_failed_preparation_is_shown_with_what_it_said(site: Site, command: str) -> None:
    instance = site.start(FAILING=command)

    assert instance.end() == 1
    log = site.data / "logs" / f"{command}.log"
    assert instance.said().endswith(f"manage.py local: `manage.py {command}` failed; {log} ends:\nthe reason why\n")
    assert site.nothing_is_left()


def test_a_made_up_password_is_told_even_when_the_start_fails_after_it(site: Site) -> None:
    instance = site.start(MADE_UP="four-word-pass", DYING="web", SILENT="beat", READY_SECONDS="1")

    assert instance.end() == 1
    assert f"Log in at {site.url}/admin/ as admin with the password four-word-pass" in instance.said()


def test_passwords_and_secrets_reach_no_log(site: Site) -> None:
    instance = site.start_with_servers(MADE_UP="four-word-pass")
    instance.wait_for("Mails are kept")
    instance.send(signal.SIGTERM)
    assert instance.end() == 0

    secrets = [path.read_text().strip() for path in (site.data / "secrets").iterdir()]
    logs = "".join(path.read_text() for path in (site.data / "logs").iterdir())
    assert len(secrets) == 5
    assert not [secret for secret in [*secrets, "four-word-pass"] if secret in logs]
    assert not [secret for secret in secrets if secret in instance.said()]


def test_a_busy_port_is_named_before_anything_starts(site: Site) -> None:
    with socket.create_server(("127.0.0.1", site.port)):
        instance = site.start_with_servers()

        assert instance.end() == 1
    assert instance.said() == (
        f"manage.py local: Port {site.port} is in use by another program. "
        f"Use another one: PORT={site.port + 1} make run\n"
    )
    assert not (site.data / "pg").exists()


def test_a_second_instance_is_refused_and_the_first_goes_on(site: Site) -> None:
    first = site.start()
    first.wait_for("ready")

    second = site.start()

    assert second.end() == 1
    assert len(second.said().splitlines()) == 1
    assert f"Another instance (pid {first.process.pid}) is running in {site.data}" in second.said()
    assert runs.listens(site.port)
    assert (site.data / "run.json").exists()


def test_a_folder_that_cannot_be_made_is_named_in_one_line(site: Site) -> None:
    site.data.write_text("a file")

    instance = site.start()

    assert instance.end() == 1
    assert instance.said() == f"manage.py local: DATA_DIR={site.data} cannot be used as a folder (File exists).\n"


def test_given_servers_are_used_and_none_is_embedded(site: Site) -> None:
    site.start().wait_for("ready")

    assert sorted(path.name for path in site.data.iterdir() if path.is_dir()) == ["locks", "logs", "secrets"]
    assert '"DATABASE_URL": "postgres://outside/db"' in (site.data / "run.json").read_text()


@linux_only
def test_nothing_outlives_a_killed_supervisor_and_the_next_start_works(site: Site) -> None:
    first = site.start_with_servers()
    first.wait_for("ready")
    kept = secret_files.read(site.data, "SECRET_KEY")

    first.send(signal.SIGKILL)
    first.end()
    second = site.start_with_servers()

    second.wait_for("ready")
    assert secret_files.read(site.data, "SECRET_KEY") == kept
    assert len([one for one in runs.processes_of(site.data) if " web.py " in one]) == 1


@linux_only
def test_a_process_that_ignores_the_death_of_its_supervisor_is_ended_by_the_next_start(site: Site) -> None:
    first = site.start(STUBBORN="worker")
    first.wait_for("ready")
    stubborn = site.pid("worker")
    first.send(signal.SIGKILL)

    second = site.start(ORPHAN_SECONDS="1")

    second.wait_for("Waiting for the processes of an earlier start that was killed.")
    second.wait_for("ready", seconds=40)
    assert site.pid("worker") != stubborn
    assert len([one for one in runs.processes_of(site.data) if " sleeper.py worker " in one]) == 1


class RealSite(Site):
    """The project itself."""

    def start(self, **changes: str) -> runs.Run:
        return self._run(MAKE_RUN, env=self.environment(**changes))


@pytest.fixture
def real_site(folder: Path, run: Callable[..., runs.Run]) -> RealSite:
    return RealSite(folder, run)


@pytest.mark.journey
def test_make_run_gets_ready_and_a_stop_leaves_nothing(real_site: RealSite) -> None:
    instance = real_site.start()
    instance.wait_for("Mails are kept", seconds=120)

    assert instance.said().count(f"Truegap is ready: {real_site.url}\n") == 1
    assert re.search(r"as admin with the password [a-z2-9]{4}(-[a-z2-9]{4}){3}\n", instance.said())
    instance.send(signal.SIGTERM)
    assert instance.end(seconds=60) == 0
    assert real_site.nothing_is_left()
    assert runs.processes_of(real_site.data) == []

    later = real_site.start()

    line = later.wait_for("Log in at", seconds=120)
    assert line.endswith("(a new one: .venv/bin/python manage.py changepassword admin)")


@pytest.mark.journey
@linux_only
def test_nothing_outlives_a_killed_make_run_and_the_next_one_works(real_site: RealSite) -> None:
    first = real_site.start()
    first.wait_for("Mails are kept", seconds=120)
    assert len(runs.processes_of(real_site.data)) > 10

    first.send(signal.SIGKILL)
    first.end()
    runs.until(lambda: runs.processes_of(real_site.data) == [], seconds=20)
    second = real_site.start()

    second.wait_for("Mails are kept", seconds=120)
    second.send(signal.SIGTERM)
    assert second.end(seconds=60) == 0
