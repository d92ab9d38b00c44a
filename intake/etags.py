"""Which version of a thing somebody has seen: its ETag, and the refusal of a change to another version.

Used by the views of the staff API around what they read and change, and by the script of `intake.embed`.
"""

import hashlib
import json
from collections.abc import Callable
from typing import Any

from django.utils.http import parse_etags
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response


class Stale(APIException):
    status_code = 412
    default_detail = (
        "It has changed since you read it, or If-Match is no ETag of it. Read it again, and send the new ETag."
    )
    default_code = "stale"


def tag_of(text: str) -> str:
    return f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'


def etag(body: Any) -> str:
    return tag_of(json.dumps(body, sort_keys=True))


def refuse_stale(request: Request, body: Callable[[], Any]) -> None:
    """Raises Stale where If-Match is sent and is not the tag of this body. Without it the last change wins.

    The body is made only where somebody asks: it costs several statements.
    """
    header = request.headers.get("If-Match")
    if header is not None and not names(header, etag(body())):
        raise Stale


def answer(request: Request, body: Any) -> Response:
    """The body with its tag; 304 to who has it already."""
    tag = etag(body)
    if request.method in {"GET", "HEAD"} and names(request.headers.get("If-None-Match", ""), tag):
        return Response(status=304, headers={"ETag": tag})
    return Response(body, headers={"ETag": tag})


def names(header: str, tag: str) -> bool:
    """Whether a list of tags has this one, or names any."""
    # A proxy that compresses makes our tag a weak one.
    known = {each.removeprefix("W/") for each in parse_etags(header)}
    return bool(known & {tag, "*"})
