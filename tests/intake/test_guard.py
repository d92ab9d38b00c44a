"""What the door refuses before anybody reads it: too large, too deep, not UTF-8, no plain object."""

import gzip
import json
from io import BytesIO
from typing import Any

import pytest

from tests.intake.door import KINDS, NOTHING, ONE_ENQUIRY, URL, body_of, post, problem, send, stored

pytestmark = pytest.mark.django_db

SMALL = {"name": "Ada Lovelace", "email": "ada@example.com", "message": "Who decides about AI?"}
TEXT = '{"name": "Ada Lovelace", "email": "ada@example.com", "message": "hi", '


def with_more(more: str) -> bytes:
    return f"{TEXT}{more}}}".encode()


@pytest.mark.parametrize(
    ("body", "where"),
    [
        (b'{"name": "A\\u0000da", "email": "ada@example.com", "message": "hi"}', "/name"),
        (b'{"name": "A\\ud800da", "email": "ada@example.com", "message": "hi"}', "/name"),
        (with_more('"answers": {"core_systems_work": "y\\u0000es"}'), "/answers/core_systems_work"),
        (with_more('"answers": {"core\\u0000work": "yes"}'), "/answers/core\\x00work"),
        (with_more('"answers": {"core_systems_work": "\\udfff"}'), "/answers/core_systems_work"),
        (with_more('"answers": {"core\\ud83dwork": "yes"}'), "/answers/core\\ud83dwork"),
        (with_more('"preferred_start": ["2027-01-01T10:00:00Z", "\\u0000"]'), "/preferred_start/1"),
        (with_more('"a/b~c": "\\u0000"'), "/a~1b~0c"),
    ],
)
def test_nul_and_half_pairs_in_json_are_refused_where_they_stand(house, client, body, where):
    response = send(client, body)

    answer = problem(response, 400)
    assert [(error["pointer"], error["code"]) for error in answer["errors"]] == [(where, "forbidden_character")]
    assert stored() == NOTHING


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (with_more('"x": ' + "[" * 1000 + "]" * 1000), 400, "too_deep"),
        (with_more('"x": ' + "[" * 20_000 + "]" * 20_000), 400, "too_deep"),
        (b"[" * 65_536, 400, "too_deep"),
        (b"[" * 100_000 + b"]" * 100_000, 413, "too_large"),
        (with_more('"x": NaN'), 400, "not_json"),
        (with_more('"x": Infinity'), 400, "not_json"),
        (with_more('"x": -Infinity'), 400, "not_json"),
        (with_more('"answers": {"core_systems_work": 1e999}'), 400, "not_json"),
        (b'{"name": 1e400, "email": "ada@example.com", "message": "hi"}', 400, "not_json"),
        (with_more(f'"x": {"9" * 16}'), 400, "not_json"),
        (with_more(f'"x": {"9" * 4000}'), 400, "not_json"),
        (with_more(f'"x": {"9" * 5000}'), 400, "not_json"),
        (with_more(f'"x": 0.{"3" * 16}'), 400, "not_json"),
        (with_more('"email": "eve@example.com"'), 400, "not_json"),
        (with_more('"\\u0065mail": "eve@example.com"'), 400, "not_json"),
        (with_more('"answers": {"core_systems_work": "yes", "core_systems_work": "no"}'), 400, "not_json"),
        (json.dumps({**SMALL, "name": "Zoë"}, ensure_ascii=False).encode("latin-1"), 400, "not_utf8"),
        (json.dumps(SMALL).encode("utf-16"), 400, "not_utf8"),
        (b"[]", 400, "not_an_object"),
        (b"null", 400, "not_an_object"),
        (b'""', 400, "not_an_object"),
        (b"1", 400, "not_an_object"),
        (b"true", 400, "not_an_object"),
        (b'{"name": "Ada"', 400, "not_json"),
        (b"name=Ada", 400, "not_json"),
        (b'{"x": "' + b"x" * 3_000_000 + b'"}', 413, "too_large"),
    ],
)
def test_json_that_is_no_plain_object_is_refused(house, client, body, status, code):
    response = send(client, body)

    assert problem(response, status)["code"] == code
    assert stored() == NOTHING


def test_key_that_stands_twice_is_named(house, client):
    response = send(client, with_more('"email": "eve@example.com"'))

    assert '"email"' in problem(response, 400)["detail"]


