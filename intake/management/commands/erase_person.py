"""Erases everything about the person behind an address."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from intake import persons


class Command(BaseCommand):
    help = "Erases everything about the person behind ADDRESS, in quarantine or not; a keyed hash stays."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("address")

    def handle(self, *args: Any, address: str, **options: Any) -> None:
        try:
            person = persons.find(address)
        except ValueError as error:
            raise CommandError(f"{address}: {error}") from error
        if not persons.is_known(person):
            raise CommandError("Nothing is held about this address.")
        persons.erase(person, now=timezone.now())
        self.stdout.write(f"Erased: {len(person.submission_ids)} enquiries and all that hung on them.")
