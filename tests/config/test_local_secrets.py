"""The secrets of `make run`: made once, kept, readable by their owner alone."""

from pathlib import Path

import pytest

from config.local import secret_files

NAMES = ["ERASURE_KEY", "METRICS_TOKEN", "POSTGRES_PASSWORD", "SECRET_KEY", "VALKEY_PASSWORD"]


def test_secrets_are_made_for_the_owner_alone(tmp_path: Path) -> None:
    made = secret_files.ensure(tmp_path, {})

    assert sorted(made) == NAMES
    assert (tmp_path / "secrets").stat().st_mode & 0o777 == 0o700
    assert {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "secrets").iterdir()} == dict.fromkeys(
        NAMES, 0o600
    )


def test_secrets_are_long_all_different_and_without_a_dollar(tmp_path: Path) -> None:
    made = list(secret_files.ensure(tmp_path, {}).values())

    assert len(set(made)) == 5
    assert all(len(secret) >= 50 and secret.isascii() and "$" not in secret for secret in made)


def test_a_later_run_keeps_the_secrets(tmp_path: Path) -> None:
    first = secret_files.ensure(tmp_path, {})

    assert secret_files.ensure(tmp_path, {}) == first
    assert {name: secret_files.read(tmp_path, name) for name in NAMES} == first


def test_a_folder_that_was_opened_is_closed_again(tmp_path: Path) -> None:
    secret_files.ensure(tmp_path, {})
    (tmp_path / "secrets").chmod(0o755)

    secret_files.ensure(tmp_path, {})

    assert (tmp_path / "secrets").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("variable", ["SECRET_KEY", "SECRET_KEY_FILE"])
def test_a_secret_that_the_environment_gives_is_not_made(tmp_path: Path, variable: str) -> None:
    made = secret_files.ensure(tmp_path, {variable: "given", "METRICS_TOKEN": " "})

    assert sorted(made) == ["ERASURE_KEY", "METRICS_TOKEN", "POSTGRES_PASSWORD", "VALKEY_PASSWORD"]
    assert secret_files.read(tmp_path, "SECRET_KEY") is None


def test_the_password_of_the_embedded_server_does_not_follow_the_environment(tmp_path: Path) -> None:
    made = secret_files.ensure(tmp_path, {"POSTGRES_PASSWORD": "of another server"})

    assert made["POSTGRES_PASSWORD"] != "of another server"


def test_half_a_secret_is_never_taken_for_a_whole_one(tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "SECRET_KEY.new").write_text("ha")
    (tmp_path / "secrets" / "METRICS_TOKEN").write_text("")

    made = secret_files.ensure(tmp_path, {})

    assert len(made["SECRET_KEY"]) == len(made["METRICS_TOKEN"]) == 64
    assert sorted(path.name for path in (tmp_path / "secrets").iterdir()) == NAMES


def test_a_folder_without_secrets_is_no_error(tmp_path: Path) -> None:
    assert secret_files.read(tmp_path / "nowhere", "SECRET_KEY") is None
