"""Prints the hashes of who was erased, a line each: to be kept outside of the database's backups."""

from typing import Any

from django.core.management.base import BaseCommand

from intake.models import Erasure


class Command(BaseCommand):
    help = "Prints the keyed hash of everybody who was erased, a line each. Keep it outside of the database's backups."

    def handle(self, *args: Any, **options: Any) -> None:
        for address_hash in Erasure.objects.order_by("erased_at").values_list("address_hash", flat=True):
            self.stdout.write(address_hash)
