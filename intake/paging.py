"""Pages of a list, newest row first, each reached by a cursor that names the row where the last one ended.

A row that arrives or goes meanwhile moves no other one: none is shown twice, none is passed over. Used by the
views of the staff API.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

OLDER, NEWER = "older", "newer"


@dataclass(frozen=True)
class Cursor:
    """The place after one row of one list, and which way to go on from there."""

    list: str
    way: str
    pk: Any

    @classmethod
    def read(cls, text: str, *, of: QuerySet[Any]) -> Cursor | None:
        """None for what is no cursor of this list."""
        try:
            plain = base64.b64decode(text, altchars=b"-_", validate=True).decode("ascii")
            list_, way, pk = plain.split(".")
            key = of.model._meta.pk.to_python(pk)
        except (binascii.Error, ValueError, ValidationError):
            return None
        known = list_ == of.model._meta.model_name and way in {OLDER, NEWER}
        return cls(list_, way, key) if known and len(pk) < 40 else None

    def __str__(self) -> str:
        return base64.urlsafe_b64encode(f"{self.list}.{self.way}.{self.pk}".encode()).decode("ascii")


def page(
    request: Request,
    rows: QuerySet[Any],
    query: Mapping[str, Any],
    *,
    told: Callable[[Sequence[Any]], list[dict[str, Any]]],
) -> Response:
    """One page as the contract has it: `query` says where and how much (`intake.asking.Listing`), `told` makes it."""
    limit, cursor = query["limit"], query.get("cursor")
    found = list(_rows(rows, cursor)[: limit + 1])
    shown, has_more = found[:limit], len(found) > limit
    backwards = cursor is not None and cursor.way == NEWER
    if backwards:
        shown.reverse()
    ways: dict[str, str | None] = {"next": None, "previous": None}
    if shown and (has_more or backwards):
        ways["next"] = _url(request, Cursor(_name(rows), OLDER, shown[-1].pk))
    if shown and (has_more if backwards else cursor is not None):
        ways["previous"] = _url(request, Cursor(_name(rows), NEWER, shown[0].pk))
    return Response({**ways, "results": told(shown)})


def _rows(rows: QuerySet[Any], cursor: Cursor | None) -> QuerySet[Any]:
    if cursor is None:
        return rows.order_by("-pk")
    if cursor.way == OLDER:
        return rows.filter(pk__lt=cursor.pk).order_by("-pk")
    return rows.filter(pk__gt=cursor.pk).order_by("pk")


def _name(rows: QuerySet[Any]) -> str:
    return str(rows.model._meta.model_name)


def _url(request: Request, cursor: Cursor) -> str:
    query = {**request.query_params.dict(), "cursor": str(cursor)}
    return f"{settings.PUBLIC_BASE_URL}{request.path}?{urlencode(query)}"
