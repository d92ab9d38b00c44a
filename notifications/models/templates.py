"""Template: the words of a reply."""

from django.core.exceptions import ValidationError
from django.db import models


class Template(models.Model):
    """Subject and body of the reply for one engagement; staff may rewrite them. Placeholders: {{ name }}."""

    engagement = models.CharField(max_length=32, unique=True)
    subject = models.CharField(max_length=200)
    body = models.TextField(help_text="Paragraphs with an empty line between them.")

    def __str__(self) -> str:
        return f"Reply: {self.engagement}"

    def clean(self) -> None:
        from notifications import compose

        for field in ("subject", "body"):
            complaint = compose.complaint(getattr(self, field), is_line=field == "subject")
            if complaint:
                raise ValidationError({field: complaint})
