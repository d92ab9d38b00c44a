"""The embedded servers: they start, stop, fail, are killed, and keep every row that was acknowledged."""

import os
import re
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
import redis

from config.local import children
from config.local.lock import UnableToStart
from config.local.servers import Servers, Urls
from tests.config import runs

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="the kernel tells children only on Linux")
root_only = pytest.mark.skipif(os.geteuid() != 0, reason="only root lends an account")

# Starts the servers, says where they are, and waits to be killed.
HOLD = """
import signal, sys
from pathlib import Path
from config.local.servers import Servers
urls = Servers(Path(sys.argv[1]), postgres_password="s3cret word").start()
print("up", urls.database_url, urls.redis_url, flush=True)
signal.pause()
"""
# The same, but ends in order.
ONCE = """
import sys
from pathlib import Path
from config.local.servers import Servers
servers = Servers(Path(sys.argv[1]), postgres_password="s3cret word")
urls = servers.start()
servers.stop()
print("was up", flush=True)
"""


def make_servers(folder: Path, *, postgres_password: str = "s3cret word") -> Servers:
    return Servers(folder, postgres_password=postgres_password)


@contextmanager
def started(servers: Servers) -> Iterator[Urls]:
    try:
        yield servers.start()
    finally:
        servers.stop()


def urls_of(run: runs.Run) -> Urls:
    _, database_url, redis_url = run.wait_for("up").split()
    return Urls(database_url, redis_url)


def write(urls: Urls, numbers: range) -> None:
    """Returns when the servers have acknowledged every one."""
    with (
        psycopg.connect(urls.database_url, autocommit=True) as database,
        redis.from_url(urls.redis_url) as broker,
    ):
        database.execute("CREATE TABLE IF NOT EXISTS kept (number int)")
        for number in numbers:
            database.execute("INSERT INTO kept VALUES (%s)", [number])
            broker.rpush("kept", number)


def rows(urls: Urls) -> tuple[list[int], list[int]]:
    with psycopg.connect(urls.database_url) as database, redis.from_url(urls.redis_url) as broker:
        in_database = [row[0] for row in database.execute("SELECT number FROM kept ORDER BY number")]
        return in_database, sorted(int(item) for item in broker.lrange("kept", 0, -1))


def pid_of(folder: Path, name: str) -> int:
    return int((folder / "locks" / f"{name}.lock").read_text())


def test_servers_keep_their_rows_over_a_stop(folder: Path) -> None:
    with started(make_servers(folder)) as first:
        write(first, range(20))

    with started(make_servers(folder)) as second:
        assert rows(second) == (list(range(20)), list(range(20)))


def test_nothing_listens_after_the_stop(folder: Path) -> None:
    servers = make_servers(folder)
    with started(servers) as urls:
        ports = [urlsplit(url).port or 0 for url in (urls.database_url, urls.redis_url)]
        assert all(runs.listens(port) for port in ports)

    assert not any(runs.listens(port) for port in ports)
    assert children.orphans(folder) == {}
    assert servers.failed() is None


def test_a_stranger_without_the_password_is_refused(folder: Path) -> None:
    with started(make_servers(folder)) as urls:
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(urls.database_url.replace("s3cret", "guess"))
        with socket.create_connection(("127.0.0.1", urlsplit(urls.redis_url).port or 0)) as stranger:
            stranger.sendall(b"PING\r\n")
            assert stranger.recv(100).startswith(b"-NOAUTH")


@linux_only
def test_the_password_stands_on_no_command_line(folder: Path) -> None:
    with started(make_servers(folder, postgres_password="unmistakable")):
        commands = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists()]

    assert len(commands) > 2
    assert not [command for command in commands if b"unmistakable" in command]


