"""What the commands about one person share: who is meant, and the refusals."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from intake import persons
from intake.persons import Person


class PersonCommand(BaseCommand):
    """Finds the person behind ADDRESS for `do`; ends with the reason where there is nobody."""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("address")

    def handle(self, *args: Any, address: str, **options: Any) -> None:
        try:
            person = persons.find(address)
        except ValueError as error:
            raise CommandError(f"{address}: {error}") from error
        if not persons.is_known(person):
            raise CommandError("Nothing is held about this address.")
        self.do(person)

    def do(self, person: Person) -> None:
        raise NotImplementedError
