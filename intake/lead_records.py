"""A lead as staff's programs read it: in a list, and by itself with all that the person has sent.

Contact details and the person's own words stand in it, so it is for keys with `leads:read` alone. Never in it: the
token of a submission, which would open the prospect's own page.
"""

from collections.abc import Sequence
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from intake.belief import believed
from intake.corrections import LATEST_FIRST
from intake.events import assessment_data, instant
from intake.filters import WAITS, believed_gap, waiting, with_waiting
from intake.models import Correction, Lead, Submission

SHOWN = 50  # submissions and corrections of one lead
PLAIN = ("email", "name", "company", "role", "phone", "website", "company_size", "timezone")
SEARCHED = ("name", "email", "company", "phone")


def rows() -> QuerySet[Lead]:
    """Everybody, with what a record says beside the lead's own fields."""
    latest = Submission.objects.filter(lead=OuterRef("pk")).order_by(*LATEST_FIRST)
    leads = Lead.objects.select_related("owner").annotate(latest_id=Subquery(latest.values("pk")[:1]))
    return with_waiting(leads, now=timezone.now())


def mentions(text: str, of: str = "") -> Q:
    """Leads in which this text stands; `of` is the way from the row to its lead."""
    return reduce(or_, (Q(**{f"{of}{field}__icontains": text}) for field in SEARCHED))


def _with_advisor(leads: QuerySet[Lead], advisor: int) -> QuerySet[Lead]:
    """Who was given to this advisor, or sits in a conversation with them. Read by name: the rows are scheduling's."""
    theirs = Q(assignment__advisor=advisor) | Q(assignment__colleague=advisor) | Q(bookings__seats__advisor=advisor)
    return leads.filter(Exists(Submission.objects.filter(theirs, lead=OuterRef("pk"))))


def _waiting(leads: QuerySet[Lead], wanted: bool) -> QuerySet[Lead]:  # noqa: FBT001
    return leads.filter(waiting() if wanted else ~waiting())


# How each filter of `intake.asking.AboutLeads` narrows the rows.
NARROWING: dict[str, Any] = {
    "q": lambda leads, text: leads.filter(mentions(text)),
    "gap": lambda leads, gap: leads.alias(its_gap=believed_gap()).filter(its_gap=gap),
    "stage": lambda leads, stage: leads.filter(stage=stage),
    "advisor": _with_advisor,
    "owner": lambda leads, name: leads.filter(owner__username=name),
    "since": lambda leads, moment: leads.filter(created_at__gte=moment),
    "until": lambda leads, moment: leads.filter(created_at__lt=moment),
    "needs_attention": _waiting,
}


def summaries(leads: Sequence[Any]) -> list[dict[str, Any]]:
    """Of rows that `rows` has found: one more query, however many they are."""
    latest = Submission.objects.select_related("assessment").in_bulk([lead.latest_id for lead in leads])
    return [_summary(lead, latest.get(lead.latest_id)) for lead in leads]


def record(lead: Any) -> dict[str, Any]:
    """One row of `rows` with what the person sent, newest first, and what staff corrected."""
    submissions = lead.submissions.select_related("assessment").order_by("-created_at")[:SHOWN]
    corrections = lead.corrections.select_related("corrected_by").order_by("-pk")[:SHOWN]
    return {
        **summaries([lead])[0],
        "submissions": [_sent(submission) for submission in submissions],
        "corrections": [_corrected(correction) for correction in corrections],
    }


def _summary(lead: Any, submission: Submission | None) -> dict[str, Any]:
    size = (submission.company_size if submission else "") or lead.company_size
    judged = {"gap": lead.gap, "primary": lead.primary, "engagement": lead.engagement}
    return {
        "id": str(lead.pk),
        **{name: getattr(lead, name) for name in PLAIN},
        "stage": str(lead.stage),
        "owner": lead.owner.get_username() if lead.owner else None,
        **believed(lead.corrected_gap, judged, company_size=size)._asdict(),
        "corrected_gap": lead.corrected_gap or None,
        **_judged(submission),
        "needs_attention": any(getattr(lead, name) for name in WAITS),
        "created_at": instant(lead.created_at),
        "last_activity_at": instant(lead.last_activity_at),
        "admin_url": lead.desk_url,
    }


def _judged(submission: Submission | None) -> dict[str, Any]:
    """What the last enquiry was judged to be. `best_guess` is the gap before low confidence made it `unclear`."""
    if submission is None:
        return dict.fromkeys(("asked_for", "intent", "best_guess", "submission", "assessment"))
    decision = submission.assessment.decision
    return {
        **{name: decision[name] for name in ("asked_for", "intent", "best_guess")},
        "submission": {"id": str(submission.pk), "created_at": instant(submission.created_at)},
        "assessment": assessment_data(submission.assessment),
    }


SENT = ("message", "asked_for", "company_size", "timezone", "language", "consent_follow_up", "attribution", "is_test")


def _sent(submission: Submission) -> dict[str, Any]:
    return {
        "id": str(submission.pk),
        "created_at": instant(submission.created_at),
        "gap": submission.assessment.decision["gap"],
        "answers": submission.assessment.answers,
        **{name: getattr(submission, name) for name in SENT},
    }


def _corrected(correction: Correction) -> dict[str, Any]:
    by = correction.corrected_by
    return {
        "gap": correction.gap or None,
        "before": correction.before,
        "reason": correction.reason,
        "by": by.get_username() if by else None,
        "corrected_at": instant(correction.corrected_at),
    }
