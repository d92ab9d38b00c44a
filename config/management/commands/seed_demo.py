"""Loads the defaults and a demo firm with three advisors; `make run` does it at every start."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from config import defaults
from outbox.models import Heartbeat


class Command(BaseCommand):
    help = "Loads the defaults, a demo firm and three demo advisors. Safe to repeat: what exists is kept."

    def handle(self, *args: Any, **options: Any) -> None:
        defaults.load_demo(now=timezone.now())
        # What the last run proved is no proof for the one that is starting.
        Heartbeat.objects.all().delete()
        self.stdout.write("The demo firm and its three advisors are loaded.")
