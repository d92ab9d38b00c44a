"""Questionnaires and judgements in the admin: a questionnaire has versions to read and one draft to edit.

`intake.admin` registers `QuestionnaireAdmin`: it knows the submissions that a draft is tried on.
"""

from typing import Any

from django.contrib import admin
from django.forms import ModelForm
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin
from unfold.decorators import display

from assessments.desk import DraftPages
from assessments.models import Assessment, Questionnaire


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
