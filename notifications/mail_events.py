"""POST /api/v1/mail-events/: bounces, complaints and answers, told by the mail system under a signature.

The body is that of Standard Webhooks, signed with MAIL_EVENTS_SECRET; without that setting there is no such
address. The answer is the same whether anybody is known under the mail address or not.
"""

from typing import IO, Any, cast

from django.conf import settings
from django.http import Http404
from django.utils import timezone
from rest_framework import serializers
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from standardwebhooks import Webhook, WebhookVerificationError

from intake import services as intake
from intake.guard import parse_json, read_body, refuse_chunks
from notifications import responses, suppressions
from notifications.models import Mail
from notifications.suppressions import Reason, Scope


class Unsigned(APIException):
    status_code = 401
    default_detail = "The signature is missing, wrong or older than five minutes."
    default_code = "bad_signature"


class MailEvent(serializers.Serializer):
    """`email`, `message_id`, or both: the address that it is about, and the mail of ours that caused it."""

    type = serializers.ChoiceField(choices=("bounce", "complaint", "reply"))
    email = serializers.CharField(max_length=254, required=False)
    message_id = serializers.CharField(max_length=255, required=False)
    permanent = serializers.BooleanField(required=False)

    def validate(self, event: dict[str, Any]) -> dict[str, Any]:
        if not event.get("email") and not event.get("message_id"):
            raise ValidationError({"email": ["Give email, message_id, or both."]}, code="required")
        if event["type"] == "bounce" and "permanent" not in event:
            raise ValidationError({"permanent": ["Say true or false: only a permanent bounce ends mails."]}, "required")
        return event


class MailEventsView(APIView):
    throttle_classes: list[Any] = []  # signed, and a mail system has much to tell at once

    def post(self, request: Request) -> Response:
        if not settings.MAIL_EVENTS_SECRET:
            raise Http404
        refuse_chunks(request)
        body = read_body(cast("IO[Any]", request._request), {"request": request})
        _verify(body, dict(request.headers))
        serializer = MailEvent(data=parse_json(body))
        serializer.is_valid(raise_exception=True)
        take(serializer.validated_data, reference=request.headers["webhook-id"][:255])
        return Response({"status": "accepted"}, status=202)


def _verify(body: bytes, headers: dict[str, str]) -> None:
    try:
        Webhook(settings.MAIL_EVENTS_SECRET).verify(body, headers, json_parse=False)
    except (WebhookVerificationError, ValueError) as error:  # ValueError: what cannot be read as text or base64
        raise Unsigned from error


def take(event: dict[str, Any], *, reference: str) -> None:
    """Does what the event asks for. Coming twice, it changes nothing the second time."""
    now = timezone.now()
    mail = _mail(event)
    address = event.get("email") or (mail.to if mail else "")
    if event["type"] == "reply":
        # People answer from other addresses, too: the mail that they answered knows them better.
        lead = mail.lead if mail and mail.lead else intake.lead_of(address)
        if lead is not None:
            responses.note(lead, now=now, reference=reference)
    elif address and event["type"] == "complaint":
        suppressions.add(address, Reason.COMPLAINED, Scope.ALL, now=now)
    elif address and event["permanent"]:
        suppressions.add(address, Reason.BOUNCED, Scope.ALL, now=now, note="Told by the mail system.")


def _mail(event: dict[str, Any]) -> Mail | None:
    """With or without the angle brackets, as mail systems have it."""
    id_ = event.get("message_id", "").strip().strip("<>")
    return Mail.objects.select_related("lead").filter(message_id=f"<{id_}>").first() if id_ else None