def test_a_second_start_in_the_same_folder_is_refused_in_one_line(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(children, "DYING_SECONDS", 0.1)
    with started(make_servers(folder)) as first:
        write(first, range(3))

        with pytest.raises(UnableToStart) as refusal:
            make_servers(folder).start()

        assert rows(first) == ([0, 1, 2], [0, 1, 2])
    assert re.fullmatch(rf"A postgres \(pid \d+\) .* in {folder}\. Stop it with .*", str(refusal.value))


def test_a_lost_database_is_made_again(folder: Path) -> None:
    with started(make_servers(folder)) as urls:
        elsewhere = urls.database_url.replace("/truegap", "/postgres")
        with psycopg.connect(elsewhere, autocommit=True) as database:
            database.execute("DROP DATABASE truegap")

    with started(make_servers(folder)) as urls, psycopg.connect(urls.database_url) as database:
        assert database.execute("SELECT current_database()").fetchone() == ("truegap",)


def test_a_lost_password_is_named_in_one_line_and_nothing_keeps_running(folder: Path) -> None:
    with started(make_servers(folder)):
        pass

    with pytest.raises(UnableToStart, match="POSTGRES_PASSWORD") as refusal:
        make_servers(folder, postgres_password="another").start()

    assert "\n" not in str(refusal.value)
    assert children.orphans(folder) == {}


def test_a_cluster_that_was_half_made_is_made_anew(folder: Path) -> None:
    (folder / "pg.new").mkdir()
    (folder / "pg.new" / "PG_VERSION").write_text("18")
    (folder / "pg.password").write_text("old")

    with started(make_servers(folder)) as urls:
        write(urls, range(1))

    assert sorted(path.name for path in folder.iterdir()) == ["locks", "logs", "pg", "valkey"]


@linux_only
def test_the_pid_file_of_a_dead_server_is_not_believed(folder: Path) -> None:
    with started(make_servers(folder)) as urls:
        write(urls, range(1))
    # After a restart of a container the number belongs to somebody else: here to us.
    (folder / "pg" / "postmaster.pid").write_text(f"{os.getpid()}\n{folder / 'pg'}\n1\n5432\n\n127.0.0.1\n")

    with started(make_servers(folder)) as urls:
        assert rows(urls) == ([0], [0])


@pytest.mark.parametrize("name", ["postgres", "valkey"])
def test_a_server_that_died_by_itself_is_named(folder: Path, name: str) -> None:
    servers = make_servers(folder)
    with started(servers):
        assert servers.failed() is None
        os.kill(pid_of(folder, name), signal.SIGKILL)
        runs.until(servers.failed)

        assert (servers.failed() or "").startswith(f"{name} stopped by itself (exit code -9)")


@linux_only
def test_both_servers_stop_when_their_parent_is_killed(folder: Path, run: Callable[..., runs.Run]) -> None:
    parent = run(HOLD, folder)
    write(urls_of(parent), range(50))

    parent.send(signal.SIGKILL)
    runs.until(lambda: not children.orphans(folder))

    with started(make_servers(folder)) as urls:
        assert rows(urls) == (list(range(50)), list(range(50)))


@linux_only
def test_a_start_right_after_the_kill_waits_for_the_dying(folder: Path, run: Callable[..., runs.Run]) -> None:
    parent = run(HOLD, folder)
    write(urls_of(parent), range(50))

    parent.send(signal.SIGKILL)

    with started(make_servers(folder)) as urls:
        assert rows(urls) == (list(range(50)), list(range(50)))


def test_no_acknowledged_row_is_lost_when_everything_is_killed(folder: Path, run: Callable[..., runs.Run]) -> None:
    parent = run(HOLD, folder)
    write(urls_of(parent), range(500))

    for pid in (pid_of(folder, "postgres"), pid_of(folder, "valkey"), parent.process.pid):
        os.kill(pid, signal.SIGKILL)

    with started(make_servers(folder)) as urls:
        assert rows(urls) == (list(range(500)), list(range(500)))
    assert "automatic recovery in progress" in (folder / "logs" / "postgres.log").read_text()


@root_only
def test_postgres_runs_as_an_ordinary_account_and_only_its_folder_is_handed_over(folder: Path) -> None:
    with started(make_servers(folder)):
        owner = (folder / "pg").stat().st_uid
        assert Path(f"/proc/{pid_of(folder, 'postgres')}").stat().st_uid == owner != 0

    assert {path.name: path.stat().st_uid for path in folder.iterdir() if path.name != "pg"} == {
        "locks": 0,
        "logs": 0,
        "valkey": 0,
    }


@root_only
@linux_only
def test_root_may_keep_the_data_in_a_folder_that_is_closed_to_others(folder: Path) -> None:
    folder.chmod(0o700)
    inner = folder / "data"

    with started(make_servers(inner)) as urls:
        write(urls, range(3))
        assert Path(f"/proc/{pid_of(inner, 'postgres')}").stat().st_uid != 0

    assert folder.stat().st_mode & 0o777 == 0o700
    assert children.orphans(inner) == {}


@root_only
def test_an_ordinary_user_starts_and_root_goes_on(folder: Path, run: Callable[..., runs.Run]) -> None:
    interpreter = runs.interpreter_for_everybody()
    if interpreter is None or not all(path.stat().st_mode & 0o001 for path in runs.ROOT.parents):
        pytest.skip("other accounts may not enter our Python or the checkout")
    nobody = {"user": 65534, "group": 65534, "extra_groups": [], "interpreter": interpreter}
    paths = ":".join([str(runs.ROOT), *(path for path in sys.path if path.endswith("site-packages"))])
    os.chown(folder, 65534, 65534)

    for _ in range(2):
        one = run(ONCE, folder / "data", env=runs.environment(PYTHONPATH=paths), **nobody)
        one.wait_for("was up")
        assert one.end() == 0

    assert {path.stat().st_uid for path in (folder / "data").rglob("*")} == {65534}
    folder.chmod(0o755)
    with started(make_servers(folder / "data")) as urls:
        write(urls, range(1))
    assert (folder / "data" / "pg").stat().st_uid == 65534
