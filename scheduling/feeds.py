"""Calendars to fetch: the visitor's own conversation as a file, and an advisor's private feed to subscribe to.

The feed is answered from the rows as they stand. Nothing that is only held is in it: before confirmation nothing enters
anybody's calendar.
"""

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Max
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.http import http_date
from django.views.decorators.http import require_safe
from rest_framework.exceptions import APIException
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.request import Request

from intake.limits import limited
from outbox.models import Event
from scheduling import bookings, invitations, replies
from scheduling.invitations import Method
from scheduling.models import Advisor, Booking
from scheduling.visitor import TokenView

CONTENT_TYPE = "text/calendar; charset=utf-8"
KEPT = timedelta(days=30)
MAX_SHOWN = 1000
TAKES_PLACE = (Booking.Status.CONFIRMED, Booking.Status.COMPLETED, Booking.Status.NO_SHOW)
CHANGES = ("booking.confirmed", "booking.rescheduled", "booking.cancelled")


# --- the visitor's file ---------------------------------------------------------------------------------


class NotConfirmed(APIException):
    status_code = 409
    default_detail = "There is no confirmed conversation yet. Confirm the held time or choose one first."
    default_code = "not_confirmed"


class AsItIs(BaseContentNegotiation):
    """There is one form of a calendar; a browser and a calendar ask for it with different words."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        return parsers[0]

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> Any:
        return renderers[0], renderers[0].media_type


class CalendarView(TokenView):
    content_negotiation_class = AsItIs

    def get(self, request: Request, token: str) -> HttpResponse:
        submission = self.submission(token)
        booking = replies.latest_booking(submission)
        if booking is None or booking.status != Booking.Status.CONFIRMED:
            raise NotConfirmed
        booking.submission = submission
        stamped_at = booking.confirmed_at or booking.created_at
        response = HttpResponse(
            invitations.for_prospect(booking, Method.PUBLISH, stamped_at=stamped_at), content_type=CONTENT_TYPE
        )
        response.headers["Content-Disposition"] = 'attachment; filename="conversation.ics"'
        return response


# --- an advisor's feed ----------------------------------------------------------------------------------


@require_safe
@limited
def advisor_feed(request: HttpRequest, token: str) -> HttpResponse:
    """Unknown, stopped and of somebody who has left look the same."""
    advisor = Advisor.objects.filter(feed_token=token, active=True).first()
    if advisor is None:
        raise Http404
    now = timezone.now()
    content = invitations.feed(advisor, _conversations(advisor, now=now)).encode()
    changed = int(_last_change(now).timestamp())
    etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    fresh = HttpResponse(content, content_type=CONTENT_TYPE)
    response = get_conditional_response(request, etag=etag, last_modified=changed, response=fresh) or fresh
    response.headers["ETag"] = etag
    response.headers["Last-Modified"] = http_date(changed)
    # To be kept, but asked for again before each use.
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def _conversations(advisor: Advisor, *, now: datetime) -> list[Booking]:
    rows = Booking.objects.filter(seats__advisor=advisor, status__in=TAKES_PLACE, ends_at__gt=now - KEPT)
    return list(bookings.full(rows).order_by("starts_at", "id")[:MAX_SHOWN])


def _last_change(now: datetime) -> datetime:
    """When the feed may have changed last, for readers that keep no ETag.

    The last event of any booking, so that what was handed to somebody else counts, too; and never before this hour,
    since names and rooms change without an event.
    """
    hour = now.replace(minute=0, second=0, microsecond=0)
    lately = Event.objects.filter(type__in=CHANGES, occurred_at__gt=hour, occurred_at__lte=now)
    return lately.aggregate(last=Max("occurred_at"))["last"] or hour


def renew_feed(advisor: Advisor) -> None:
    """A new address; the one before opens nothing from now on."""
    _set(advisor, secrets.token_urlsafe(32))


def stop_feed(advisor: Advisor) -> None:
    _set(advisor, None)


def _set(advisor: Advisor, token: str | None) -> None:
    advisor.feed_token = token
    advisor.save(update_fields=["feed_token"])
