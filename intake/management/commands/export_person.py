"""Prints everything that is held about the person behind an address, as JSON."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from intake import persons


class Command(BaseCommand):
    help = "Prints everything that is held about the person behind ADDRESS, as JSON on standard output."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("address")

    def handle(self, *args: Any, address: str, **options: Any) -> None:
        try:
            person = persons.find(address)
        except ValueError as error:
            raise CommandError(f"{address}: {error}") from error
        if not persons.is_known(person):
            raise CommandError("Nothing is held about this address.")
        self.stdout.write(json.dumps(persons.export(person), indent=2, ensure_ascii=False, default=str))
