"""Deliveries that failed for good, told to staff: gathered, so that a storm of them is one mail.

Beat asks every minute; an event says that there are new ones, and its delivery tells them. What cannot be mailed at
all (the mail server is dead) shows at the desk.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Min, QuerySet
from django.urls import reverse
from django.utils import timezone

from intake import store
from intake.models import Firm
from notifications import colleagues, endpoint_health
from notifications.endpoints import TASK
from notifications.models import Mail
from outbox import outbox
from outbox.models import Attempt, Delivery, Event
from outbox.outbox import News

FOUND = "deliveries.failed"
NOTE = "notifications.send_failure_note"
AT_MOST_EVERY = timedelta(minutes=15)
LOOKS_BACK = timedelta(days=1)
Status = Delivery.Status


def ask(*, now: datetime) -> bool:
    """Says that deliveries have failed since the last time that it was said, if they have."""
    with transaction.atomic():
        if not store.try_lock("failures", "ask"):
            return False
        last = Event.objects.filter(type=FOUND).order_by("-occurred_at").first()
        if last and last.occurred_at > now - AT_MOST_EVERY:
            return False
        since = max(last.occurred_at, now - LOOKS_BACK) if last else now - LOOKS_BACK
        if not _failed(since, now).exists():
            return False
        data = {"since": since.isoformat(), "until": now.isoformat()}
        outbox.publish(News(type=FOUND, data=data), now=now)
        return True


def _failed(since: datetime, until: datetime) -> QuerySet[Delivery]:
    """Those of the note itself are left out: a note that failed must not cause the next one.

    So is what an endpoint in an outage gets when it is over, which staff are told of once, and what was a test.
    """
    rows = Delivery.objects.filter(status=Status.FAILED, settled_at__gt=since, settled_at__lte=until)
    rows = rows.exclude(task=TASK, target__in=endpoint_health.in_outage())
    return rows.exclude(task=NOTE).exclude(event__data__has_key="is_test")


def lines(*, since: datetime, until: datetime) -> list[str]:
    """A line for each kind of delivery that failed within the time, with the last reason that was given."""
    found = _failed(since, until).values_list("task").annotate(count=Count("pk")).order_by("task")
    return [f"{count} × {task}: {_reason(task, since, until)}" for task, count in found]


def _reason(task: str, since: datetime, until: datetime) -> str:
    last = _failed(since, until).filter(task=task).order_by("-settled_at").first()
    return last.last_error.splitlines()[0][:200] if last and last.last_error else "no reason was given"


def send_failure_note(delivery: Delivery) -> dict[str, int]:
    """Tells those who hear at once; the digest has it for the others."""
    now, data = timezone.now(), delivery.event.data
    told = lines(since=datetime.fromisoformat(data["since"]), until=datetime.fromisoformat(data["until"]))
    if not told:
        return {"notes": 0}  # they were tried again meanwhile, and went
    address = settings.PUBLIC_BASE_URL + reverse("admin:outbox_delivery_changelist")
    text = "\n".join(
        [
            "These failed for good and are not tried again by themselves:",
            "",
            *(f"- {line}" for line in told),
            "",
            "Each keeps what it was to do; “Retry now” gives it its whole schedule again:",
            f"{address}?status__exact=failed",
        ]
    )
    subject = f"{Firm.get().name}: deliveries failed"
    return {"notes": colleagues.tell(subject, text, to=colleagues.addresses(), delivery=delivery, now=now)}


def waiting_mails() -> tuple[int, datetime | None]:
    """How many mails wait because the mail server did not take them, and since when; (0, None) where it takes mails.

    A server that has taken one since the first of these failed is not dead, whatever it says to some.
    """
    stuck = Delivery.objects.filter(queue="mail", status=Status.PENDING, attempts__outcome=Attempt.Outcome.FAILED)
    found = stuck.aggregate(count=Count("pk", distinct=True), since=Min("attempts__started_at"))
    if not found["count"]:
        return 0, None
    taken = Mail.objects.filter(status=Mail.Status.SENT, sent_at__gt=found["since"])
    return (0, None) if taken.exists() else (found["count"], found["since"])
