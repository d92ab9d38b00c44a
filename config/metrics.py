"""/metrics for Prometheus: what a person on call wants to see, read from the rows at each scrape.

No counters of a process, which would differ from one process to the next: everything is in the database. A scrape is a
handful of statements over what is open or recent, so it stays quick whatever has gathered.
"""

import hmac
from collections.abc import Callable, Iterator
from datetime import timedelta
from ipaddress import ip_address
from typing import Any

from django.conf import settings
from django.db.models import Count, F, Min, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

from intake.models import Lead
from notifications import clocks
from notifications.models import Mail
from outbox.models import Delivery, Heartbeat
from scheduling.models import Booking

RECENT = timedelta(days=30)
LATELY = timedelta(hours=24)
PROXIED = ("HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_X_REAL_IP")


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """With the token, or from this very machine where no proxy stands before us."""
    if not _may_read(request):
        response = HttpResponse("Send “Authorization: Bearer” with the METRICS_TOKEN.\n", "text/plain", 401)
        response.headers["WWW-Authenticate"] = "Bearer"
        return response
    registry = CollectorRegistry()
    registry.register(House())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _may_read(request: HttpRequest) -> bool:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if settings.METRICS_TOKEN and scheme.lower() == "bearer":
        return hmac.compare_digest(token.strip().encode(), settings.METRICS_TOKEN.encode())
    is_direct = settings.NUM_PROXIES == 0 and not any(name in request.META for name in PROXIED)
    return is_direct and _is_loopback(request.META.get("REMOTE_ADDR", ""))


def _is_loopback(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False


class House(Collector):
    def describe(self) -> list[GaugeMetricFamily]:
        return []  # else the registry would collect once to learn the names

    def collect(self) -> Iterator[GaugeMetricFamily]:
        for part in PARTS:
            yield from part()


def _gauge(name: str, text: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"truegap_{name}", text, labels=labels)


def _counted(family: GaugeMetricFamily, rows: QuerySet[Any], *by: str) -> GaugeMetricFamily:
    """How many rows there are for each value of these fields, which are the family's labels."""
    for *labels, count in rows.values_list(*by).annotate(count=Count("pk")):
        family.add_metric(labels, count)
    return family


def _leads() -> Iterator[GaugeMetricFamily]:
    family = _gauge("leads", "Leads of the last 30 days by judged gap and stage.", "gap", "stage")
    yield _counted(family, Lead.objects.filter(created_at__gte=timezone.now() - RECENT), "gap", "stage")


def _bookings() -> Iterator[GaugeMetricFamily]:
    family = _gauge("bookings", "Conversations that begin from 30 days ago on, by status.", "status")
    yield _counted(family, Booking.objects.filter(starts_at__gte=timezone.now() - RECENT), "status")


def _outbox() -> Iterator[GaugeMetricFamily]:
    now = timezone.now()
    depth = _gauge("outbox_due", "Deliveries that are due and not done, by queue.", "queue")
    oldest = _gauge("outbox_oldest_due_seconds", "Age of the oldest of them, by queue.", "queue")
    open_rows = Delivery.objects.filter(status__in=Delivery.OPEN, due_at__lte=now)
    for queue, count, since in open_rows.values_list("queue").annotate(count=Count("pk"), since=Min("due_at")):
        depth.add_metric([queue], count)
        oldest.add_metric([queue], (now - since).total_seconds())
    failed = _gauge("deliveries_failed", "Deliveries that failed for good within 30 days, by task.", "task")
    rows = Delivery.objects.filter(status=Delivery.Status.FAILED, settled_at__gte=now - RECENT)
    yield from (depth, oldest, _counted(failed, rows, "task"))


def _mails() -> Iterator[GaugeMetricFamily]:
    family = _gauge("mails", "Mails of the last 24 hours by kind and status.", "kind", "status")
    yield _counted(family, Mail.objects.filter(created_at__gte=timezone.now() - LATELY), "kind", "status")


def _clocks() -> Iterator[GaugeMetricFamily]:
    seconds = _gauge("clock_seconds", "From the submission on, of those of the last 30 days.", "clock", "quantile")
    struck = _gauge("clock_count", "How many submissions of the last 30 days came so far.", "clock")
    for name, (count, median, high) in clocks.percentiles(since=timezone.now() - RECENT).items():
        struck.add_metric([name], count)
        if count:
            seconds.add_metric([name, "0.5"], median)
            seconds.add_metric([name, "0.95"], high)
    yield from (seconds, struck)


def _heartbeats() -> Iterator[GaugeMetricFamily]:
    now = timezone.now()
    family = _gauge("heartbeat_age_seconds", "Since worker and beat last proved that they work.", "part")
    for name, beat_at in Heartbeat.objects.values_list("name", F("beat_at")):
        family.add_metric([name], (now - beat_at).total_seconds())
    yield family


PARTS: tuple[Callable[[], Iterator[GaugeMetricFamily]], ...] = (
    _leads, _bookings, _outbox, _mails, _clocks, _heartbeats,
)  # fmt: skip
