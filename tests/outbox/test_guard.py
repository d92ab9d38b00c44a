"""The guard against calls inside: every form at the check and at the connection, names that lie, zero connections."""

import ipaddress
import socket
import sys
import threading
from urllib.parse import urlsplit

import httpx
import pytest

from outbox import http, networks
from outbox.http import Refused
from tests.outbox.names import names
from tests.outbox.test_http import LOCAL_FORMS, STRANGE_FORMS
from tests.receivers import Answer, WebhookReceiver

connects: list[str] = []
# Hooks of this kind cannot be taken away; it only notes.
sys.addaudithook(lambda event, args: connects.append(str(args[1][0])) if event == "socket.connect" else None)


@pytest.fixture(autouse=True)
def nothing_allowed(settings):
    settings.WEBHOOK_ALLOWED_NETWORKS = []


def post(url: str) -> http.Answer:
    return http.post(url, content=b"{}", headers={})


def one_of(network: str) -> str:
    found = ipaddress.ip_network(network)
    return str(found[min(7, found.num_addresses - 1)])


@pytest.mark.parametrize("url", LOCAL_FORMS + STRANGE_FORMS)
def test_every_form_is_refused_at_save_and_at_connect_and_nothing_is_connected(url):
    connects.clear()

    with pytest.raises(Refused):
        http.check_url(url)
    with pytest.raises(Refused):
        post(url)

    assert connects == []


@pytest.mark.parametrize("network", list(networks.BLOCKED))
def test_name_that_leads_into_a_blocked_network_is_not_connected_to(monkeypatch, network):
    address = one_of(network)
    with names(lambda _: [address], monkeypatch) as resolver:
        connects.clear()

        with pytest.raises(Refused):
            post("https://hooks.example.com/")

        assert address not in connects
        assert resolver.asked == 1


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "169.254.169.254",
     "fd00:ec2::254", "168.63.129.16", "100.100.100.200", "192.0.0.192"],
)  # fmt: skip
def test_addresses_of_clouds_and_of_this_machine_are_blocked(address):
    assert networks.INSIDE.classify(address).blocked


@pytest.mark.parametrize("address", ["1.1.1.1", "93.184.216.34", "::ffff:1.1.1.1", "2606:4700::1111", "172.32.0.1"])
def test_public_addresses_are_not(address):
    assert not networks.INSIDE.classify(address).blocked


def test_name_that_is_bound_to_another_address_after_the_check_never_leads_there(
    settings, monkeypatch, receiver, listener
):
    settings.WEBHOOK_ALLOWED_NETWORKS = ["127.0.0.1/32"]
    port, guests = listener
    reached = refused = 0

    with names(lambda asked: ["127.0.0.2" if asked % 2 else "127.0.0.1"], monkeypatch):
        connects.clear()
        for _ in range(100):
            # Both listen on a port of their own; the one that the name was bound to in between is asked for.
            http.check_url(f"http://hooks.example.com:{port}/")
            try:
                post(f"http://hooks.example.com:{port}/")
                reached += 1
            except Refused:
                refused += 1
            except httpx.HTTPError:
                reached += 1  # 127.0.0.1, where nobody listens on this port

    assert (reached, refused) == (50, 50)
    assert guests == []
    assert connects.count("127.0.0.2") == 0


def test_name_with_one_address_outside_and_one_inside_is_refused(settings, monkeypatch, receiver, listener):
    settings.WEBHOOK_ALLOWED_NETWORKS = ["127.0.0.1/32"]
    _, guests = listener
    url = receiver.url.replace("127.0.0.1", "hooks.example.com")

    with names(lambda _: ["127.0.0.1", "127.0.0.2"], monkeypatch), pytest.raises(Refused):
        post(url)

    assert (guests, receiver.requests.qsize()) == ([], 0)


def test_name_is_looked_up_once_a_call(settings, monkeypatch, receiver):
    settings.WEBHOOK_ALLOWED_NETWORKS = ["127.0.0.1/32"]
    url = receiver.url.replace("127.0.0.1", "hooks.example.com")

    with names(lambda _: ["127.0.0.1"], monkeypatch) as resolver:
        assert post(url).status == 200

    assert (resolver.asked, receiver.next().headers["host"]) == (1, urlsplit(url).netloc)


def test_lookup_that_hangs_ends_with_the_deadline(settings, monkeypatch):
    settings.WEBHOOK_ALLOWED_NETWORKS = ["127.0.0.1/32"]
    settings.CALL_DEADLINE_SECONDS = 0.2
    never = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: never.wait(20) or [])

    with pytest.raises(httpx.TimeoutException, match="looked up in time"):
        post("http://hooks.example.com:8000/")

    never.set()


def test_redirect_inside_is_a_failure_and_connects_to_nobody(settings, receiver, listener):
    settings.WEBHOOK_ALLOWED_NETWORKS = ["127.0.0.0/8"]
    port, guests = listener
    receiver.answer = lambda _: Answer(302, {"Location": f"http://127.0.0.2:{port}/"})

    assert post(receiver.url).status == 302
    assert guests == []


@pytest.mark.parametrize("name", ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy"])
def test_proxy_of_the_environment_gets_nothing(settings, monkeypatch, receiver, listener, name):
    settings.WEBHOOK_ALLOWED_NETWORKS = ["127.0.0.0/8"]
    port, guests = listener
    monkeypatch.setenv(name, f"http://127.0.0.2:{port}")

    assert post(receiver.url).status == 200
    assert guests == []


def test_body_of_a_gigabyte_is_left_after_its_start(settings, receiver):
    settings.WEBHOOK_ALLOWED_NETWORKS = ["127.0.0.0/8"]
    receiver.answer = lambda _: Answer(200, body=b"x" * 1_000_000, body_times=1000)

    answer = post(receiver.url)

    assert (answer.status, len(answer.text)) == (200, http.KEPT_CHARACTERS)
    assert receiver.repeated < 20_000_000  # what the buffers of two systems hold


def test_header_of_five_megabytes_is_a_failure(settings, receiver):
    settings.WEBHOOK_ALLOWED_NETWORKS = ["127.0.0.0/8"]
    receiver.answer = lambda _: Answer(200, {"X-Long": "x" * 5_000_000})

    with pytest.raises(httpx.HTTPError):
        post(receiver.url)


def test_receiver_whose_certificate_nobody_vouches_for_is_a_failure(settings, self_signed):
    settings.WEBHOOK_ALLOWED_NETWORKS = ["127.0.0.0/8"]
    with WebhookReceiver(tls=self_signed) as receiver:
        with pytest.raises(httpx.ConnectError, match="self-signed"):
            post(receiver.url)

        assert receiver.requests.empty()
