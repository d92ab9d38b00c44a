"""The feed on an advisor's page in the admin: its address, and the buttons that make, renew and stop it."""

from functools import partial
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST
from unfold.decorators import display

from outbox.desk import SAVES_ON_ENTER, act_buttons
from scheduling import feeds
from scheduling.models import Advisor

ABOUT = (
    "Calendars that subscribe to this address show the confirmed conversations, with names and companies. "
    "Whoever has it can read them: renew it if it was seen by others."
)
LOGGED = {"renew": "gave the calendar feed a new address", "stop": "stopped the calendar feed"}
DONE = {
    "renew": "The feed has a new address. An older one opens nothing any more.",
    "stop": "The feed is stopped: its address opens nothing any more.",
}


class FeedDesk:
    """Mixed into the admin of advisors."""

    admin_site: Any

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return (*super().get_readonly_fields(request, obj), "feed")  # type: ignore[misc]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Only for who may change the advisor: the address is a key."""
        fieldsets = super().get_fieldsets(request, obj)  # type: ignore[misc]
        if obj is None or not self.has_change_permission(request, obj):  # type: ignore[attr-defined]
            return fieldsets
        return [*fieldsets, ("Calendar feed", {"fields": ("feed",)})]

    @display(description="Feed")
    def feed(self, advisor: Advisor) -> SafeString:
        if not advisor.feed_token:
            return _row("There is none yet.", advisor, [("renew", "Make a feed")])
        url = f"{settings.PUBLIC_BASE_URL}{reverse('feed', args=[advisor.feed_token])}"
        shown = format_html('<code style="overflow-wrap:anywhere;user-select:all">{}</code>', url)
        return _row(shown, advisor, [("renew", "Renew the address"), ("stop", "Stop the feed")])

    def get_urls(self) -> list[URLPattern]:
        urls: list[URLPattern] = super().get_urls()  # type: ignore[misc]  # of the admin that this is mixed into
        return [
            path(
                f"<int:pk>/feed/{act}/",
                self.admin_site.admin_view(require_POST(partial(self._do, act))),
                name=f"scheduling_advisor_feed_{act}",
            )
            for act in DONE
        ] + urls

    def _do(self, act: str, request: HttpRequest, pk: int) -> HttpResponse:
        advisor = get_object_or_404(Advisor, pk=pk)
        if not self.has_change_permission(request, advisor):  # type: ignore[attr-defined]
            raise PermissionDenied
        (feeds.renew_feed if act == "renew" else feeds.stop_feed)(advisor)
        self.log_change(request, advisor, LOGGED[act])  # type: ignore[attr-defined]
        messages.success(request, DONE[act])
        return HttpResponseRedirect(reverse("admin:scheduling_advisor_change", args=[pk]))


def _row(shown: str, advisor: Advisor, buttons: list[tuple[str, str]]) -> SafeString:
    return format_html(
        '<p style="margin-bottom:.75rem">{}</p><p style="margin-bottom:.75rem">{}</p>{}{}',
        ABOUT,
        shown,
        SAVES_ON_ENTER,
        act_buttons(
            (reverse(f"admin:scheduling_advisor_feed_{act}", args=[advisor.pk]), label) for act, label in buttons
        ),
    )
