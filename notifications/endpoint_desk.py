"""Webhook endpoints at the desk: how each fares, its test, its secret, what it was sent, and sending that again.

The part of `notifications.admin` for that; `notifications.endpoints` does what is asked for here.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.views.decorators.http import require_GET, require_POST
from unfold.admin import ModelAdmin
from unfold.decorators import display
from unfold.widgets import UnfoldAdminTextInputWidget

from notifications import endpoint_calls, endpoints
from notifications.models import PING, Endpoint, public_types
from outbox.desk import SAVES_ON_ENTER, act_buttons, act_link
from outbox.models import Delivery

State = Endpoint.State
COLOURS = {State.HEALTHY: "success", State.FAILING: "warning", State.PAUSED: "danger", State.OFF: ""}
PAGE = 50
AT = {"type": "datetime-local"}


@admin.register(Endpoint)
class EndpointAdmin(ModelAdmin):
    """Answers “do our events arrive there, and if not, why?”."""

    list_display = ("url", "show_state", "event_types", "include_contact", "created_at")
    list_filter = ("active", "include_contact")
    search_fields = ("url",)
    fields = ("url", "event_types", "include_contact", "active", "state", "buttons", "recent", "created_at")
    readonly_fields = ("state", "buttons", "recent", "created_at")

    def get_fields(self, request: HttpRequest, obj: Endpoint | None = None) -> Any:
        if obj is None:
            return self.fields[:4]
        may = self.has_change_permission(request, obj)
        return self.fields if may else [name for name in self.fields if name != "buttons"]

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "event_types":
            kwargs["widget"] = UnfoldAdminTextInputWidget()
            kwargs["help_text"] = f"With commas between them, or * for all: {', '.join(public_types())}."
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    @display(description="State", label=COLOURS)
    def show_state(self, endpoint: Endpoint) -> tuple[str, str]:
        return endpoint.state, _state(endpoint)

    @display(description="State")
    def state(self, endpoint: Endpoint) -> str:
        return _state(endpoint)

    @display(description="Do")
    def buttons(self, endpoint: Endpoint) -> SafeString:
        return (
            SAVES_ON_ENTER
            + act_buttons([(_url("ping", endpoint), "Send ping")])
            + act_link(_url("deliveries", endpoint), "Deliveries and tests")
            + act_link(_url("replay", endpoint), "Replay a range")
            + act_link(_url("rotate", endpoint), "New secret")
        )

    @display(description="Sent last")
    def recent(self, endpoint: Endpoint) -> SafeString:
        return endpoint_calls.overview(endpoints.deliveries_of(endpoint)[:10])

    def save_model(self, request: HttpRequest, obj: Endpoint, form: forms.ModelForm, change: bool) -> None:  # noqa: FBT001
        if change:
            # Only what was typed: a consumer that is gone may have been switched off since the page was opened.
            row = Endpoint.objects.get(pk=obj.pk)
            endpoints.change(row, **{name: form.cleaned_data[name] for name in form.changed_data})
        else:
            obj.save()
            self.message_user(request, f"The signing secret, shown only this once: {obj.secret}", messages.WARNING)

    # --- its own pages ----------------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        views: dict[str, tuple[str, Callable[..., HttpResponse]]] = {
            "ping": ("ping/", require_POST(self.ping)),
            "rotate": ("rotate/", self.rotate),
            "replay": ("replay/", self.replay),
            "deliveries": ("deliveries/", require_GET(self.deliveries)),
            "delivery": ("deliveries/<uuid:delivery_id>/", require_GET(self.delivery)),
            "retry": ("deliveries/<uuid:delivery_id>/retry/", require_POST(self.retry)),
        }
        own = [
            path(f"<uuid:pk>/{place}", self.admin_site.admin_view(view), name=f"notifications_endpoint_{name}")
            for name, (place, view) in views.items()
        ]
        return [*own, *super().get_urls()]

    def ping(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        endpoint = self._may(request, pk)
        try:
            delivery = endpoints.ping(endpoint, type_=request.POST.get("type", PING), now=timezone.now())
        except ValidationError as error:
            self.message_user(request, error.messages[0], messages.ERROR)
            return HttpResponseRedirect(_url("deliveries", endpoint))
        self.log_change(request, endpoint, f"sent a test: {delivery.event.type}")
        self.message_user(request, "The test is on its way. Open this page again to see what came of it.")
        return HttpResponseRedirect(_url("delivery", endpoint, delivery))

    def rotate(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        endpoint = self._may(request, pk)
        if request.method != "POST":
            return self._page(request, "rotate", endpoint, "A new secret", {})
        secret = endpoints.rotate_secret(endpoint, now=timezone.now())
        self.log_change(request, endpoint, "gave it a new secret")
        self.message_user(request, f"The new signing secret, shown only this once: {secret}", messages.WARNING)
        return HttpResponseRedirect(_page_of(endpoint))

    def replay(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """The range is asked for and counted first; what is posted is sent."""
        endpoint = self._may(request, pk)
        typed = request.POST if request.method == "POST" else request.GET
        form = ReplayForm(typed if "since" in typed else None, initial=ReplayForm.last_day())
        if not form.is_valid():
            return self._page(request, "replay", endpoint, "Replay a range", {"form": form})
        if request.method != "POST":
            count = endpoints.replayable(endpoint, **form.cleaned_data).count()
            return self._page(request, "replay", endpoint, "Replay a range", {"form": form, "count": count})
        count = endpoints.replay(endpoint, **form.cleaned_data, now=timezone.now())
        self.log_change(request, endpoint, f"replayed {count} events")
        self.message_user(request, f"{count} events are sent again, oldest first.", messages.SUCCESS)
        return HttpResponseRedirect(_url("deliveries", endpoint))

    def deliveries(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        endpoint = self._may(request, pk, only_look=True)
        status = request.GET.get("status", "")
        rows = endpoints.deliveries_of(endpoint)
        if status in Delivery.Status.values:
            rows = rows.filter(status=status)
        page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
        context = {
            "table": endpoint_calls.overview(page.object_list),
            "page": page,
            "status": status,
            "statuses": [("", "All"), *Delivery.Status.choices],
            "types": sorted(public_types(), key=lambda type_: (type_ != PING, type_)),
            "may_send": self.has_change_permission(request, endpoint),
        }
        return self._page(request, "deliveries", endpoint, f"Sent to {endpoint}", context)

    def delivery(self, request: HttpRequest, pk: UUID, delivery_id: UUID) -> HttpResponse:
        endpoint = self._may(request, pk, only_look=True)
        delivery = get_object_or_404(endpoints.deliveries_of(endpoint), pk=delivery_id)
        context = {
            "delivery": delivery,
            "body": endpoint_calls.body(delivery, endpoint, may_see_people=request.user.has_perm("intake.view_lead")),
            "attempts": endpoint_calls.attempts(delivery),
            "retry_url": _url("retry", endpoint, delivery),
            "may_send": self.has_change_permission(request, endpoint),
        }
        return self._page(request, "delivery", endpoint, str(delivery.event), context)

    def retry(self, request: HttpRequest, pk: UUID, delivery_id: UUID) -> HttpResponse:
        endpoint = self._may(request, pk)
        delivery = get_object_or_404(endpoints.deliveries_of(endpoint), pk=delivery_id)
        if endpoints.retry(delivery, now=timezone.now()):
            self.log_change(request, endpoint, f"tried {delivery.event} again")
            self.message_user(request, "It is tried again now. Open this page again to see.", messages.SUCCESS)
        else:
            self.message_user(request, "It has arrived or is being sent, and was left alone.", messages.WARNING)
        return HttpResponseRedirect(_url("delivery", endpoint, delivery))

    def _may(self, request: HttpRequest, pk: UUID, *, only_look: bool = False) -> Endpoint:
        endpoint = get_object_or_404(Endpoint, pk=pk)
        has = self.has_view_permission if only_look else self.has_change_permission
        if not has(request, endpoint):
            raise PermissionDenied
        return endpoint

    def _page(
        self, request: HttpRequest, name: str, endpoint: Endpoint, title: str, context: dict[str, Any]
    ) -> HttpResponse:
        whole = {
            **self.admin_site.each_context(request),
            "title": title,
            "opts": self.opts,
            "endpoint": endpoint,
            "state": _state(endpoint),
            "urls": {place: _url(place, endpoint) for place in ("ping", "rotate", "replay", "deliveries")},
            "back": _page_of(endpoint),
            **context,
        }
        return TemplateResponse(request, f"notifications/endpoint_{name}.html", whole)


class ReplayForm(forms.Form):
    """A range of time in UTC, and types where not all are wanted."""

    since = forms.DateTimeField(label="From (UTC)", widget=UnfoldAdminTextInputWidget(AT))
    until = forms.DateTimeField(label="Until (UTC)", widget=UnfoldAdminTextInputWidget(AT))
    types = forms.MultipleChoiceField(
        label="Types; none chosen means all that it wants", required=False, widget=forms.SelectMultiple({"size": "10"})
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["types"].choices = [(type_, type_) for type_ in public_types()]  # type: ignore[attr-defined]

    @staticmethod
    def last_day() -> dict[str, str]:
        now = timezone.now()
        return {"since": _typed(now - timedelta(days=1)), "until": _typed(now)}

    def clean_since(self) -> datetime:
        return self._utc("since")

    def clean_until(self) -> datetime:
        return self._utc("until")

    def _utc(self, name: str) -> datetime:
        """As it was typed, whatever zone this installation shows times in."""
        moment: datetime = self.cleaned_data[name]
        return timezone.make_naive(moment).replace(tzinfo=UTC)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if "since" in cleaned and "until" in cleaned and cleaned["since"] >= cleaned["until"]:
            raise ValidationError({"until": "The end must come after the beginning."})
        return cleaned


def _typed(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M}"


def _state(endpoint: Endpoint) -> str:
    since = f"{endpoint.failing_since:%Y-%m-%d %H:%M} UTC" if endpoint.failing_since else ""
    return {
        State.FAILING: f"Failing since {since}",
        State.PAUSED: f"Paused: failing since {since}, tried every 15 minutes",
    }.get(endpoint.state, endpoint.state.label)


def _page_of(endpoint: Endpoint) -> str:
    return reverse("admin:notifications_endpoint_change", args=[endpoint.pk])


def _url(name: str, endpoint: Endpoint, delivery: Delivery | None = None) -> str:
    args = [endpoint.pk, *([delivery.pk] if delivery else [])]
    return reverse(f"admin:notifications_endpoint_{name}", args=args)
