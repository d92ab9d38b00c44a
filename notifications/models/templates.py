"""Template: the reply to one engagement; TemplateVersion: its words, as a draft and then for ever."""

from django.conf import settings
from django.db import models
from django.db.models import Q


class Template(models.Model):
    """The reply for one engagement. Without a published version the words that the program brings are sent."""

    engagement = models.CharField(max_length=32, unique=True)

    def __str__(self) -> str:
        return f"Reply: {self.engagement.replace('_', ' ')}"


class TemplateVersion(models.Model):
    """Subject and body as staff wrote them. Without `published_at` it is the draft of the next version."""

    template = models.ForeignKey(Template, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    subject = models.CharField(max_length=200)
    body = models.TextField(help_text="Paragraphs with an empty line between them.")
    saved_at = models.DateTimeField()
    saved_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    published_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["template", "number"], name="template_version_number_once"),
            models.UniqueConstraint(
                fields=["template"], condition=Q(published_at__isnull=True), name="template_has_one_draft"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.template}, version {self.number}"
