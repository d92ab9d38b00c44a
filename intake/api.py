"""POST /api/v1/submissions/: the front door. Parses, makes one call, gives one reply.

Comes after the parsers (`intake.guard`) and the limits; `intake.services.receive_submission` does the work.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from rest_framework.exceptions import APIException, Throttled, ValidationError
from rest_framework.fields import Field
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from assessments import services as assessments
from assessments.models import QuestionnaireVersion
from intake import form_tokens, limits, pages, replies, services, sites
from intake.guard import refuse_chunks
from intake.limits import SubmissionLimit
from intake.models import ApiKey, Site
from intake.serializers import ServerFields, SubmissionFields
from intake.services import Enquiry
from intake.staff_door import HasScopeOrNoKey, KeyAuthentication, KeyLimit

KEY = re.compile(r"[\x21-\x7e]{1,255}")


class BadKey(APIException):
    status_code = 400
    default_detail = "Idempotency-Key must be 1 to 255 visible ASCII characters."
    default_code = "idempotency_key"


class KeyInFlight(APIException):
    status_code = 409
    default_detail = "The first request with this Idempotency-Key is still running. Ask again in a second."
    default_code = "key_in_flight"
    wait = 1  # becomes the Retry-After header


class KeyReused(APIException):
    status_code = 422
    default_detail = "This Idempotency-Key was used with other fields. Use a new key for a new submission."
    default_code = "key_reused"


class SubmissionView(APIView):
    """For everybody; a server that posts for its visitors has a key, is counted by it and says who they are."""

    authentication_classes = [KeyAuthentication]
    permission_classes = [HasScopeOrNoKey]
    scopes = {"POST": ApiKey.Scope.LEADS_WRITE.value}

    def get_throttles(self) -> list[BaseThrottle]:
        return [KeyLimit() if self.request.auth else SubmissionLimit()]

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:  # noqa: FBT001, FBT002
        """A browser gets a page from here, which no renderer knows of; it must not be a 406."""
        return super().perform_content_negotiation(request, force or prefers_html(request._request))

    def handle_exception(self, exc: Exception) -> Any:
        if isinstance(exc, APIException) and prefers_html(self.request._request):
            if isinstance(exc, Throttled):
                return limits.too_many(self.request._request, wait=getattr(exc, "wait", None))
            return pages.refused(self.request._request, status=exc.status_code, detail=str(exc.detail))
        if isinstance(exc, OperationalError | InterfaceError) and prefers_html(self.request._request):
            return pages.unavailable()
        return super().handle_exception(exc)

    def post(self, request: Request) -> HttpResponse:
        refuse_chunks(request)
        site = None
        try:
            site = sites.named(request.data)
            return self._receive(request, site)
        except ValidationError as error:
            if site is not None:
                sites.note_refused(site, codes(error.detail), now=timezone.now())
            if prefers_html(request._request):
                fields = cast(dict[str, Any], request.data)
                afterwards = sites.leads_to(fields.get("next"), site)
                return pages.form_again(request._request, fields=dict(fields), error=error, afterwards=afterwards)
            raise

    def _receive(self, request: Request, site: Site | None) -> HttpResponse:
        receipt = self._store(request, site)
        if site is not None:
            sites.note_accepted(site, now=receipt.submission.created_at)
        if prefers_html(request._request):
            afterwards = sites.leads_to(cast(dict[str, Any], request.data).get("next"), site)
            response: HttpResponse = HttpResponseRedirect(afterwards or receipt.submission.page_path)
            response.status_code = 303
        else:
            response = Response(replies.first(receipt.submission), status=201)
            response.headers["Location"] = receipt.submission.api_url
        response.headers["Cache-Control"] = "no-store"
        if receipt.is_replay:
            response.headers["Idempotency-Replayed"] = "true"
        return response

    def _store(self, request: Request, site: Site | None) -> services.Receipt:
        key = idempotency_key(request)
        data = cast(dict[str, Any], request.data)  # the parsers give nothing else
        is_keyed = request.auth is not None
        enquiry = read_enquiry(data, client=limits.client_address(request), site=site, is_keyed=is_keyed)
        if prefers_html(request._request) and not is_keyed:
            refuse_old_form(enquiry, now=timezone.now())
        scope = services.scope_of(site, cast(ApiKey | None, request.auth))
        try:
            return services.receive_submission(enquiry, key=key, scope=scope, now=timezone.now())
        except services.InFlight as error:
            raise KeyInFlight from error
        except services.KeyReused as error:
            raise KeyReused from error


def refuse_old_form(enquiry: Enquiry, *, now: datetime) -> None:
    """A page that was open for more than a day comes back to its reader; a script would only lose the enquiry."""
    if form_tokens.read(enquiry.fields["form_token"], now=now).is_expired:
        raise ValidationError({"form_token": [pages.OLD_FORM]}, code="expired")


def read_enquiry(
    data: Mapping[str, Any], *, client: str = "", site: Site | None = None, is_keyed: bool = False
) -> Enquiry:
    """The fields, validated: answers by what is published now of the questionnaire that they name.

    `client` is the address that called; whoever has a key may name another one, which is kept only as a network.
    """
    context: dict[str, Any] = {}
    serializer = (ServerFields if is_keyed else SubmissionFields)(data=data, context=context)
    version = _version_named(serializer.fields["questionnaire"], data.get("questionnaire", ""))
    context["ruleset"] = assessments.ruleset_of(version) if version else None
    serializer.is_valid(raise_exception=True)
    assert version is not None  # or the questionnaire was refused
    fields, payload = serializer.validated_data, dict(data)
    if is_keyed:
        payload.pop("client_ip", None)
    client = fields.get("client_ip") or client
    return Enquiry(fields=fields, payload=payload, version=version, client=client, site=site, is_keyed=is_keyed)


def codes(detail: Any, path: str = "") -> list[str]:
    """Which fields were refused and why, without a word of what stood in them."""
    if isinstance(detail, dict):
        return [one for name, inner in detail.items() for one in codes(inner, f"{path}/{str(name)[:40]}")]
    if isinstance(detail, list):
        return [one for inner in detail for one in codes(inner, path)]
    return [f"{path}: {getattr(detail, 'code', 'invalid')}"]


def _version_named(field: Field, given: Any) -> QuestionnaireVersion | None:
    """None for what is no slug, too: the serializer will say what is wrong with it."""
    try:
        slug = field.run_validation(given)
    except ValidationError:
        return None
    return assessments.published(slug or assessments.DEFAULT_SLUG)


def idempotency_key(request: Request) -> str | None:
    """The key, or None without the header. Raises BadKey for one that is empty, too long or not visible ASCII."""
    key = request.headers.get("Idempotency-Key")
    if key is not None and not KEY.fullmatch(key):
        raise BadKey
    return key


def prefers_html(request: HttpRequest) -> bool:
    """A browser that posted a plain form; fetch and curl accept anything and get JSON."""
    return request.get_preferred_type(["application/json", "text/html"]) == "text/html"
