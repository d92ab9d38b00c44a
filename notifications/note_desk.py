"""The switch of notes for each colleague, and the badge on every page of the desk while no mail goes out."""

from typing import Any

from django.contrib import admin
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
    fields = ("user", "mode")

    def _may_set_others(self, request: HttpRequest) -> bool:
        return request.user.has_perm("auth.change_user")

    def has_module_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_staff)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.is_staff) and (obj is None or self._is_theirs(request, obj))

    has_change_permission = has_view_permission

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_staff)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def _is_theirs(self, request: HttpRequest, preference: NotePreference) -> bool:
        return preference.user_id == request.user.pk or self._may_set_others(request)

    def get_queryset(self, request: HttpRequest) -> QuerySet[NotePreference]:
        rows: QuerySet[NotePreference] = super().get_queryset(request).select_related("user")
        return rows if self._may_set_others(request) else rows.filter(user=request.user.pk)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if db_field.name == "user":
            field.initial = request.user.pk
            people = field.queryset.filter(is_active=True, is_staff=True)
            field.queryset = people if self._may_set_others(request) else people.filter(pk=request.user.pk)
        return field
