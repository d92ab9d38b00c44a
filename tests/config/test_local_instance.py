"""What an instance is told and tells its children; a port that is taken is named before anything starts."""

import socket
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from config.local.instance import Instance, check_address
from config.local.lock import UnableToStart
from config.local.servers import Urls, free_ports

OUTSIDE = ["DATABASE_URL", "REDIS_URL", "BROKER_URL", "CACHE_URL", "PUBLIC_BASE_URL"]


@pytest.fixture
def instance(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Instance:
    for name in [*OUTSIDE, *(f"{name}_FILE" for name in OUTSIDE)]:
        monkeypatch.delenv(name, raising=False)
    return Instance(tmp_path, tmp_path / "data", "127.0.0.1", free_ports(1)[0], workers=1)


@pytest.fixture
def stranger(instance: Instance) -> Iterator[socket.socket]:
    """Another program that listens on the instance's port."""
    with socket.create_server((instance.host, instance.port)) as server:
        yield server


def test_a_free_port_passes(instance: Instance) -> None:
    check_address(instance, patience=0, give_up=lambda: False)


@pytest.mark.usefixtures("stranger")
@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0", "localhost"])
def test_a_busy_port_is_named_in_one_line_with_the_way_out(instance: Instance, host: str) -> None:
    with pytest.raises(UnableToStart) as refusal:
        check_address(replace(instance, host=host), patience=0, give_up=lambda: False)

    port = instance.port
    assert str(refusal.value) == (
        f"Port {port} is in use by another program. Use another one: PORT={port + 1} make run"
    )


def test_a_port_that_is_being_left_is_waited_for(instance: Instance, stranger: socket.socket) -> None:
    looks = iter(range(100))

    def leave_at_the_third_look() -> bool:
        if next(looks) == 2:
            stranger.close()
        return False

    check_address(instance, patience=10, give_up=leave_at_the_third_look)


@pytest.mark.parametrize("host", ["192.0.2.1", "no.such.host.invalid"])
def test_a_wrong_host_is_named_in_one_line(instance: Instance, host: str) -> None:
    with pytest.raises(UnableToStart, match=f"^HOST={host} is no address of this machine .*"):
        check_address(replace(instance, host=host), patience=0, give_up=lambda: False)


@pytest.mark.parametrize(
    ("given", "embedded"),
    [
        pytest.param([], ["postgres", "valkey"], id="nothing given"),
        pytest.param(["DATABASE_URL"], ["valkey"], id="a database"),
        pytest.param(["REDIS_URL"], ["postgres"], id="a broker and cache in one"),
        pytest.param(["DATABASE_URL", "REDIS_URL"], [], id="both"),
        pytest.param(["BROKER_URL"], ["postgres", "valkey"], id="a broker, so the cache is ours"),
        pytest.param(["BROKER_URL", "CACHE_URL"], ["postgres"], id="a broker and a cache"),
    ],
)
def test_only_what_is_not_given_is_embedded(
    instance: Instance, monkeypatch: pytest.MonkeyPatch, given: list[str], embedded: list[str]
) -> None:
    for name in given:
        monkeypatch.setenv(name, "given")

    assert instance.embedded() == embedded


def test_a_url_that_stands_in_a_file_is_given_too(
    instance: Instance, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "url").write_text("postgres://outside\n")
    monkeypatch.setenv("DATABASE_URL_FILE", str(tmp_path / "url"))

    assert instance.embedded() == ["valkey"]
    assert instance.announcement(Urls("", "redis://here"))["DATABASE_URL"] == "postgres://outside"
    assert "DATABASE_URL" not in instance.environment(Urls("", "redis://here"), {})


def test_children_are_told_where_everything_is(instance: Instance) -> None:
    told = instance.environment(Urls("postgres://here", "redis://here"), {"SECRET_KEY": "key"})

    assert told["DATABASE_URL"] == "postgres://here"
    assert told["REDIS_URL"] == "redis://here"
    assert told["SECRET_KEY"] == "key"
    assert told["PUBLIC_BASE_URL"] == f"http://localhost:{instance.port}"
    assert told["DATA_DIR"] == str(instance.data_dir)
    assert told["DJANGO_SETTINGS_MODULE"] == "config.settings"
    assert told["PYTHONUNBUFFERED"] == "1"


def test_the_public_address_of_the_environment_wins(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PUBLIC_BASE_URL", "https://leads.example.com")

    assert instance.environment(Urls(), {})["PUBLIC_BASE_URL"] == "https://leads.example.com"


@pytest.mark.parametrize(("database_url", "kept"), [("postgres://here", False), ("", True)])
def test_settings_for_another_postgres_do_not_reach_ours(
    instance: Instance, monkeypatch: pytest.MonkeyPatch, database_url: str, kept: bool
) -> None:
    monkeypatch.setenv("PGSSLMODE", "require")

    assert ("PGSSLMODE" in instance.environment(Urls(database_url, "redis://here"), {})) is kept


@pytest.mark.parametrize(
    ("host", "name"),
    [("127.0.0.1", "localhost"), ("0.0.0.0", "localhost"), ("::1", "localhost"), ("10.0.0.5", "10.0.0.5")],
)
def test_people_are_given_an_address_that_answers(instance: Instance, host: str, name: str) -> None:
    assert replace(instance, host=host, port=8000).url == f"http://{name}:8000"


def test_processes_run_with_our_python_and_need_no_path(instance: Instance) -> None:
    commands = instance.commands()

    assert list(commands) == ["web", "worker", "beat"]
    assert {tuple(command[:2]) for command in commands.values()} == {(sys.executable, "-m")}
    assert f"--port {instance.port}" in " ".join(commands["web"])
