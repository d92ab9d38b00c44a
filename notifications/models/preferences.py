"""NotePreference: how a colleague wants to hear of things: at once, once a day, or not at all."""

from django.conf import settings
from django.db import models


class NotePreference(models.Model):
    """One switch per person; who has none hears at once."""

    class Mode(models.TextChoices):
        EACH = "each", "Each note at once"
        DIGEST = "digest", "One mail on the morning of each working day"
        NONE = "none", "No notes"

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="note_preference")
    mode = models.CharField(max_length=8, choices=Mode, default=Mode.EACH)

    def __str__(self) -> str:
        return f"{self.user}: {self.get_mode_display().lower()}"
