"""Questionnaires, judgements and how right they were, in the admin. Past verdicts never change.

`intake.admin` registers `QuestionnaireAdmin`: it knows the submissions that a draft is tried on.
"""

from typing import Any

from django.contrib import admin
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin
from unfold.decorators import display

from assessments import outcomes
from assessments.desk import DraftPages
from assessments.evidence import GAPS
from assessments.models import Assessment, Outcome, Questionnaire
from assessments.outcomes import Rate, Report


def never(*_: Any) -> bool:
    return False


class QuestionnaireAdmin(DraftPages):
    list_display = ("title", "slug", "published")
    search_fields = ("title", "slug")
    fields = ("title", "slug", "versions", "next_version")
    readonly_fields = ("slug", "versions", "next_version")
    has_add_permission = has_delete_permission = never

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("versions")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Without the buttons for who may only look."""
        fields = super().get_fields(request, obj)
        may_edit = self.has_change_permission(request, obj)
        return fields if may_edit else [name for name in fields if name != "next_version"]

    def save_model(self, request: HttpRequest, obj: Questionnaire, form: ModelForm, change: bool) -> None:  # noqa: FBT001
        obj.save(update_fields=form.changed_data)

    @display(description="Published")
    def published(self, questionnaire: Questionnaire) -> str:
        numbers = [version.number for version in questionnaire.versions.all() if not version.is_draft]
        return f"Version {max(numbers)}" if numbers else "-"

    @display(description="Versions")
    def versions(self, questionnaire: Questionnaire) -> SafeString:
        versions = sorted(questionnaire.versions.all(), key=lambda version: -version.number)
        newest = next((version for version in versions if not version.is_draft), None)
        context = {"questionnaire": questionnaire, "versions": versions, "newest": newest}
        return render_to_string("assessments/versions.html", context)

    @display(description="Next version")
    def next_version(self, questionnaire: Questionnaire) -> SafeString:
        """Buttons of the surrounding form, so that its CSRF token goes along."""
        draft = next((version for version in questionnaire.versions.all() if version.is_draft), None)
        return render_to_string("assessments/next_version.html", {"questionnaire": questionnaire, "draft": draft})


@admin.register(Assessment)
class AssessmentAdmin(ModelAdmin):
    list_display = ("id", "gap", "confidence", "ruleset", "created_at")
    list_filter = ("ruleset",)
    search_fields = ("id", "ruleset")
    ordering = ("-created_at",)
    has_add_permission = has_change_permission = has_delete_permission = never

    @display(description="Gap", ordering="decision__gap")
    def gap(self, assessment: Assessment) -> str:
        return str(assessment.decision["gap"])

    @display(description="Confidence", ordering="decision__confidence")
    def confidence(self, assessment: Assessment) -> str:
        return str(assessment.decision["confidence"])


@admin.register(Outcome)
class OutcomeAdmin(ModelAdmin):
    """“How right were we?”: the report, and under it every outcome. They are recorded on the pages of leads."""

    list_before_template = "assessments/how_right.html"
    list_display = ("recorded_at", "judged", "gap", "primary", "source", "recorded_by")
    list_filter = ("gap", "source")
    list_select_related = ("assessment", "recorded_by")
    search_fields = ("note",)
    ordering = ("-recorded_at",)
    has_add_permission = has_change_permission = has_delete_permission = never

    @display(description="Judged", ordering="assessment__decision__gap")
    def judged(self, outcome: Outcome) -> str:
        return str(outcome.assessment.decision["gap"])

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        report = outcomes.confusion()
        tables = {"matrix": _matrix(report), "rules": _rules(report), "signals": _signals(report)}
        context = {"title": "How right were we?", "report": report, **tables, **(extra_context or {})}
        response: HttpResponse = super().changelist_view(request, context)
        return response


def _matrix(report: Report) -> dict[str, Any]:
    names = {**dict(Outcome.Gap.choices), "both": "both", "unclear": "unclear"}
    rows = [[f"Judged {names[judged]}", *(row[gap] for gap in GAPS)] for judged, row in report.matrix.items()]
    return {"headers": ["", *(f"Really {names[gap]}" for gap in GAPS)], "rows": rows}


def _rules(report: Report) -> dict[str, Any]:
    rows = [[rate.name, *_rate(rate)] for rate in report.rules.values()]
    return {"headers": ["Rule", "Right", "Rate", "Range"], "rows": rows}


def _signals(report: Report) -> dict[str, Any]:
    rows = [[key, report.sides[key].upper(), *_rate(rate)] for key, rate in report.signals.items()]
    return {"headers": ["Signal", "Side", "Real gap had it", "Rate", "Range"], "rows": rows}


def _rate(rate: Rate) -> list[str]:
    if not rate.of:
        return ["–", "–", "–"]
    return [f"{rate.right} of {rate.of}", f"{rate.percent}%", f"{rate.low} to {rate.high}%"]
