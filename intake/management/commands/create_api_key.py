"""`manage.py create_api_key NAME --scopes a,b`: the new key alone on standard output, for scripts to take."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from intake import keys
from intake.models import ApiKey


class Command(BaseCommand):
    help = "Makes an API key and prints it, and nothing else. It is shown this once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="who or what uses it")
        parser.add_argument(
            "--scopes", required=True, help=f"one or more of {', '.join(ApiKey.Scope.values)}, with commas between"
        )

    def handle(self, *, name: str, scopes: str, **options: Any) -> None:
        wanted = [scope.strip() for scope in scopes.split(",") if scope.strip()]
        if not wanted:
            raise CommandError(f"--scopes: name at least one of {', '.join(ApiKey.Scope.values)}.")
        if not name.strip() or len(name) > 100 or "\x00" in name:
            raise CommandError("NAME: say in 1 to 100 characters who or what uses it.")
        try:
            _, text = keys.create(name.strip(), wanted)
        except keys.UnknownScope as error:
            raise CommandError(f"--scopes: {error}") from error
        self.stdout.write(text)