@pytest.mark.parametrize("field", ["name", "email", "company", "message", "website", "timezone", "language"])
@pytest.mark.parametrize("value", [["x"], {"x": "y"}, True, 7, None])
def test_text_that_is_no_text_is_refused(house, client, field, value):
    response = post(client, {**SMALL, field: value})

    assert [error["pointer"] for error in problem(response, 400)["errors"]] == [f"/{field}"]
    assert stored() == NOTHING


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("answers", "yes"), ("answers", ["core_systems_work"]), ("answers", None), ("consent", "yes"),
        ("consent", ["follow_up"]), ("hold", "maybe"), ("hold", [True]), ("test", {}),
        ("preferred_start", "2027-01-01T10:00:00Z"),
        ("preferred_start", {"0": "2027-01-01T10:00:00Z"}), ("company_size", ["1-10"]), ("asked_for", {"cto": True}),
        ("questionnaire", 1), ("phone", []), ("role", {}),
    ],
)  # fmt: skip
def test_field_of_another_kind_is_refused(house, client, field, value):
    response = post(client, {**SMALL, field: value})

    assert {error["pointer"] for error in problem(response, 400)["errors"]} == {f"/{field}"}
    assert stored() == NOTHING


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "text/plain;charset=UTF-8", "application/xml", "application/octet-stream", "application/jsonp", ""],
)
def test_other_content_type_is_refused_and_told_the_way_out(house, client, content_type):
    response = send(client, json.dumps(SMALL).encode(), content_type)

    assert "application/json" in problem(response, 415)["detail"]
    assert stored() == NOTHING


@pytest.mark.parametrize("kind", ["json", "form"])
@pytest.mark.parametrize("charset", ["nonsense", "rot13", "utf-16", "latin-1", '"utf-7"'])
def test_other_charset_is_refused(house, client, kind, charset):
    body, content_type = body_of(SMALL, kind)

    response = send(client, body, f"{content_type}; charset={charset}")

    assert "charset" in problem(response, 415)["detail"]
    assert stored() == NOTHING


@pytest.mark.parametrize("charset", ["utf-8", "UTF-8", "utf8", '"utf-8"'])
def test_utf_8_may_be_named(house, client, charset):
    response = send(client, json.dumps(SMALL).encode(), f"application/json; charset={charset}")

    assert response.status_code == 201


def test_mark_before_json_is_passed_over(house, client):
    response = send(client, json.dumps(SMALL).encode("utf-8-sig"))

    assert response.status_code == 201


@pytest.mark.parametrize("kind", KINDS)
def test_compressed_body_is_refused_and_never_inflated(house, client, kind):
    _, content_type = body_of(SMALL, kind)

    response = send(client, gzip.compress(b"x" * 10_000_000), content_type, content_encoding="gzip")

    assert "Content-Encoding" in problem(response, 415)["detail"]
    assert stored() == NOTHING


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("size", "status"), [(65_536, 201), (65_537, 413)])
def test_body_of_64_kilobytes_passes_and_one_byte_more_does_not(house, client, kind, size, status):
    empty, _ = body_of({**SMALL, "pad": "x"}, kind)
    body, content_type = body_of({**SMALL, "pad": "x" * (size - len(empty) + 1)}, kind)
    assert len(body) == size

    response = send(client, body, content_type)

    assert response.status_code == status
    assert stored() == (ONE_ENQUIRY if status == 201 else NOTHING)


@pytest.mark.parametrize(("levels", "status"), [(20, 201), (21, 400)])
@pytest.mark.parametrize("inmost", [[], ["x"], {}])
def test_twenty_levels_pass_and_one_more_does_not(house, client, levels, status, inmost):
    deep: Any = inmost
    for _ in range(levels - 2):
        deep = [deep]

    response = post(client, {**SMALL, "deep": deep})

    assert response.status_code == status
    assert stored() == (ONE_ENQUIRY if status == 201 else NOTHING)


@pytest.mark.parametrize(("values", "status"), [(1000, 201), (1001, 400)])
def test_thousand_values_pass_and_one_more_does_not(house, client, values, status):
    others = 1 + len(SMALL) + 1  # the object itself, its fields, the list

    response = post(client, {**SMALL, "many": [0] * (values - others)})

    assert response.status_code == status
    assert stored() == (ONE_ENQUIRY if status == 201 else NOTHING)


@pytest.mark.parametrize("length", ["", "0", "abc"])
def test_body_without_its_length_is_no_body(house, client, length):
    response = client.post(URL, SMALL, content_type="application/json", CONTENT_LENGTH=length)

    assert [error["pointer"] for error in problem(response, 400)["errors"]] == ["/name", "/email"]
    assert stored() == NOTHING


def test_body_in_chunks_is_told_to_come_whole(house, client):
    headers = {"Transfer-Encoding": "chunked"}

    response = client.post(URL, SMALL, content_type="application/json", CONTENT_LENGTH="", headers=headers)

    assert problem(response, 411)["code"] == "length_required"
    assert stored() == NOTHING


@pytest.mark.parametrize(("length", "status"), [("2000", 400), ("65537", 413), ("9" * 30, 413)])
def test_length_beyond_the_body_is_refused(house, client, length, status):
    stream = {"CONTENT_LENGTH": length, "wsgi.input": BytesIO(json.dumps(SMALL).encode()[:-1])}

    response = client.generic("POST", URL, b"x", content_type="application/json", **stream)

    problem(response, status)
    assert stored() == NOTHING
