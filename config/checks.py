"""What must be right before anything starts: settings that a server needs, routes that lead somewhere."""

from collections.abc import Iterable
from typing import Any

from celery import current_app
from django.conf import settings
from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from outbox.routes import as_route

REQUIRED = {
    "SECRET_KEY": "a long random text, for example from: python -c 'import secrets; print(secrets.token_urlsafe(50))'",
    "DATABASE_URL": "postgres://user:password@host:5432/name",
    "BROKER_URL": "REDIS_URL=redis://host:6379/0, which serves broker and cache",
    "CACHE_URL": "REDIS_URL=redis://host:6379/0, which serves broker and cache",
}


def require() -> None:
    """Raises ImproperlyConfigured with the first setting that a server process cannot do without."""
    for name, example in REQUIRED.items():
        if not _value(name):
            raise ImproperlyConfigured(f"{name} is not set. Set {name} or {name}_FILE ({example}).")


def _value(name: str) -> str:
    try:
        return str(getattr(settings, name))
    except ImproperlyConfigured:
        return ""  # the mere reading of an empty SECRET_KEY raises


@checks.register("outbox")
def routes_lead_somewhere(**_: Any) -> Iterable[checks.CheckMessage]:
    """Every task named in OUTBOX_ROUTES exists, and every `after` names a task of the same event."""
    # Not import_default_modules(): that runs the system checks, of which this is one.
    current_app.autodiscover_tasks(force=True)
    for event_type, entries in settings.OUTBOX_ROUTES.items():
        routes = [as_route(entry) for entry in entries]
        names = {route.task for route in routes}
        for route in routes:
            if route.task not in current_app.tasks:
                yield checks.Error(
                    f"OUTBOX_ROUTES['{event_type}'] names '{route.task}', which is no registered task.",
                    hint="Tasks live in <app>/tasks.py and carry their name: @shared_task(name='<app>.<verb>').",
                    id="outbox.E001",
                )
            if route.after and route.after not in names:
                yield checks.Error(
                    f"OUTBOX_ROUTES['{event_type}']: '{route.task}' waits for '{route.after}', not among them.",
                    hint="`after` names another task of the same event.",
                    id="outbox.E002",
                )


@checks.register("outbox")
def leases_outlive_tasks(**_: Any) -> Iterable[checks.CheckMessage]:
    """A lease shorter than the task it covers makes two senders of one row."""
    order = (
        settings.CALL_DEADLINE_SECONDS,
        settings.CELERY_TASK_SOFT_TIME_LIMIT,
        settings.CELERY_TASK_TIME_LIMIT,
        settings.OUTBOX_LEASE_SECONDS,
        settings.CELERY_VISIBILITY_TIMEOUT,
    )
    if list(order) != sorted(set(order)):
        yield checks.Error(
            f"The deadlines do not rise: call, soft limit, hard limit, lease, visibility = {order}.",
            hint="Each must be longer than the one before it.",
            id="outbox.E003",
        )
    if settings.OUTBOX_TURN_SECONDS + settings.CALL_DEADLINE_SECONDS >= settings.CELERY_TASK_SOFT_TIME_LIMIT:
        yield checks.Error(
            "OUTBOX_TURN_SECONDS and one more call (CALL_DEADLINE_SECONDS) take longer than a task may.",
            id="outbox.E004",
        )


@checks.register("mail")
def backends_exist(**_: Any) -> Iterable[checks.CheckMessage]:
    try:
        import_string(settings.EMAIL_BACKEND)
    except ImportError as error:
        yield checks.Error(f"EMAIL_URL: {error}", id="mail.E001")
