"""Sifting: what became of a submission in the quarantine, act by act."""

from django.conf import settings
from django.db import models

from intake.models.submissions import Submission


class Sifting(models.Model):
    """One act of staff: never changed, so that each can be looked up and taken back."""

    class Act(models.TextChoices):
        RELEASED = "released", "Released to the desk"
        REJECTED = "rejected", "Rejected"
        SET_ASIDE = "set_aside", "Set aside"

    submission = models.ForeignKey(Submission, on_delete=models.CASCADE, related_name="siftings")
    act = models.CharField(max_length=16, choices=Act)
    reasons = models.JSONField(default=list, help_text="For which it was set aside until then, or from then on.")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.get_act_display()


class SetAside(models.Manager["Quarantined"]):
    def get_queryset(self) -> models.QuerySet["Quarantined"]:
        return super().get_queryset().exclude(quarantine_reasons=[])


class Quarantined(Submission):
    """The submissions that are set aside, for the desk: the same rows with pages of their own."""

    objects = SetAside()  # type: ignore[misc]  # as Django has it

    class Meta:
        proxy = True
        verbose_name = "enquiry in quarantine"
        verbose_name_plural = "quarantine"
