"""Staff in the tests: a colleague at the desk with just these rights, and programs of theirs with keys of just these
scopes."""

import json
from typing import Any

from django.contrib.auth.models import Permission, User
from django.http import HttpResponse
from django.test import Client

from intake import keys

LEADS, BOOKINGS, ADVISORS = "/api/v1/leads/", "/api/v1/bookings/", "/api/v1/advisors/"
EVENTS, ENDPOINTS = "/api/v1/events/", "/api/v1/webhook-endpoints/"


def staff(*permissions: str) -> Client:
    """Grace, logged in, with just these permissions (`app.codename`); errors come back as answers."""
    user = User.objects.create_user("grace", "grace@example.com", "x", is_staff=True)
    for name in permissions:
        app, codename = name.split(".")
        user.user_permissions.add(Permission.objects.get(content_type__app_label=app, codename=codename))
    client = Client(raise_request_exception=False)
    client.force_login(user)
    return client


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
