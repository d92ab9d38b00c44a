"""Every refusal under /api/ as application/problem+json (RFC 9457), whoever raised it.

`problem_handler` speaks for Django REST framework, the middleware for Django itself (404 of the router,
requests that Django refuses, crashes). Pages outside /api/ keep their HTML.
"""

import json
import logging
from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation, TooManyFieldsSent
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler

logger = logging.getLogger(__name__)

CONTENT_TYPE = "application/problem+json"
DATABASE_RETRY_SECONDS = 5

# What Django raises outside of a view, with the status and the code it deserves.
ANSWER_TO: dict[type[Exception], tuple[int, str]] = {
    Http404: (404, "not_found"),
    PermissionDenied: (403, "permission_denied"),
    RequestDataTooBig: (413, "too_large"),
    TooManyFieldsSent: (413, "too_large"),
    SuspiciousOperation: (400, "bad_request"),
    OperationalError: (503, "unavailable"),
    InterfaceError: (503, "unavailable"),
}

# What each status says where nothing more is known.
DETAILS = {
    400: "The request could not be read.",
    404: "There is nothing here. The address is wrong, or what it named has expired.",
    500: "Something broke on our side. It is logged; nothing of yours was stored half-way.",
    503: "The database does not answer. Try again in a few seconds, with the same Idempotency-Key if you sent one.",
}


def problem(status: int, *, detail: str = "", code: str = "", **extra: Any) -> dict[str, Any]:
    """The body of one refusal. `type` is about:blank: the status says what kind it is, `code` says which."""
    title = HTTPStatus(status).phrase
    return {
        "type": "about:blank",
        "title": title,
        "status": status,
        "detail": detail or DETAILS.get(status, f"{title}."),
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
    """The exception handler of Django REST framework. None lets a crash or an outage through to the middleware."""
    response = exception_handler(error, context)
    if response is None:
        return None
    if isinstance(error, exceptions.ValidationError):
        response.data = _invalid(error)
    else:
        response.data = problem(
            response.status_code,
            detail=_detail(error, context),
            code=_code(error),
        )
        response.data |= getattr(error, "extra", {})
    response.content_type = CONTENT_TYPE
    return response


def _detail(error: Exception, context: dict[str, Any]) -> str:
    """What went wrong, with the way out where Django REST framework names none."""
    if isinstance(error, exceptions.UnsupportedMediaType):
        return f"The body must be {' or '.join(parser.media_type for parser in context['view'].parser_classes)}."
    if isinstance(error, exceptions.NotAcceptable):
        return "The answer is application/json. Accept that, or anything."
    return str(getattr(error, "detail", ""))


def _code(error: Exception) -> str:
    own = getattr(getattr(error, "detail", None), "code", "")
    return str(own or (_answer_to(error) or (0, ""))[1])


def _answer_to(error: Exception) -> tuple[int, str] | None:
    return next((answer for kind, answer in ANSWER_TO.items() if isinstance(error, kind)), None)


def _invalid(error: exceptions.ValidationError) -> dict[str, Any]:
    errors = list(field_errors(error.detail))
    first = errors[0]
    where = first["pointer"] or "the request"
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    return problem(400, detail=f"{where}: {first['detail']}{more}", code="invalid", errors=errors)


def _outage(error: Exception) -> dict[str, Any]:
    logger.error("The database did not answer: %s", type(error).__name__)
    return problem(503, code="unavailable")


class ProblemMiddleware:
    """Gives /api/ the problem shape for everything that no API view answered."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not request.path_info.startswith("/api/"):
            return response
        if response.status_code == 301 and request.method not in {"GET", "HEAD"}:
            response.status_code = 308  # a slash was forgotten; after a 301 the post would come back as a GET
        if response.status_code < 400:
            return response
        if response.headers.get("Content-Type", "").startswith(CONTENT_TYPE) or hasattr(response, "is_page"):
            return response
        return self._replaced(response)

    def _replaced(self, response: HttpResponse) -> HttpResponse:
        """The same response with another body: what security and CORS wrote into its head stays."""
        response.content = json.dumps(problem(response.status_code))
        response.headers["Content-Type"] = CONTENT_TYPE
        response.headers["Content-Length"] = str(len(response.content))
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        answer = _answer_to(error)
        if answer is None:
            return None
        status, code = answer
        in_api = request.path_info.startswith("/api/")
        if not in_api and status != 503:
            return None  # Django has pages for the others
        body = _outage(error) if status == 503 else problem(status, code=code)
        response = (
            JsonResponse(body, status=status, content_type=CONTENT_TYPE)
            if in_api
            else HttpResponse(render_to_string("503.html"), status=status)
        )
        if status == 503:
            response.headers["Retry-After"] = str(DATABASE_RETRY_SECONDS)
        return response
