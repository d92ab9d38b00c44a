"""How the tests call the staff API: a key with just these scopes, and the header that carries it."""

import json
from typing import Any

from django.http import HttpResponse
from django.test import Client

from intake import keys

LEADS, BOOKINGS, ADVISORS = "/api/v1/leads/", "/api/v1/bookings/", "/api/v1/advisors/"
EVENTS, ENDPOINTS = "/api/v1/events/", "/api/v1/webhook-endpoints/"


def make_key(*scopes: str) -> str:
    return keys.create("CRM", scopes)[1]


def bearer(text: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {text}"}


class Caller:
    """A program of the staff with one key; errors come back as answers."""

    def __init__(self, *scopes: str) -> None:
        self.text = make_key(*scopes)
        self._client = Client(raise_request_exception=False, headers=bearer(self.text))

    def get(self, url: str, **query: Any) -> HttpResponse:
        return self._client.get(url, query)

    def send(self, method: str, url: str, body: Any = None, **headers: str) -> HttpResponse:
        """As JSON. Header names with underscores: `if_match='"x"'`."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        content = b"" if body is None else json.dumps(body).encode()
        return self._client.generic(method, url, content, content_type="application/json", headers=named)
