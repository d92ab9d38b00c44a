"""Block: what staff want to see no enquiry from."""

from django.conf import settings
from django.db import models


class Block(models.Model):
    """An address, domain, network or word; what matches is set aside, never refused: a block may be a mistake."""

    class Kind(models.TextChoices):
        ADDRESS = "address", "Mail address"
        DOMAIN = "domain", "Domain of the mail address"
        NETWORK = "network", "Network or address of the client"
        WORD = "word", "Word or phrase in name, company or message"

    kind = models.CharField(max_length=8, choices=Kind)
    value = models.CharField(
        max_length=254, help_text="Such as eve@example.com, example.com, 203.0.113.0/24, or the word as it is written."
    )
    reason = models.CharField(max_length=300, blank=True, help_text="For colleagues who wonder later.")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, editable=False, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = "blocked sender"
        constraints = [
            models.UniqueConstraint(fields=["kind", "value"], name="block_once"),
            models.CheckConstraint(condition=~models.Q(value=""), name="block_names_something"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.value}"
