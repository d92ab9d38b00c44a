"""`manage.py send_test_mail`: what the mail server says, aloud."""

from email import message_from_bytes
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

pytestmark = pytest.mark.django_db


@pytest.fixture
def server(settings, mail_server):
    settings.EMAIL_URL = f"smtp://127.0.0.1:{mail_server.port}"
    return mail_server


def run(address):
    out = StringIO()
    call_command("send_test_mail", address, stdout=out)
    return out.getvalue()


def test_it_says_what_the_server_answered(server):
    server.data_answer = "250 2.0.0 queued as 4BzX"
    said = run("ada@example.com")

    assert f"127.0.0.1:{server.port} answered 250 2.0.0 queued as 4BzX" in said
    assert server.next()["To"] == "ada@example.com"


def test_a_refusal_is_told_in_the_servers_words(server):
    server.answers["ada@example.com"] = "550 5.1.1 no such user"

    with pytest.raises(CommandError, match=r"answered 550 5\.1\.1 no such user"):
        run("ada@example.com")
    assert server.mails.empty()


def test_a_server_that_is_not_there_names_the_setting(settings, server):
    settings.EMAIL_PORT = 1

    with pytest.raises(CommandError, match="EMAIL_URL"):
        run("ada@example.com")


def test_an_address_that_is_none_is_named(server):
    with pytest.raises(CommandError, match="ada@localhost"):
        run("ada@localhost")
    assert server.mails.empty()


def test_without_a_server_it_says_where_the_file_is(settings, tmp_path):
    settings.EMAIL_URL, settings.MAIL_DIR = "", tmp_path
    settings.EMAIL_BACKEND = "notifications.mail_files.FolderBackend"

    said = run("ada@example.com")

    (file,) = Path(tmp_path).glob("*.eml")
    assert str(tmp_path) in said
    assert message_from_bytes(file.read_bytes())["To"] == "ada@example.com"
