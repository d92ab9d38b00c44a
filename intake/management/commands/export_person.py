"""Prints everything that is held about the person behind an address, as JSON."""

import json

from intake import persons
from intake.management.people import PersonCommand
from intake.persons import Person


class Command(PersonCommand):
    help = "Prints everything that is held about the person behind ADDRESS, as JSON on standard output."

    def do(self, person: Person) -> None:
        self.stdout.write(json.dumps(persons.export(person), indent=2, ensure_ascii=False, default=str))
