"""/api/v1/webhook-endpoints/: consumers of webhooks, made, changed, signed anew, tested, and what was sent to them.

Comes after the door (`intake.staff_door`); `notifications.endpoints` does the work.
"""

import uuid
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError as Invalid
from django.db import transaction
from django.shortcuts import get_object_or_404
from django.utils import timezone
from rest_framework import serializers
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from intake import etags
from intake.asking import Listing, OneOf, Strict, asked
from intake.models import ApiKey
from intake.paging import page
from intake.serializers import Flag
from intake.staff_door import StaffView, scopes
from notifications import endpoint_records, endpoints
from notifications.models import PING, Endpoint, public_types
from outbox import http
from outbox.models import Delivery


class NotRetried(APIException):
    status_code = 409
    default_detail = "It is being sent right now, or has arrived. Only a failed, cancelled or waiting one can go again."
    default_code = "not_retried"


class EndpointFields(Strict):
    """What may be set. The URL, the types and the secret are judged by the model."""

    url = serializers.CharField(max_length=http.MAX_URL_LENGTH, trim_whitespace=False)
    event_types = serializers.ListField(child=serializers.CharField(max_length=64), required=False, max_length=100)
    include_contact = Flag(required=False)
    active = Flag(required=False)


class NewSecret(Strict):
    secret = serializers.CharField(required=False, max_length=100)


class NewEndpoint(EndpointFields, NewSecret):
    """With a secret of the consumer's own, where it brings one."""


class AboutDeliveries(Listing):
    status = OneOf(Delivery.Status.values, required=False)
    type = serializers.CharField(required=False, max_length=64)


class PingQuery(Strict):
    kind = "parameter"

    type = serializers.CharField(required=False, default=PING, max_length=64)


class EndpointsDoor(StaffView):
    scopes = scopes(read=ApiKey.Scope.WEBHOOKS_MANAGE, write=ApiKey.Scope.WEBHOOKS_MANAGE)


class EndpointsView(EndpointsDoor):
    def get(self, request: Request) -> Response:
        rows = Endpoint.objects.all()
        query = asked(Listing, request, rows=rows)
        return page(request, rows, query, told=endpoint_records.records)

    def post(self, request: Request) -> Response:
        fields = _read(NewEndpoint(data=request.data))
        try:
            endpoint = endpoints.create(**fields)
        except Invalid as error:
            raise _named(error) from error
        location = f"{settings.PUBLIC_BASE_URL}{request.path}{endpoint.pk}/"
        return Response(_with_secret(endpoint, endpoint.secret), status=201, headers={"Location": location})


class EndpointDetail(EndpointsDoor):
    def get(self, request: Request, endpoint_id: uuid.UUID) -> Response:
        return etags.answer(request, endpoint_records.record(get_object_or_404(Endpoint, pk=endpoint_id)))

    def patch(self, request: Request, endpoint_id: uuid.UUID) -> Response:
        fields = _read(EndpointFields(data=request.data, partial=True))
        with transaction.atomic():
            endpoint = self._locked(request, endpoint_id)
            try:
                endpoint = endpoints.change(endpoint, **fields)
            except Invalid as error:
                raise _named(error) from error
        return etags.answer(request, endpoint_records.record(endpoint))

    def delete(self, request: Request, endpoint_id: uuid.UUID) -> Response:
        with transaction.atomic():
            self._locked(request, endpoint_id).delete()
        return Response(status=204)

    def _locked(self, request: Request, endpoint_id: uuid.UUID) -> Endpoint:
        endpoint = get_object_or_404(Endpoint.objects.select_for_update(), pk=endpoint_id)
        etags.refuse_stale(request, lambda: endpoint_records.record(endpoint))
        return endpoint


class RotateView(EndpointsDoor):
    def post(self, request: Request, endpoint_id: uuid.UUID) -> Response:
        fields = _read(NewSecret(data=request.data))
        endpoint = get_object_or_404(Endpoint, pk=endpoint_id)
        try:
            secret = endpoints.rotate_secret(endpoint, now=timezone.now(), **fields)
        except Invalid as error:
            raise _named(error) from error
        return Response(_with_secret(endpoint, secret))


class PingView(EndpointsDoor):
    def post(self, request: Request, endpoint_id: uuid.UUID) -> Response:
        type_ = asked(PingQuery, request)["type"]
        try:
            delivery = endpoints.ping(get_object_or_404(Endpoint, pk=endpoint_id), type_=type_, now=timezone.now())
        except Invalid as error:
            raise _named(error) from error
        return Response(endpoint_records.delivery_record(delivery), status=202)


class DeliveriesView(EndpointsDoor):
    def get(self, request: Request, endpoint_id: uuid.UUID) -> Response:
        rows = endpoints.deliveries_of(get_object_or_404(Endpoint, pk=endpoint_id)).prefetch_related("attempts")
        query = asked(AboutDeliveries, request, rows=rows)
        if "status" in query:
            rows = rows.filter(status=query["status"])
        if "type" in query:
            if query["type"] not in public_types():
                raise ValidationError({"type": [f"There is no event type “{query['type']}”."]})
            rows = rows.filter(event__type=query["type"])
        return page(request, rows, query, told=endpoint_records.delivery_records)


class RetryView(EndpointsDoor):
    def post(self, request: Request, endpoint_id: uuid.UUID, delivery_id: uuid.UUID) -> Response:
        rows = endpoints.deliveries_of(get_object_or_404(Endpoint, pk=endpoint_id))
        if not endpoints.retry(get_object_or_404(rows, pk=delivery_id), now=timezone.now()):
            raise NotRetried
        return Response(endpoint_records.delivery_record(rows.get(pk=delivery_id)), status=202)


def _read(fields: Strict) -> dict[str, Any]:
    fields.is_valid(raise_exception=True)
    found: dict[str, Any] = fields.validated_data
    return found


def _named(error: Invalid) -> ValidationError:
    return ValidationError(error.message_dict)


def _with_secret(endpoint: Endpoint, secret: str) -> dict[str, Any]:
    """The one reply in which it stands."""
    return {**endpoint_records.record(endpoint), "secret": secret}
