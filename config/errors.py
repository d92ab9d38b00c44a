"""Every refusal under /api/ as application/problem+json (RFC 9457), whoever raised it.

`problem_handler` speaks for Django REST framework, the middleware for Django itself (404 of the router,
requests that Django refuses, crashes). Pages outside /api/ keep their HTML.
"""

import logging
from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation, TooManyFieldsSent
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler, set_rollback

logger = logging.getLogger(__name__)

CONTENT_TYPE = "application/problem+json"
DATABASE_RETRY_SECONDS = 5

# What Django raises outside of a view, with the status it deserves.
STATUS_OF = {
    Http404: 404,
    PermissionDenied: 403,
    RequestDataTooBig: 413,
    TooManyFieldsSent: 413,
    SuspiciousOperation: 400,
    OperationalError: 503,
    InterfaceError: 503,
}


def problem(status: int, *, detail: str = "", code: str = "", **extra: Any) -> dict[str, Any]:
    """The body of one refusal. `type` is about:blank: the status says what kind it is, `code` says which."""
    title = HTTPStatus(status).phrase
    return {
        "type": "about:blank",
        "title": title,
        "status": status,
        "detail": detail or f"{title}.",
        "code": code or title.lower().replace(" ", "_"),
        **extra,
    }


def pointer(path: tuple[str, ...]) -> str:
    """A JSON pointer (RFC 6901)."""
    return "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in path)


def field_errors(detail: Any, path: tuple[str, ...] = ()) -> Iterator[dict[str, str]]:
    """Flattens the nested errors of a serializer into {pointer, code, detail}."""
    if isinstance(detail, dict):
        for key, value in detail.items():
            # Errors of the whole object point at the object.
            yield from field_errors(value, path if key == "non_field_errors" else (*path, str(key)))
    elif isinstance(detail, list):
        for index, value in enumerate(detail):
            nested = isinstance(value, dict | list)
            yield from field_errors(value, (*path, str(index)) if nested else path)
    else:
        yield {"pointer": pointer(path), "code": getattr(detail, "code", "invalid"), "detail": str(detail)}


def problem_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """The exception handler of Django REST framework. None lets a crash through to the middleware."""
    if isinstance(error, OperationalError | InterfaceError):
        set_rollback()
        return Response(
            _outage(error),
            status=503,
            headers={"Retry-After": str(DATABASE_RETRY_SECONDS)},
            content_type=CONTENT_TYPE,
        )
    response = exception_handler(error, context)
    if response is None:
        return None
    if isinstance(error, exceptions.ValidationError):
        response.data = _invalid(error)
    else:
        response.data = problem(
            response.status_code,
            detail=str(getattr(error, "detail", "")),
            code=_code(error),
        )
        response.data |= getattr(error, "extra", {})
    response.content_type = CONTENT_TYPE
    return response


def _code(error: Exception) -> str:
    return str(getattr(getattr(error, "detail", None), "code", "")) or ""


def _invalid(error: exceptions.ValidationError) -> dict[str, Any]:
    errors = list(field_errors(error.detail))
    first = errors[0]
    where = first["pointer"] or "the request"
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    return problem(400, detail=f"{where}: {first['detail']}{more}", code="invalid", errors=errors)


def _outage(error: Exception) -> dict[str, Any]:
    logger.error("The database did not answer: %s", type(error).__name__)
    return problem(503, detail="The database cannot be reached. Nothing was stored; try again.", code="unavailable")


class ProblemMiddleware:
    """Gives /api/ the problem shape for everything that no API view answered."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not request.path_info.startswith("/api/") or response.status_code < 400:
            return response
        if response.headers.get("Content-Type", "").startswith((CONTENT_TYPE, "text/html; api-page")):
            return response
        return self._replace(response)

    def _replace(self, response: HttpResponse) -> HttpResponse:
        status = response.status_code
        body = JsonResponse(problem(status, detail=DETAILS.get(status, "")), status=status, content_type=CONTENT_TYPE)
        for name in ("Retry-After", "Allow", "Vary", "WWW-Authenticate"):
            if name in response.headers:
                body.headers[name] = response.headers[name]
        return body

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not request.path_info.startswith("/api/"):
            return None
        status = next((code for kind, code in STATUS_OF.items() if isinstance(error, kind)), 0)
        if not status:
            return None
        body = _outage(error) if status == 503 else problem(status)
        response = JsonResponse(body, status=status, content_type=CONTENT_TYPE)
        if status == 503:
            response.headers["Retry-After"] = str(DATABASE_RETRY_SECONDS)
        return response


DETAILS = {
    400: "The request could not be read.",
    404: "There is nothing here. The address is wrong, or what it named has expired.",
    500: "Something broke on our side. It is logged; nothing of yours was stored half-way.",
}
