"""Tasks of scheduling: thin doors from Celery to the services beside them."""

from typing import Any

from celery import shared_task
from django.utils import timezone

from outbox import outbox
from scheduling import calls, letting_go, reviews, services
from scheduling.calendars import health, sync


@shared_task(name="scheduling.book_call")
def book_call(*, delivery_id: str, **_: Any) -> None:
    outbox.attempt(delivery_id, calls.book_call)


@shared_task(name="scheduling.review_call")
def review_call(*, delivery_id: str, **_: Any) -> None:
    outbox.attempt(delivery_id, reviews.review_call)


@shared_task(name="scheduling.let_go")
def let_go(*, delivery_id: str, **_: Any) -> None:
    outbox.attempt(delivery_id, letting_go.let_go)


@shared_task(name="scheduling.expire_holds")
def expire_holds(**_: Any) -> None:
    services.expire_holds(now=timezone.now())


@shared_task(name="scheduling.read_calendars")
def read_calendars(**_: Any) -> None:
    sync.read_due()
    health.tell(now=timezone.now())
