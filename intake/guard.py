"""The first look at a body: size, encoding, shape. Nothing that passes here can crash what comes after.

Parsers of Django REST framework, set in `config.settings`; the serializer comes next. Plain DRF lets NUL,
lone surrogates, deep nesting, duplicate keys and absurd numbers through, and each of them ends in a 500 or
in nonsense that is stored.
"""

import json
import re
from collections.abc import Iterator, Mapping
from io import BytesIO
from typing import IO, Any, NoReturn
from urllib.parse import parse_qsl

from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.core.files.uploadhandler import MemoryFileUploadHandler
from django.http import HttpRequest
from django.http.multipartparser import MultiPartParser as DjangoMultiPartParser
from django.http.multipartparser import MultiPartParserError
from django.utils.datastructures import MultiValueDict
from rest_framework.exceptions import APIException, ParseError, ValidationError
from rest_framework.parsers import BaseParser
from rest_framework.request import Request

MAX_BYTES = 64 * 1024
MAX_DEPTH = 20
MAX_NODES = 1000
MAX_FIELDS = 200
MAX_DIGITS = 15
FORBIDDEN = re.compile("[\x00\ud800-\udfff]")
# Fields that repeat: everything else that comes twice in a form keeps its last value, as browsers mean it.
LIST_FIELDS = {"preferred_start"}


class TooLarge(APIException):
    status_code = 413
    default_detail = f"The body is larger than {MAX_BYTES} bytes."
    default_code = "too_large"


class NotUTF8(ParseError):
    default_detail = "The body is not UTF-8."
    default_code = "not_utf8"


class Unreadable(APIException):
    status_code = 415
    default_code = "unsupported_media_type"


class LengthRequired(APIException):
    status_code = 411
    default_detail = "The body came in chunks. Send it whole, with its Content-Length."
    default_code = "length_required"


def refuse_chunks(request: Request | HttpRequest) -> None:
    """Django would see an empty body, and the sender an error about a missing name, or no effect at all."""
    if "chunked" in request.headers.get("Transfer-Encoding", "") and not request.META.get("CONTENT_LENGTH"):
        raise LengthRequired


class JSONParser(BaseParser):
    media_type = "application/json"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        return parse_json(read_body(stream, parser_context))


class FormParser(BaseParser):
    media_type = "application/x-www-form-urlencoded"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        # Strict, unlike Django's own: a letter that was sent in another encoding must not be stored as another one.
        fields: MultiValueDict[str, Any] = MultiValueDict()
        for name, value in _pairs(decoded(read_body(stream, parser_context))):
            fields.appendlist(name, value)
        return unflatten(fields)


class MultiPartParser(BaseParser):
    media_type = "multipart/form-data"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        assert parser_context is not None
        request: Request = parser_context["request"]
        body = read_body(stream, parser_context, charset=False)
        meta = {**request.META, "CONTENT_TYPE": media_type or "", "CONTENT_LENGTH": len(body)}
        # In memory, so no refused upload leaves a file behind; the body is small by now.
        handlers = [MemoryFileUploadHandler(request._request)]
        boundary = (request._request.content_params or {}).get("boundary", "")
        try:
            if f"--{boundary}--".encode() not in body:  # Django would take what came before it broke off
                raise MultiPartParserError
            fields, files = DjangoMultiPartParser(meta, BytesIO(body), handlers, "utf-8").parse()
        except (TooManyFieldsSent, RequestDataTooBig) as error:
            raise TooLarge(f"The form has more than {MAX_FIELDS} fields.") from error
        except TooManyFilesSent as error:
            raise ParseError("Files are not accepted here.", code="file") from error
        except MultiPartParserError as error:
            raise ParseError("The multipart body is broken.", code="broken_multipart") from error
        if files:
            raise ValidationError({next(iter(files)): ["Files are not accepted here."]}, code="file")
        decoded(body)  # Django has put a replacement for what it could not read
        return unflatten(fields)


def refuse_unreadable_form(request: HttpRequest) -> None:
    """For a page that takes a form by itself: what the door would not read is not read there, either.

    Before `request.POST`, in which Django has put a replacement for what it could not read.
    """
    refuse_chunks(request)
    is_plain = request.content_type == FormParser.media_type
    if not is_plain and request.content_type != MultiPartParser.media_type:
        raise Unreadable("The body must be a form.")
    _refuse_by_head(request, charset=is_plain)
    text = decoded(request.body)
    if is_plain:
        _pairs(text)


