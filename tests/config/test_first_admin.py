"""`manage.py create_first_admin`: one superuser, made once; its password is told only where it was made up."""

import json
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command

pytestmark = pytest.mark.django_db
VARIABLES = ["DJANGO_SUPERUSER_USERNAME", "DJANGO_SUPERUSER_EMAIL", "DJANGO_SUPERUSER_PASSWORD"]


@pytest.fixture(autouse=True)
def nothing_given(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


def create_first_admin() -> dict[str, Any]:
    out = StringIO()
    call_command("create_first_admin", stdout=out)
    (line,) = out.getvalue().splitlines()
    return json.loads(line)


def test_the_first_admin_can_log_in_with_the_password_that_was_printed() -> None:
    told = create_first_admin()

    user = get_user_model().objects.get()
    assert told == {"username": "admin", "password": told["password"], "created": True}
    assert (user.username, user.is_superuser, user.is_staff) == ("admin", True, True)
    assert user.check_password(told["password"])
    assert len(told["password"]) == 19


def test_a_second_call_makes_nobody_and_tells_nothing() -> None:
    first = create_first_admin()

    assert create_first_admin() == {"username": "admin", "password": None, "created": False}
    assert get_user_model().objects.get().check_password(first["password"])


def test_a_given_account_is_made_and_its_password_is_never_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in zip(VARIABLES, ["ada", "ada@example.com", "her own words"], strict=True):
        monkeypatch.setenv(name, value)

    assert create_first_admin() == {"username": "ada", "password": None, "created": True}

    user = get_user_model().objects.get()
    assert (user.username, user.email, user.is_superuser) == ("ada", "ada@example.com", True)
    assert user.check_password("her own words")


def test_where_there_is_a_superuser_no_other_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    get_user_model().objects.create_superuser("grace", "", "secret")
    monkeypatch.setenv("DJANGO_SUPERUSER_USERNAME", "ada")

    assert create_first_admin() == {"username": "grace", "password": None, "created": False}
    assert get_user_model().objects.count() == 1


def test_an_ordinary_user_of_that_name_is_not_raised_to_admin() -> None:
    get_user_model().objects.create_user("admin", "", "secret")

    with pytest.raises(CommandError, match=r"'admin' is an ordinary user\. Set DJANGO_SUPERUSER_USERNAME"):
        create_first_admin()

    assert not get_user_model().objects.filter(is_superuser=True).exists()
