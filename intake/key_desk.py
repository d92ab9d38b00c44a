"""API keys in the admin: made and shown once, read, revoked; never edited, since a key in use must not change.

Part of `intake.admin`; `intake.keys` does the work.
"""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin
from unfold.decorators import display

from intake import keys
from intake.models import ApiKey
from outbox.desk import act_link

STATUS_COLOURS = {"Valid": "success", "Revoked": "danger", "Expired": "warning"}


class KeyForm(forms.ModelForm):
    scopes = forms.MultipleChoiceField(
        choices=[(value, f"{label} ({value})") for value, label in ApiKey.Scope.choices],
        widget=forms.CheckboxSelectMultiple,
    )

    class Meta:
        model = ApiKey
        fields = ("name", "scopes", "expires_at")

    def clean_expires_at(self) -> Any:
        moment = self.cleaned_data["expires_at"]
        if moment and moment <= timezone.now():
            raise forms.ValidationError("That is over already. Choose a later time, or leave it empty.")
        return moment


@admin.register(ApiKey)
class KeyAdmin(ModelAdmin):
    list_display = ("name", "begins", "show_status", "show_scopes", "last_used_at", "expires_at", "created_by")
    list_select_related = ("created_by",)
    search_fields = ("name", "prefix")
    ordering = ("-created_at",)

    def get_form(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        return super().get_form(request, obj, **(kwargs if obj else kwargs | {"form": KeyForm}))

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return KeyForm.Meta.fields
        shown = ["name", "begins", "show_status", "show_scopes", "expires_at", "last_used_at", "created_by"]
        return [*shown, "created_at", *(["revocation"] if self._may_revoke(request, obj) else [])]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.get_fields(request, obj) if obj else ()

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: ApiKey, form: Any, change: bool) -> None:  # noqa: FBT001
        made, text = keys.create(obj.name, obj.scopes, by=request.user, expires_at=obj.expires_at)  # type: ignore[arg-type]
        obj.pk, obj.prefix = made.pk, made.prefix
        shown = format_html('<code style="overflow-wrap:anywhere;user-select:all">{}</code>', text)
        self.message_user(request, format_html("The key, shown only this once: {}", shown), messages.WARNING)

    # --- shown ------------------------------------------------------------------------------------------

    @display(description="Begins with", ordering="prefix")
    def begins(self, key: ApiKey) -> SafeString:
        return format_html("<code>tg_{}_…</code>", key.prefix)

    @display(description="Status", label=STATUS_COLOURS)
    def show_status(self, key: ApiKey) -> str:
        if key.revoked_at:
            return "Revoked"
        return "Expired" if key.expires_at and key.expires_at <= timezone.now() else "Valid"

    @display(description="Scopes")
    def show_scopes(self, key: ApiKey) -> str:
        return ", ".join(key.scopes)

    @display(description="Revoke")
    def revocation(self, key: ApiKey) -> SafeString:
        return act_link(reverse("admin:intake_apikey_revoke", args=[key.pk]), "Revoke this key")

    # --- done -------------------------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.revoke)
        return [path("<uuid:pk>/revoke/", view, name="intake_apikey_revoke"), *super().get_urls()]

    def revoke(self, request: HttpRequest, pk: Any) -> HttpResponse:
        """Asks first: whatever uses the key stops working at once."""
        key = get_object_or_404(ApiKey, pk=pk)
        if not self._may_revoke(request, key):
            raise PermissionDenied
        back = reverse("admin:intake_apikey_change", args=[pk])
        if request.method != "POST":
            context = {**self.admin_site.each_context(request), "title": f"Revoke {key}?", "key": key, "back": back}
            return render(request, "intake/revoke_key.html", context)
        if keys.revoke(key, now=timezone.now()):
            self.log_change(request, key, "revoked")
        messages.success(request, f"{key} is revoked: whoever calls with it gets 401.")
        return HttpResponseRedirect(back)

    def _may_revoke(self, request: HttpRequest, key: ApiKey) -> bool:
        return not key.revoked_at and bool(request.user.has_perm("intake.change_apikey"))
