"""Questionnaires and judgements in the admin, and how right they were: to read. Past verdicts never change."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import display

from assessments import outcomes
from assessments.evidence import GAPS
from assessments.models import Assessment, Outcome, Questionnaire, QuestionnaireVersion
from assessments.outcomes import Rate, Report


def never(*_: Any) -> bool:
    return False


class VersionInline(TabularInline):
    model = QuestionnaireVersion
    fields = readonly_fields = ("number", "published_at", "statements")
    extra = 0
    has_add_permission = has_change_permission = has_delete_permission = never


@admin.register(Questionnaire)
class QuestionnaireAdmin(ModelAdmin):
    list_display = ("title", "slug")
    search_fields = ("title", "slug")
    readonly_fields = ("slug",)
    inlines = (VersionInline,)
    has_add_permission = has_delete_permission = never


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
