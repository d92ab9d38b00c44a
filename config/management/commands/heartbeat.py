"""Exit code 0 while the worker (or beat) has lately proved that it works; for health checks of containers."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from config import health


class Command(BaseCommand):
    help = "Says whether worker or beat has worked within the last seconds; exit code 1 where not."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", choices=["worker", "beat"])

    def handle(self, *args: Any, name: str, **options: Any) -> None:
        state = health.heartbeat(name)
        if state != health.OK:
            raise CommandError(f"{name}: {state}")
        self.stdout.write(f"{name}: {state}")
