"""Erases everything about the person behind an address."""

from django.utils import timezone

from intake import persons
from intake.management.people import PersonCommand
from intake.persons import Person


class Command(PersonCommand):
    help = "Erases everything about the person behind ADDRESS, in quarantine or not; a keyed hash stays."

    def do(self, person: Person) -> None:
        persons.erase(person, now=timezone.now())
        self.stdout.write(f"Erased: {len(person.submission_ids)} enquiries and all that hung on them.")
