"""Why Maya? The choice of an advisor as staff read it: each step in words, and everybody's numbers beside it."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.decorators import display

from outbox.admin import ReadOnly
from outbox.desk import link, table
from scheduling.matching import WINDOW_DAYS
from scheduling.models import Advisor, Assignment

STEPS = {
    "fits": "Is here, and fits what is offered",
    "primary_side": "Nobody who is here fits all of it: knows the heavier side",
    "least_loaded": "Nobody who is here knows the field: everybody who is",
    "nobody": "Nobody is here",
    "returning": "Is this person's advisor from an earlier enquiry",
    "depth": "Fits best: the deepest, and for one role a specialist before who spans both",
    "fair_share": "Of equals, was given the smallest share",
    "longest_idle": "Of equals, was chosen longest ago, or never",
    "here_first": "All else being equal, was here first",
    "free": "The first one with a free time",
    "wish": "Has the wished time free",
    "joint": "Both are free within five working days: they come together",
    "briefed": "Not both are free within five working days: the first one comes, the second one is briefed",
}
OUT = {
    "does_not_fit": "Does not fit",
    "on_leave": "On leave",
    "no_hours": f"No hours in the next {WINDOW_DAYS} days",
}
HEAD = (
    "Advisor", "Part", "CTO", "AI", "Conversations ahead", "Weight", "Hours ahead", "Days here", "Per 100 hours",
    "Last chosen (UTC)",
)  # fmt: skip
READING = (
    f"Ahead: in the {WINDOW_DAYS} days from then on. Per 100 hours: what they had and the next one, divided by weight"
    " and hours; of those who fit equally well the smallest goes first. For the days before somebody was here they"
    " count as booked like the others."
)


@admin.register(Assignment)
class AssignmentAdmin(ReadOnly):
    list_display = ("decided_at", "lead", "who", "outcome", "because")
    list_filter = ("outcome", "step", "advisor")
    search_fields = ("submission__lead__email", "submission__lead__name", "submission__lead__company")
    list_select_related = ("submission__lead", "advisor", "colleague")
    ordering = ("-decided_at",)
    fields = readonly_fields = ("of_lead", "who", "outcome", "decided_at", "why")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.readonly_fields

    @display(description="Lead")
    def lead(self, assignment: Assignment) -> str:
        return str(assignment.submission.lead or "-")

    @display(description="Lead")
    def of_lead(self, assignment: Assignment) -> str:
        lead = assignment.submission.lead
        return link(lead, str(lead)) if lead else "-"

    @display(description="Advisor")
    def who(self, assignment: Assignment) -> str:
        return told(assignment)

    @display(description="Because", ordering="step")
    def because(self, assignment: Assignment) -> str:
        return _why(assignment)

    @display(description="Why")
    def why(self, assignment: Assignment) -> SafeString:
        return explained(assignment, _people([assignment]))


def choices_of(lead_id: Any) -> SafeString:
    """Who was chosen for a lead's enquiries, newest first, and why; for the lead's page."""
    rows = Assignment.objects.filter(submission__lead=lead_id).select_related("advisor", "colleague")
    assignments = list(rows.order_by("-decided_at", "-pk"))
    if not assignments:
        return format_html("<p>{}</p>", "Not decided yet.")
    latest, people = assignments[0], _people(assignments[:1])
    steps = "; ".join(f"{step}: {left or '-'}" for step, left in _steps(latest, people))
    decided = format_html_join("", "<p>{}: {}. {}.</p>", ((_linked(row), told(row), _why(row)) for row in assignments))
    return format_html("{}<p><small>{}.</small></p>{}", decided, steps, _everybody(latest, people))


def _linked(assignment: Assignment) -> SafeString:
    return link(assignment, f"{assignment.decided_at:%Y-%m-%d %H:%M} UTC")


def _why(assignment: Assignment) -> str:
    return step_in_words(assignment.step)


def told(assignment: Assignment) -> str:
    if assignment.advisor is None:
        return "Nobody"
    if assignment.colleague is None:
        return str(assignment.advisor)
    part = "together with" if assignment.is_joint else "who briefs"
    return f"{assignment.advisor}, {part} {assignment.colleague}"


def step_in_words(step: str) -> str:
    return STEPS.get(step) or step.replace("_", " ").capitalize()


def explained(assignment: Assignment, people: dict[int, Advisor]) -> SafeString:
    """Each step with whom it left, and everybody who was looked at."""
    steps = table(("Step", "Left"), _steps(assignment, people))
    return format_html("{}<br>{}", steps, _everybody(assignment, people))


def _steps(assignment: Assignment, people: dict[int, Advisor]) -> list[tuple[str, str]]:
    return [
        (step_in_words(row["step"]), ", ".join(_name(id_, people) for id_ in row["left"])) for row in assignment.steps
    ]


def _everybody(assignment: Assignment, people: dict[int, Advisor]) -> SafeString:
    parts = {assignment.advisor_id: "Leads", assignment.colleague_id: "Joins" if assignment.is_joint else "Is briefed"}
    lines = [_line(row, parts, people) for row in assignment.candidates]
    return format_html("{}<p><small>{}</small></p>", table(HEAD, lines, empty="Nobody was there."), READING)


def _line(row: dict[str, Any], parts: dict[int | None, str], people: dict[int, Advisor]) -> tuple[Any, ...]:
    part = parts.get(row["id"]) or OUT.get(row.get("out", ""), "")
    return (_name(row["id"], people), part, row["cto_depth"], row["ai_depth"], *_numbers(row))


def _numbers(row: dict[str, Any]) -> tuple[Any, ...]:
    if "share" not in row:
        return ("",) * 6
    idle_since = row["idle_since"]
    return (
        row["bookings"],
        f"{row['weight']:g}",
        f"{row['hours']:g}",
        row["days"] if row["days"] < WINDOW_DAYS else f"{WINDOW_DAYS}+",
        f"{100 * row['share']:.2f}",
        f"{datetime.fromisoformat(idle_since):%Y-%m-%d %H:%M}" if idle_since else "Never",
    )


def _people(assignments: Iterable[Assignment]) -> dict[int, Advisor]:
    """By id; those who have left the house, too."""
    return Advisor.objects.in_bulk({row["id"] for assignment in assignments for row in assignment.candidates})


def _name(id_: int, people: dict[int, Advisor]) -> str:
    return people[id_].name if id_ in people else f"Advisor {id_}, who was deleted"
