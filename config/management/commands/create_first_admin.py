"""`manage.py create_first_admin`: the account for the first login, made once, after the schema."""

import json
import secrets
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError

from config import env

# Without letters and digits that look alike: this is typed off a terminal.
ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"


class Command(BaseCommand):
    help = "Creates the first superuser, unless there is one, and prints one JSON line about it."
    requires_system_checks = []

    def handle(self, **_options: Any) -> None:
        self.stdout.write(json.dumps(first_admin()))


def first_admin() -> dict[str, Any]:
    """Who may log in. The password is told only where it was made up here. Raises CommandError."""
    users = get_user_model()._default_manager
    present = users.filter(is_superuser=True, is_active=True).order_by("pk").first()
    if present:
        return {"username": present.get_username(), "password": None, "created": False}
    username = env.text("DJANGO_SUPERUSER_USERNAME", "admin")
    if users.filter(username=username).exists():
        raise CommandError(
            f"There is no superuser, and '{username}' is an ordinary user. Set DJANGO_SUPERUSER_USERNAME to a new name."
        )
    given = env.text("DJANGO_SUPERUSER_PASSWORD")
    password = given or made_up()
    users.create_superuser(username, env.text("DJANGO_SUPERUSER_EMAIL"), password)
    return {"username": username, "password": None if given else password, "created": True}


def made_up() -> str:
    """Eighty random bits in four groups."""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(4)) for _ in range(4))
