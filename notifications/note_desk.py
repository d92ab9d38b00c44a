"""The switch of notes for each colleague, and the badge on every page of the desk while no mail goes out."""

from typing import Any

from django.contrib import admin
from django.contrib.auth import get_user_model
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from notifications import failures
from notifications.models import NotePreference


def badge(request: HttpRequest) -> list[str] | None:
    """A dead mail server cannot be mailed, so it stands where staff look; nothing while mails go out."""
    if not request.user.has_perm("intake.view_lead"):
        return None
    count, since = failures.waiting_mails()
    if since is None:
        return None
    return [f"No mail goes out since {since:%d %b, %H:%M} UTC: {count} wait{'s' if count == 1 else ''}", "danger"]


@admin.register(NotePreference)
class NotePreferenceAdmin(ModelAdmin):
    """Everybody at the desk sets their own; who may change users sets anybody's."""

    list_display = ("user", "mode")
    list_select_related = ("user",)
    fields = ("user", "mode")

    def has_module_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("intake.view_lead")

    has_add_permission = has_module_permission

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_module_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_module_permission(request) and (obj is None or obj.user in _those_to_set(request))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if db_field.name == "user":
            field.initial = request.user.pk
            field.queryset = _those_to_set(request)
        return field


def _those_to_set(request: HttpRequest) -> QuerySet[Any]:
    """Oneself; all colleagues for who may change users."""
    people = get_user_model().objects.filter(is_staff=True)
    return people if request.user.has_perm("auth.change_user") else people.filter(pk=request.user.pk or 0)
