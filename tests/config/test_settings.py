"""Settings from the environment: what is missing or wrong is named in one line, with the way out."""

import os
import subprocess
import sys

import pytest

from tests.config.runs import ROOT, environment

GOOD = {
    "SECRET_KEY": "x" * 50,
    "DATABASE_URL": "postgres://u:p@127.0.0.1:1/d",
    "REDIS_URL": "redis://127.0.0.1:1/0",
    "DATA_DIR": "/nonexistent/truegap",
}


def run(*command, **env):
    """A process with just these settings; a value of None takes one away."""
    clean = environment(**{name: value for name, value in {**GOOD, **env}.items() if value is not None})
    return subprocess.run([sys.executable, *command], cwd=ROOT, env=clean, capture_output=True, text=True, timeout=60)


def manage(*command, **env):
    return run("manage.py", *command, **env)


@pytest.mark.parametrize("name", ["SECRET_KEY", "DATABASE_URL", "REDIS_URL"])
def test_web_process_does_not_start_without_a_setting_and_names_it(name):
    ended = run("-c", "import config.wsgi", **{name: None})

    assert ended.returncode != 0
    assert f"Set {name}" in ended.stderr.strip().splitlines()[-1] or name in ended.stderr.strip().splitlines()[-1]


@pytest.mark.parametrize(
    ("env", "says"),
    [
        ({"DEBUG": "flase"}, "DEBUG: 'flase' is neither true nor false."),
        ({"PORT": "eighty"}, "PORT: 'eighty' is not a whole number from 1 to 65535."),
        ({"NUM_PROXIES": "-1"}, "NUM_PROXIES: '-1' is not a whole number"),
        ({"SUBMISSION_RATE": "30 per minute"}, "SUBMISSION_RATE: '30 per minute' is no rate."),
        ({"PUBLIC_BASE_URL": "truegap.example"}, "PUBLIC_BASE_URL: 'truegap.example' is no http or https address."),
        ({"DATABASE_URL": "sqlite:///db.sqlite3"}, "DATABASE_URL: Truegap needs PostgreSQL"),
        ({"LOG_FORMAT": "xml"}, "LOG_FORMAT: 'xml' is not one of console, json."),
        ({"SECRET_KEY": None, "SECRET_KEY_FILE": "/nonexistent/key"}, "SECRET_KEY_FILE: cannot read /nonexistent/key"),
        ({"TIME_ZONE": "Mars/Olympus"}, "TIME_ZONE"),
        ({"MAIL_EVENTS_SECRET": "whsec_c2hvcnQ="}, "MAIL_EVENTS_SECRET: not whsec_ and 24 to 64 bytes"),
        ({"WEBHOOK_RETRY_SECONDS": "5,soon"}, "WEBHOOK_RETRY_SECONDS"),
        ({"WEBHOOK_ALLOWED_NETWORKS": "inside"}, "WEBHOOK_ALLOWED_NETWORKS"),
        ({"EMAIL_URL": "carrier-pigeon://coop"}, "EMAIL_URL"),
        ({"DEFAULT_FROM_EMAIL": "Acme, Inc. <hello@acme.example>"}, "DEFAULT_FROM_EMAIL"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_wrong_setting_is_named_in_one_line(env, says):
    ended = manage("check", **env)

    assert ended.returncode != 0
    assert says in ended.stderr
    assert "Traceback" not in ended.stderr
    assert len(ended.stderr.strip().splitlines()) == 1


def test_secret_comes_from_a_file(tmp_path):
    (tmp_path / "key").write_text("from-the-file\n")

    ended = manage(
        "shell", "--no-imports", "-c", "from django.conf import settings; print(settings.SECRET_KEY)",
        SECRET_KEY=None, SECRET_KEY_FILE=str(tmp_path / "key"),
    )  # fmt: skip

    assert ended.stdout.strip() == "from-the-file"


def test_secret_that_begins_with_a_dollar_is_taken_as_it_is():
    ended = manage(
        "shell",
        "--no-imports",
        "-c",
        "from django.conf import settings; print(settings.SECRET_KEY)",
        SECRET_KEY="$HOME",
    )

    assert ended.stdout.strip() == "$HOME"


def test_lists_are_stripped():
    code = "from django.conf import settings; print(settings.ALLOWED_HOSTS)"

    ended = manage("shell", "--no-imports", "-c", code, ALLOWED_HOSTS="a.example, b.example ,")

    assert ended.stdout.strip() == "['a.example', 'b.example']"


def test_command_without_any_database_says_so_in_one_line(tmp_path):
    ended = manage("showmigrations", DATABASE_URL=None, REDIS_URL=None, DATA_DIR=str(tmp_path))

    assert ended.returncode != 0
    assert ended.stderr.strip().splitlines() == [
        f"manage.py: no database: DATABASE_URL is not set and nothing runs in {tmp_path}. "
        "Start `make run` in another terminal, or set DATABASE_URL."
    ]


def test_empty_value_counts_as_unset():
    ended = manage("check", DEBUG="", SUBMISSION_RATE="", EMAIL_URL="")

    assert ended.returncode == 0, ended.stderr


def test_https_switches_the_secure_settings_on():
    code = "from django.conf import settings as s; print(s.SESSION_COOKIE_SECURE, s.SECURE_HSTS_SECONDS > 0)"

    secure = manage("shell", "--no-imports", "-c", code, PUBLIC_BASE_URL="https://truegap.example")
    plain = manage("shell", "--no-imports", "-c", code, PUBLIC_BASE_URL="http://truegap.example")

    assert (secure.stdout.strip(), plain.stdout.strip()) == ("True True", "False False")


def test_tests_run_on_servers_of_their_own():
    assert "truegap-tests-" in os.environ["DATA_DIR"]
