"""URLs for `test_problems.py`: the real ones, and a few under /api/ and outside that fail in their own ways."""

from typing import Any

from django.core.exceptions import (
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
    TooManyFieldsSent,
    TooManyFilesSent,
)
from django.db import InterfaceError, OperationalError, connection
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from config.urls import urlpatterns as real

ERRORS: dict[str, Exception] = {
    "crash": ZeroDivisionError("secret words"),
    "gone": Http404("secret words"),
    "forbidden": PermissionDenied("secret words"),
    "suspicious": SuspiciousOperation("secret words"),
    "too-big": RequestDataTooBig("secret words"),
    "too-many-fields": TooManyFieldsSent("secret words"),
    "too-many-files": TooManyFilesSent("secret words"),
    "database-down": OperationalError("secret words"),
    "connection-closed": InterfaceError("secret words"),
}


def plain(request: HttpRequest, what: str) -> HttpResponse:
    raise ERRORS[what]


class Drf(APIView):
    def get(self, request: Request, what: str) -> Response:
        raise ERRORS[what]

    post = get


def slow_query(request: HttpRequest) -> HttpResponse:
    """A query that runs into its limit."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 10")
        cursor.execute("SELECT pg_sleep(5)")
    return HttpResponse("never")


def refusing(request: HttpRequest) -> HttpResponse:
    """A view that answers with HTML of its own making."""
    return HttpResponse("<h1>Teapot</h1>", status=418, headers={"Retry-After": "7"})


def sends_page(request: HttpRequest) -> HttpResponse:
    response: Any = HttpResponse("<h1>Wrong form</h1>", status=400)
    response.is_page = True
    return response


urlpatterns = [
    path("api/plain/<what>/", plain),
    path("api/drf/<what>/", Drf.as_view()),
    path("api/slow/", slow_query),
    path("api/teapot/", refusing),
    path("api/page/", sends_page),
    path("page/<what>/", plain),
    *real,
]
