"""The client for strangers' addresses: what it refuses, and how much of an answer it takes."""

import threading

import httpx
import pytest

from outbox import http
from outbox.http import Refused
from tests.receivers import Answer, WebhookReceiver

LOCAL_FORMS = [
    "https://127.0.0.1/", "https://127.1/", "https://0x7f.1/", "https://2130706433/", "https://017700000001/",
    "https://①②⑦.⓪.⓪.①/", "https://0/", "https://[::1]/", "https://[::ffff:127.0.0.1]/", "https://[64:ff9b::7f00:1]/",
    "https://[2002:7f00:1::]/", "https://169.254.169.254/", "https://[fd00:ec2::254]/", "https://100.64.0.1/",
    "https://224.0.0.1/", "https://192.88.99.1/", "https://localhost/", "https://10.0.0.1/", "https://192.168.1.1:8443/",
]  # fmt: skip
STRANGE_FORMS = [
    "http://example.com/", "https://example.com:22/", "https://example.com:6379/", "file:///etc/passwd",
    "gopher://example.com/", "https://user:pass@example.com/", "https://a@b@example.com/", "http://evil.com\\@127.0.0.1/",
    "https://", "nonsense", "https://example.com/" + "a" * 10_000, "https://exa mple.com/", "https://example.com:99999/",
]  # fmt: skip


@pytest.mark.parametrize("url", LOCAL_FORMS)
def test_addresses_inside_are_never_called(settings, url):
    settings.WEBHOOK_ALLOWED_NETWORKS = []

    with pytest.raises(Refused):
        http.post(url, content=b"{}", headers={})


@pytest.mark.parametrize("url", STRANGE_FORMS)
def test_strange_addresses_are_refused_before_any_lookup(settings, url):
    settings.WEBHOOK_ALLOWED_NETWORKS = []

    with pytest.raises(Refused):
        http.check_url(url)


@pytest.mark.parametrize("url", ["https://example.com/hook", "https://example.com:8443/hook?x=1"])
def test_usual_addresses_pass_the_check(settings, url):
    settings.WEBHOOK_ALLOWED_NETWORKS = []

    http.check_url(url)


def test_receiver_on_this_machine_is_reached_only_when_its_network_is_allowed(settings, receiver):
    settings.WEBHOOK_ALLOWED_NETWORKS = []
    with pytest.raises(Refused):
        http.post(receiver.url, content=b"{}", headers={})
    assert receiver.requests.empty()

    settings.WEBHOOK_ALLOWED_NETWORKS = ["127.0.0.0/8"]
    answer = http.post(receiver.url, content=b"{}", headers={"X-Test": "1"})

    assert (answer.status, answer.text) == (200, "ok")
    assert receiver.next().body == b"{}"


def test_allowed_network_opens_no_other_one(settings):
    settings.WEBHOOK_ALLOWED_NETWORKS = ["127.0.0.0/8"]

    with pytest.raises(Refused):
        http.post("http://10.0.0.1:9000/", content=b"{}", headers={})


def test_redirect_is_an_answer_and_is_not_followed(receiver):
    with WebhookReceiver() as target:
        receiver.answer = lambda _: Answer(302, {"Location": target.url})

        answer = http.post(receiver.url, content=b"{}", headers={})

        assert answer.status == 302
        assert target.requests.empty()


def test_only_the_start_of_a_large_answer_is_read_and_less_is_kept(receiver):
    receiver.answer = lambda _: Answer(200, {}, b"x" * 1_000_000)

    answer = http.post(receiver.url, content=b"{}", headers={})

    assert answer.text == "x" * http.KEPT_CHARACTERS


def test_answer_that_drips_is_cut_at_the_deadline(settings, receiver):
    settings.CALL_DEADLINE_SECONDS = 0.5
    receiver.answer = lambda _: Answer(200, {}, b"x" * 1000, drip_seconds=0.05)

    with pytest.raises(httpx.ReadTimeout):
        http.post(receiver.url, content=b"{}", headers={})


def test_headers_that_drip_are_cut_at_the_deadline(settings, receiver):
    settings.CALL_DEADLINE_SECONDS = 0.5
    receiver.answer = lambda _: Answer(200, {f"X-{number}": "x" for number in range(1000)}, drip_seconds=0.01)

    with pytest.raises(httpx.ReadTimeout):
        http.post(receiver.url, content=b"{}", headers={})


def test_receiver_that_never_answers_is_left_at_the_deadline(settings, receiver):
    settings.CALL_DEADLINE_SECONDS = 0.3
    never = threading.Event()
    receiver.answer = lambda _: never.wait(5) or Answer()

    with pytest.raises(httpx.ReadTimeout):
        http.post(receiver.url, content=b"{}", headers={})

    never.set()


def test_proxy_of_the_environment_is_not_used(settings, receiver, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")

    assert http.post(receiver.url, content=b"{}", headers={}).status == 200
