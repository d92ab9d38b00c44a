"""GET for strangers' addresses: which redirects are followed, and how much is read before it is too much."""

import gzip
import socket
import time
import zlib

import httpx
import pytest

from outbox import http
from outbox.http import BadAnswer, Refused, TooLarge
from tests.receivers import Answer

LIMIT = 100_000


def get(url: str, *, limit: int = LIMIT, seconds: float = 5, **headers: str) -> http.Answer:
    return http.get(url, headers=headers, limit=limit, seconds=seconds)


@pytest.fixture
def inside(listener: tuple[int, list[socket.socket]]) -> tuple[str, list[socket.socket]]:
    port, guests = listener
    return f"http://127.0.0.2:{port}/", guests


def test_body_headers_and_status_come_back_whole(receiver):
    receiver.answer = lambda _: Answer(200, {"ETag": '"1"'}, b"x" * LIMIT)

    answer = get(receiver.url, **{"If-None-Match": '"0"'})

    assert (answer.status, answer.content, answer.headers["etag"]) == (200, b"x" * LIMIT, '"1"')
    asked = receiver.next().headers
    assert (asked["if-none-match"], asked["accept-encoding"]) == ('"0"', "identity")


def test_three_redirects_are_followed_and_a_fourth_is_not(receiver):
    def hop(request):
        left = int(request.path.rpartition("/")[2] or 0)
        return Answer(302, {"Location": f"/hop/{left - 1}"}) if left else Answer(200, {}, b"here")

    receiver.answer = hop
    base = receiver.url.replace("/hook", "/hop")

    assert get(f"{base}/3").content == b"here"
    with pytest.raises(BadAnswer, match="3 redirects"):
        get(f"{base}/4")


def test_redirect_to_an_address_inside_is_refused_without_a_connection(settings, receiver, inside):
    url, guests = inside
    settings.WEBHOOK_ALLOWED_NETWORKS = ["127.0.0.1/32"]
    receiver.answer = lambda _: Answer(301, {"Location": url})

    with pytest.raises(Refused):
        get(receiver.url)
    assert guests == []

    settings.WEBHOOK_ALLOWED_NETWORKS = ["127.0.0.0/8"]
    with pytest.raises(httpx.HTTPError):  # it accepts and says nothing
        get(receiver.url, seconds=0.3)
    assert len(guests) == 1


@pytest.mark.parametrize(
    "place",
    ["https://169.254.169.254/latest/", "https://user:pass@example.com/", "file:///etc/passwd",
     "ftp://example.com/", "https://[::1]/", "https://2130706433/", "http://[", "//10.0.0.1/"],
)  # fmt: skip
def test_redirect_is_judged_as_any_address_is(settings, receiver, place):
    settings.WEBHOOK_ALLOWED_NETWORKS = ["127.0.0.1/32"]
    receiver.answer = lambda _: Answer(302, {"Location": place})

    with pytest.raises(Refused):
        get(receiver.url)


def test_redirect_never_gives_up_the_encryption():
    with pytest.raises(Refused, match="https to http"):
        http._next(httpx.Response(302, headers={"Location": "http://example.com/"}), "https://example.com/a")

    there = http._next(httpx.Response(302, headers={"Location": "/b"}), "https://example.com/a")
    assert there == "https://example.com/b"


def test_redirect_without_a_place_is_no_answer(receiver):
    receiver.answer = lambda _: Answer(302)

    with pytest.raises(BadAnswer):
        get(receiver.url)


def test_unchanged_is_an_answer_and_no_redirect(receiver):
    receiver.answer = lambda _: Answer(304, {}, b"")

    assert get(receiver.url).status == 304


def test_one_byte_too_many_is_too_large(receiver):
    receiver.answer = lambda _: Answer(200, {}, b"x" * (LIMIT + 1))

    with pytest.raises(TooLarge):
        get(receiver.url)


def test_packed_answer_is_unpacked_and_a_bomb_is_not(receiver):
    receiver.answer = lambda _: Answer(200, {"Content-Encoding": "gzip"}, gzip.compress(b"calendar"))
    assert get(receiver.url).content == b"calendar"

    receiver.answer = lambda _: Answer(200, {"Content-Encoding": "deflate"}, zlib.compress(b"calendar"))
    assert get(receiver.url).content == b"calendar"

    receiver.answer = lambda _: Answer(200, {"Content-Encoding": "gzip"}, gzip.compress(b"0" * 50_000_000))
    with pytest.raises(TooLarge):
        get(receiver.url)


@pytest.mark.parametrize(("packing", "body"), [("br", b"x"), ("gzip", b"not packed"), ("gzip, gzip", b"x")])
def test_packing_that_cannot_be_undone_is_no_answer(receiver, packing, body):
    receiver.answer = lambda _: Answer(200, {"Content-Encoding": packing}, body)

    with pytest.raises(BadAnswer):
        get(receiver.url)


def test_deadline_is_one_for_all_redirects_and_the_body(receiver):
    receiver.answer = lambda request: (
        Answer(302, {"Location": "/slow"}, b"", drip_seconds=0.005)
        if request.path == "/hook"
        else Answer(200, {}, b"x" * 1000, drip_seconds=0.05)
    )
    started = time.monotonic()

    with pytest.raises(httpx.ReadTimeout):
        get(receiver.url, seconds=1)

    assert time.monotonic() - started < 2
