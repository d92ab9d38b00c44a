"""Questionnaires as published, assessments as judged (both are kept as they were), and what proved to be true.

Written by `assessments.services` and `assessments.outcomes`; `intake` points from a submission to its current
assessment.
"""

from django.conf import settings
from django.db import models
from django.db.models import Q


class Questionnaire(models.Model):
    """A set of statements under one slug; its wording lives in numbered versions."""

    slug = models.SlugField(unique=True)
    title = models.CharField(max_length=200)

    def __str__(self) -> str:
        return self.title


class QuestionnaireVersion(models.Model):
    """The statements of a questionnaire as published at one time, or the one draft of the next.

    A draft has no date yet. A trigger refuses to change or delete a row that has one (migration 0003).
    """

    questionnaire = models.ForeignKey(Questionnaire, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    statements = models.JSONField(help_text="The signals as the ruleset writes them, with weights and texts.")
    ruleset = models.CharField(max_length=32, blank=True, default="", help_text="Whose thresholds it is judged under.")
    is_shipped = models.BooleanField(default=True, help_text="The program's own wording, which an update replaces.")
    published_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["questionnaire", "number"], name="questionnaire_version_once"),
            models.CheckConstraint(condition=Q(number__gte=1), name="questionnaire_version_from_one"),
            models.UniqueConstraint(
                fields=["questionnaire"], condition=Q(published_at__isnull=True), name="questionnaire_one_draft"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.questionnaire} v{self.number}"

    @property
    def is_draft(self) -> bool:
        return self.published_at is None


class Assessment(models.Model):
    """One judgement: all that it was made from, and the decision record that followed under a ruleset.

    Immutable. A new judgement of the same submission is a new row that names the one before it.
    """

    questionnaire_version = models.ForeignKey(QuestionnaireVersion, on_delete=models.PROTECT, related_name="+")
    answers = models.JSONField(default=dict)
    company_size = models.CharField(max_length=16, blank=True, default="")
    asked_for = models.CharField(max_length=16, blank=True, default="")
    evidence = models.JSONField(
        default=dict, blank=True, help_text="What was read out of the message, with its reader's version; else empty."
    )
    decision = models.JSONField()
    ruleset = models.CharField(max_length=120, help_text="With slug and version where staff wrote the statements.")
    previous = models.OneToOneField("self", on_delete=models.PROTECT, null=True, blank=True, related_name="next")
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.decision.get('gap', '?')} ({self.decision.get('confidence', '?')})"


class Outcome(models.Model):
    """What the gap really was, as somebody found out after the judgement: how right the judge was is read from here.

    One an assessment; recorded again it is overwritten. What was found in a conversation outweighs a correction
    that staff made at the desk.
    """

    class Gap(models.TextChoices):
        CTO = "cto", "CTO"
        AI = "ai", "AI officer"
        BOTH = "both", "Both"
        UNCLEAR = "unclear", "Unclear"

    class Source(models.TextChoices):
        CONVERSATION = "conversation", "After a conversation"
        CORRECTION = "correction", "Corrected by staff"

    assessment = models.OneToOneField(Assessment, on_delete=models.CASCADE, related_name="outcome")
    gap = models.CharField("real gap", max_length=16, choices=Gap)
    primary = models.CharField("heavier side", max_length=8, blank=True, help_text="Of both; empty where it is even.")
    note = models.TextField(blank=True)
    source = models.CharField(max_length=16, choices=Source)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(gap__in=["cto", "ai", "both", "unclear"]), name="outcome_gap_known"),
            models.CheckConstraint(
                condition=Q(primary="") | Q(primary__in=["cto", "ai"], gap="both"), name="outcome_primary_of_both"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_gap_display()} ({self.get_source_display().lower()})"
