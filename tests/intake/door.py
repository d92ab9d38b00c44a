"""How the tests of this room knock: one enquiry as JSON, as a form, as multipart; and what is on disk afterwards."""

import json
from typing import Any

from django.http import HttpResponse
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from django.utils.http import urlencode

from assessments.models import Assessment
from intake.models import Lead, Submission
from outbox.models import Delivery, Event

URL = "/api/v1/submissions/"
FORM = "application/x-www-form-urlencoded"
BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
KINDS = ("json", "form", "multipart")


def flat(fields: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """An object as the dotted names of a form."""
    result: dict[str, Any] = {}
    for name, value in fields.items():
        if isinstance(value, dict):
            result |= flat(value, f"{prefix}{name}.")
        else:
            result[f"{prefix}{name}"] = str(value).lower() if isinstance(value, bool) else value
    return result


def body_of(fields: dict[str, Any], kind: str) -> tuple[bytes, str]:
    """(body, content type) of the same enquiry in one of the three ways."""
    if kind == "json":
        return json.dumps(fields).encode(), "application/json"
    if kind == "form":
        return urlencode(flat(fields), doseq=True).encode(), FORM
    return encode_multipart(BOUNDARY, flat(fields)), MULTIPART_CONTENT


def post(client: Client, fields: dict[str, Any], kind: str = "json", **headers: str) -> HttpResponse:
    """Header names with underscores: `idempotency_key="k"`."""
    body, content_type = body_of(fields, kind)
    return send(client, body, content_type, **headers)


def send(client: Client, body: bytes, content_type: str = "application/json", **headers: str) -> HttpResponse:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.generic("POST", URL, body, content_type=content_type, headers=named)


def problem(response: HttpResponse, status: int) -> dict[str, Any]:
    """The body of a refusal, once its status, content type and common members are right."""
    assert (response.status_code, response.headers["Content-Type"]) == (status, "application/problem+json")
    body = json.loads(response.content)
    assert body["status"] == status
    assert {"type", "title", "status", "detail", "code"} <= body.keys()
    return body


def stored() -> dict[str, int]:
    """How many rows of each kind that an enquiry makes."""
    return {model.__name__: model.objects.count() for model in (Lead, Submission, Assessment, Event, Delivery)}


NOTHING = {"Lead": 0, "Submission": 0, "Assessment": 0, "Event": 0, "Delivery": 0}
ONE_ENQUIRY = {"Lead": 1, "Submission": 1, "Assessment": 1, "Event": 2, "Delivery": 6}
