"""A lead with everything that can hang on one: booking, assignment, mails, outcome, a failed delivery."""

from collections.abc import Iterator

from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import Model
from django.urls import reverse
from django.utils import timezone

from assessments import outcomes
from assessments.outcomes import Found
from intake import keys
from intake.blocklist import block
from intake.models import Lead, Site
from notifications.models import Endpoint, NotePreference
from notifications.notes import send_staff_note
from notifications.replies import send_reply
from notifications.sequences import start_sequences
from notifications.suppressions import Reason, Scope, add
from outbox.models import Delivery, Heartbeat
from outbox.retry import DeliveryError
from scheduling.calls import book_call
from scheduling.models import Calendar, TimeRequest
from tests.factories import make_advisor, make_submission, run_delivery

# Rows that the machine owns: read, and acted on through services.
MACHINE_OWNED = (
    "intake.Submission", "intake.Quarantined", "outbox.Event", "outbox.Delivery", "scheduling.Booking",
    "scheduling.Assignment",
    "scheduling.TimeRequest", "notifications.Mail", "notifications.FollowUp", "assessments.Assessment",
    "assessments.Outcome",
)  # fmt: skip


def _refused(delivery: Delivery) -> dict[str, str]:
    raise DeliveryError("The other side said no.", permanent=True)


def make_lead_with_a_life(number: int = 0, **over: object) -> Lead:
    """Needs the house. Each has an advisor of its own, so each gets a time."""
    advisor = make_advisor(ai_depth=3, cto_depth=0)
    Calendar.objects.create(advisor=advisor, url="https://calendar.example/secret.ics", active=False)
    Heartbeat.objects.create(name=f"worker{number}", beat_at=timezone.now())
    colleague, _ = User.objects.get_or_create(username="colleague", defaults={"is_staff": True})
    NotePreference.objects.get_or_create(user=colleague)
    Site.objects.get_or_create(name="Engines")
    Endpoint.objects.create(url=f"https://hooks.example/{number}")
    keys.create("CRM", ["leads:read"])
    submission = make_submission(**{"email": f"ada{number}@example.com", **over})
    assert submission.lead is not None
    of_this_lead = {"event__subject": submission.lead.id}
    run_delivery("scheduling.book_call", book_call, **of_this_lead)
    run_delivery("notifications.send_reply", send_reply, **of_this_lead)
    run_delivery("notifications.send_staff_note", send_staff_note, **of_this_lead)
    run_delivery("notifications.fan_out", _refused, **of_this_lead)
    TimeRequest.objects.create(submission=submission, wish="After four", created_at=timezone.now())
    run_delivery("notifications.start_sequences", start_sequences, **of_this_lead)
    make_submission(email=f"mallory{number}@example.com", contact_fax_ext="x", message="500 backlinks.")
    block("address", f"mallory{number}@example.com", reason="A bot.", by=None)
    add(f"eve{number}@example.com", Reason.MANUAL, Scope.ALL, now=timezone.now(), note="Wishes no mail.")
    outcomes.record(submission.assessment, Found("ai", note=submission.message), now=timezone.now())
    return submission.lead


def registered() -> list[type[Model]]:
    return sorted(admin.site._registry, key=lambda model: model._meta.label)


def list_url(model: type[Model]) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


def page_url(row: Model, page: str = "change") -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_{page}", args=[row.pk])


def every_page() -> Iterator[str]:
    """The list and every row's own page of all that is registered."""
    for model in registered():
        yield list_url(model)
        yield from (page_url(row) for row in model._default_manager.all())
