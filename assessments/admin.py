"""Questionnaires and judgements in the admin: to read. Published wording and past verdicts never change."""

from typing import Any

from django.contrib import admin
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import display

from assessments.models import Assessment, Questionnaire, QuestionnaireVersion


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
