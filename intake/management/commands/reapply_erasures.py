"""Erases again whom a restored backup has brought back: by the hashes in the database, and those of a list."""

import re
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from intake import erasures, persons
from intake.models import Erasure

HASH = re.compile(r"[0-9a-f]{64}")


class Command(BaseCommand):
    help = (
        "After a restore: erases again whoever is in the list that `list_erasures` wrote. Reads standard input for -."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", help="what `list_erasures` wrote, or - for standard input")

    def handle(self, *args: Any, file: str, **options: Any) -> None:
        try:
            text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
        except OSError as error:
            raise CommandError(f"{file}: {error.strerror}.") from error
        hashes = text.split()
        wrong = next((line for line in hashes if not HASH.fullmatch(line)), None)
        if wrong is not None:
            raise CommandError(f"{file}: “{wrong[:40]}” is no hash of `list_erasures`.")
        known = {*hashes, *Erasure.objects.values_list("address_hash", flat=True)}
        found = list(erasures.leads_among(known))
        for lead in found:
            persons.erase(persons.of_lead(lead), now=timezone.now())
        self.stdout.write(f"Erased again: {len(found)}.")
