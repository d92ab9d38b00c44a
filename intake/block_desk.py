"""The blocklist in the admin: who or what is set aside without another look, why, and who put it there.

Part of `intake.admin`; `intake.blocklist` compares.
"""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from intake import blocklist
from intake.models import Block

EXAMPLES = {"address": "eve@example.com", "domain": "example.com", "network": "203.0.113.0/24"}


class BlockForm(forms.ModelForm):
    def clean(self) -> dict[str, Any]:
        """Kept as it is compared, so that the same thing cannot stand there twice in two spellings."""
        data: dict[str, Any] = super().clean() or {}
        kind, value = data.get("kind"), data.get("value")
        if kind and value:
            try:
                data["value"] = blocklist.tidy(kind, value)
            except ValueError:
                self.add_error("value", f"That is no such thing. Use a form like {EXAMPLES[kind]}.")
        return data


@admin.register(Block)
class BlockAdmin(ModelAdmin):
    """Who and what is set aside without another look; a row that is deleted lets the next one in."""

    form = BlockForm
    list_display = ("kind", "value", "reason", "created_by", "created_at")
    list_filter = ("kind",)
    list_select_related = ("created_by",)
    search_fields = ("value", "reason")
    ordering = ("-created_at",)
    fields = ("kind", "value", "reason")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # another value is another block: delete the one, add the other

    def save_model(self, request: HttpRequest, obj: Block, form: Any, change: bool) -> None:  # noqa: FBT001
        obj.created_by = request.user  # type: ignore[assignment]  # nobody else gets here
        super().save_model(request, obj, form, change)
