"""The Celery application: tasks of every app are found by name, settings come from Django."""

import gc
import os
from typing import Any

from celery import Celery, signals

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("truegap")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@signals.celeryd_init.connect
@signals.beat_init.connect
def prepare(**_: Any) -> None:
    """A worker without its settings must not start; one with them must never wait for ever on a query."""
    from config import checks, database

    checks.require()
    database.limit_waiting()


@signals.worker_before_create_process.connect
def share_memory(**_: Any) -> None:
    """What is loaded by now stays shared with the children: the collector would touch it all and so copy it."""
    gc.collect()
    gc.freeze()


@signals.setup_logging.connect
def keep_our_logging(**_: Any) -> None:
    """Celery would else replace the handlers; a receiver on this signal is how it is told not to."""
