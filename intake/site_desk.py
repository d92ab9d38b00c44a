"""Websites in the admin: what may post from where, the lines to copy, and how its last enquiries fared.

Part of `intake.admin`; `intake.sites` asks the rows.
"""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin
from unfold.decorators import display
from unfold.widgets import UnfoldAdminTextareaWidget

from intake import sites
from intake.models import Site

SNIPPET = """<form method="post" action="{base}/api/v1/submissions/" accept-charset="utf-8">
  <input type="hidden" name="site" value="{key}">
  …
</form>

<script src="{base}/embed/v1.js" async></script>
<truegap-assessment site="{key}"></truegap-assessment>"""


class Origins(forms.CharField):
    """One address a line; each is kept as browsers write it."""

    widget = UnfoldAdminTextareaWidget(attrs={"rows": 3})

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        found = []
        for line in (super().to_python(value) or "").split():
            try:
                found.append(sites.origin_of(line))
            except ValueError as error:
                raise forms.ValidationError(f"“{line[:80]}”: {error}") from error
        return list(dict.fromkeys(found))

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(self.prepare_value(initial or []) != (data or ""))


class SiteForm(forms.ModelForm):
    origins = Origins(
        required=False,
        help_text="Where its pages are, an address a line, such as https://www.example.com. Scripts of other pages "
        "cannot read our answers; a plain form can be posted from anywhere.",
    )


@admin.register(Site)
class SiteAdmin(ModelAdmin):
    form = SiteForm
    formfield_overrides = {models.URLField: {"assume_scheme": "https"}}
    list_display = ("name", "key", "active", "test_mode", "last_accepted_at", "last_refused_at", "last_refusal")
    list_filter = ("active", "test_mode")
    search_fields = ("name", "key")
    fields = (
        "name", "key", "active", "origins", "redirect_url", "consent_text", "holds", "proof_of_work", "test_mode",
        "snippet", "last_accepted_at", "last_refused_at", "last_refusal",
    )  # fmt: skip
    readonly_fields = ("key", "snippet", "last_accepted_at", "last_refused_at", "last_refusal")

    @display(description="To copy")
    def snippet(self, site: Site) -> SafeString:
        text = SNIPPET.format(base=settings.PUBLIC_BASE_URL, key=site.key)
        return format_html('<pre style="white-space:pre-wrap;overflow-wrap:anywhere">{}</pre>', text)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # what came from it keeps its name; one that is not wanted is switched off