def _pairs(text: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(text, keep_blank_values=True, errors="strict")
    except UnicodeDecodeError as error:
        raise NotUTF8 from error


def _refuse_by_head(request: HttpRequest, *, charset: bool) -> None:
    """What the head says of the body: compressed, in another alphabet, or too large."""
    if request.META.get("HTTP_CONTENT_ENCODING", "identity") != "identity":
        raise Unreadable("Compressed bodies are not accepted. Send it plain, without Content-Encoding.")
    named = (request.content_params or {}).get("charset", "utf-8").strip("\"'").lower()
    if charset and named not in {"utf-8", "utf8"}:
        raise Unreadable(f"The charset must be utf-8, not “{named[:40]}”.")
    if int(request.META.get("CONTENT_LENGTH") or 0) > MAX_BYTES:
        raise TooLarge


def read_body(stream: IO[Any], parser_context: Mapping[str, Any] | None, *, charset: bool = True) -> bytes:
    """The raw body. Refuses by size before parsing costs anything, and what is compressed or not UTF-8."""
    request: Request = (parser_context or {})["request"]
    _refuse_by_head(request._request, charset=charset)
    body: bytes = stream.read(MAX_BYTES)
    return body


def decoded(body: bytes) -> str:
    """The body as text, without the mark that some editors put before it."""
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise NotUTF8 from error


def parse_json(body: bytes) -> dict[str, Any]:
    """One JSON object within the limits. Raises ParseError or ValidationError that name what is wrong."""
    text = decoded(body)
    try:
        data = json.loads(
            text,
            object_pairs_hook=_without_duplicates,
            parse_constant=_no_constant,
            parse_int=_number(int),
            parse_float=_number(float),
        )
    except RecursionError as error:
        raise ParseError(f"The JSON is nested deeper than {MAX_DEPTH} levels.", code="too_deep") from error
    except ValueError as error:
        raise ParseError(f"The body is not valid JSON: {error}", code="not_json") from error
    if not isinstance(data, dict):
        raise ParseError("The body must be a JSON object.", code="not_an_object")
    inspect(data)
    return data


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise ValueError(f"the key {json.dumps(twice)[:80]} stands there twice")
    return result


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


def _number(kind: type[int] | type[float]) -> Any:
    def convert(text: str) -> int | float:
        if len(text) > MAX_DIGITS + 8 or sum(c.isdigit() for c in text) > MAX_DIGITS:
            raise ValueError(f"a number has more than {MAX_DIGITS} digits")
        value = kind(text)
        if value in (float("inf"), float("-inf")):
            raise ValueError(f"the number {text} is too large")
        return value

    return convert


def inspect(data: Any) -> None:
    """Walks the tree once. Raises ValidationError with a pointer to the first thing that must not be there."""
    nodes = 0
    stack: list[tuple[tuple[str, ...], Any]] = [((), data)]
    while stack:
        path, value = stack.pop()
        nodes += 1
        if nodes > MAX_NODES:
            raise ParseError(f"The body has more than {MAX_NODES} values.", code="too_many_values")
        if len(path) >= MAX_DEPTH and isinstance(value, dict | list):
            raise ParseError(f"The JSON is nested deeper than {MAX_DEPTH} levels.", code="too_deep")
        if isinstance(value, str):
            _check_text(path, value)
        else:
            stack += [(_checked(path, key), item) for key, item in _children(value)]


def _children(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        yield from value.items()
    elif isinstance(value, list):
        yield from ((str(index), item) for index, item in enumerate(value))


def _checked(path: tuple[str, ...], key: str) -> tuple[str, ...]:
    if FORBIDDEN.search(key):
        # Named in an escaped form: the answer must itself be valid UTF-8.
        raise _forbidden((*path, key.encode("ascii", "backslashreplace").decode()), "the name of a field")
    return (*path, key)


def _check_text(path: tuple[str, ...], text: str) -> None:
    if FORBIDDEN.search(text):
        raise _forbidden(path, "text")


def _forbidden(path: tuple[str, ...], where: str) -> ValidationError:
    detail: Any = [f"A NUL character or half of a character pair stands in {where}."]
    for part in reversed(path):
        detail = {part.replace("\x00", "\\x00"): detail}
    return ValidationError(detail, code="forbidden_character")


def unflatten(fields: MultiValueDict[str, Any]) -> dict[str, Any]:
    """Form fields with dotted names as the object that they mean; an empty value equals absence."""
    if sum(len(values) for _, values in fields.lists()) > MAX_FIELDS:
        raise TooLarge(f"The form has more than {MAX_FIELDS} fields.")
    data: dict[str, Any] = {}
    for name in fields:
        values = [value for value in fields.getlist(name) if value != ""]
        if values:
            _place(data, name.split("."), values if name in LIST_FIELDS else values[-1])
    inspect(data)
    return data


def _place(data: dict[str, Any], path: list[str], value: Any) -> None:
    *parents, last = path
    for part in parents:
        inner = data.setdefault(part, {})
        if not isinstance(inner, dict):
            return  # `answers=x` and `answers.y=z`: the first word stands, and the serializer names it
        data = inner
    data.setdefault(last, value)
