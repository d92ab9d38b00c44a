"""`manage.py local`: everything on this machine in one command; `make run` calls it."""

import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from config.local import supervisor
from config.local.instance import Instance


class Command(BaseCommand):
    help = "Runs web, worker and beat, with an embedded PostgreSQL and Valkey where none is named."
    # It starts what the checks would ask for.
    requires_system_checks = []

    def handle(self, **_options: Any) -> None:
        instance = Instance(
            root=settings.BASE_DIR,
            data_dir=settings.DATA_DIR.absolute(),
            host=settings.HOST,
            port=settings.PORT,
            workers=settings.WEB_CONCURRENCY,
        )
        sys.exit(supervisor.run(instance))
