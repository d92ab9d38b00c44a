"""Tasks of scheduling: thin doors from Celery to the services beside them."""

from typing import Any

from celery import shared_task
from django.utils import timezone

from outbox import outbox
from scheduling import calls, reviews, services


@shared_task(name="scheduling.book_call")
def book_call(*, delivery_id: str, **_: Any) -> None:
    outbox.attempt(delivery_id, calls.book_call)


@shared_task(name="scheduling.review_call")
def review_call(*, delivery_id: str, **_: Any) -> None:
    outbox.attempt(delivery_id, reviews.review_call)


@shared_task(name="scheduling.expire_holds")
def expire_holds(**_: Any) -> None:
    services.expire_holds(now=timezone.now())
