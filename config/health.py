"""/livez and /readyz: does this process answer, and does everything behind it?

Only a database that cannot be reached, or lacks its migrations, makes the process unready (503): without the
broker or the workers it still takes every enquiry, and the effects follow.
"""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

import redis
from django.conf import settings
from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone

from outbox.models import Heartbeat

BROKER_TIMEOUT_SECONDS = 0.3
FRESH = timedelta(seconds=15)
OK = "ok"

_migrated = False


class HealthMiddleware:
    """Answers before anything looks at the Host header: probes come by address, whatever ALLOWED_HOSTS says."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        answer = {"/livez": livez, "/readyz": readyz}.get(request.path_info)
        return answer() if answer else self.get_response(request)


def livez() -> HttpResponse:
    return HttpResponse("ok", content_type="text/plain")


def readyz() -> JsonResponse:
    checks = {"database": _database()}
    rest: dict[str, Callable[[], str]] = {
        "migrations": _migrations,
        "broker": _broker,
        "worker": partial(heartbeat, "worker"),
        "beat": partial(heartbeat, "beat"),
    }
    down = checks["database"] != OK
    for name, check in rest.items():
        checks[name] = "unknown" if down and name != "broker" else check()
    ready = checks["database"] == OK and checks["migrations"] == OK
    status = "ok" if all(value == OK for value in checks.values()) else "degraded"
    body = {"status": status if ready else "unavailable", "checks": checks}
    response = JsonResponse(body, status=200 if ready else 503)
    response.headers["Cache-Control"] = "no-store"
    return response


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error:
        return "unreachable"
    return OK


def _migrations() -> str:
    """Once complete they stay so for the life of the process; until then each call looks again."""
    global _migrated
    if not _migrated:
        executor = MigrationExecutor(connection)
        _migrated = not executor.migration_plan(executor.loader.graph.leaf_nodes())
    return OK if _migrated else "missing"


def _broker() -> str:
    timeout = BROKER_TIMEOUT_SECONDS
    client = redis.Redis.from_url(
        settings.CELERY_BROKER_URL, socket_timeout=timeout, socket_connect_timeout=timeout, retry=None
    )
    try:
        client.ping()
    except redis.RedisError:
        return "unreachable"
    finally:
        client.close()
    return OK


def heartbeat(name: str) -> str:
    try:
        row = Heartbeat.objects.filter(pk=name, beat_at__gt=timezone.now() - FRESH).exists()
    except Error:
        return "unknown"
    return OK if row else "silent"
