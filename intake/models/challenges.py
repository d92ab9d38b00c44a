"""UsedChallenge: a proof of work that was handed in, remembered until it would have expired."""

from django.db import models


class UsedChallenge(models.Model):
    """In PostgreSQL, since a cache that was emptied would let every solved task be handed in again."""

    signature = models.CharField(max_length=64, primary_key=True)
    expires_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["expires_at"], name="used_challenge_by_expiry")]

    def __str__(self) -> str:
        return self.signature[:12]
