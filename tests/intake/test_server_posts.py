"""Enquiries that a website's own server posts with a key: counted by the key, told apart by it, for its visitors."""

import pytest
import time_machine
from django.test import Client

from intake.models import Submission
from intake.rates import Rate
from tests.factories import enquiry_fields
from tests.intake.door import BROWSER, NOTHING, ONE_ENQUIRY, post, problem, stored
from tests.staff import bearer, make_key

pytestmark = pytest.mark.django_db

NOON = 1_800_000_030


@pytest.fixture
def server(house) -> dict[str, str]:
    return bearer(make_key("leads:write"))


@pytest.mark.parametrize("kind", ["json", "form", "multipart"])
@pytest.mark.parametrize(
    ("address", "network"),
    [("203.0.113.77", "203.0.113.0/24"), ("2001:db8:1:2::3", "2001:db8:1::/48"), ("", "127.0.0.0/24")],
)
def test_visitor_is_kept_as_a_network_and_nothing_else(client: Client, server, kind, address, network):
    answer = post(client, enquiry_fields(client_ip=address), kind, **server)

    submission = Submission.objects.get()
    assert answer.status_code == 201
    assert submission.client_network == network
    assert "client_ip" not in submission.payload


def test_who_has_no_key_cannot_name_another_address(client: Client, house):
    answer = post(client, enquiry_fields(client_ip="203.0.113.77"))

    assert answer.status_code == 201
    assert Submission.objects.get().client_network == "127.0.0.0/24"


@pytest.mark.parametrize("address", ["203.0.113.777", "example.com", "203.0.113.7/24", "x" * 5000, 5, ["::1"], {}])
def test_address_that_is_none_is_named(client: Client, server, address):
    body = problem(post(client, enquiry_fields(client_ip=address), **server), 400)

    assert [error["pointer"] for error in body["errors"]] == ["/client_ip"]
    assert stored() == NOTHING


def test_key_is_counted_instead_of_the_client(client: Client, server, settings):
    settings.SUBMISSION_RATE = Rate(count=1, seconds=60)
    settings.API_KEY_RATE = Rate(count=3, seconds=60)

    with time_machine.travel(NOON, tick=False):
        codes = [post(client, enquiry_fields(), **server).status_code for _ in range(4)]
        public = [post(client, enquiry_fields()).status_code for _ in range(2)]

    assert codes == [201, 201, 201, 429]
    assert public == [201, 429]


def test_same_idempotency_key_of_two_servers_is_two_enquiries(client: Client, server):
    other = bearer(make_key("leads:write"))

    answers = [
        post(client, enquiry_fields(), idempotency_key="order-1", **headers) for headers in (server, other, server, {})
    ]

    ids = [answer.json()["id"] for answer in answers]
    assert ids[0] == ids[2]
    assert len(set(ids)) == 3
    assert [answer.headers.get("Idempotency-Replayed") for answer in answers] == [None, None, "true", None]


def test_retry_for_another_address_is_the_same_enquiry(client: Client, server):
    posts = [
        post(client, enquiry_fields(client_ip=address), idempotency_key="k", **server) for address in ("::1", "::2")
    ]

    assert posts[0].content == posts[1].content
    assert stored() == ONE_ENQUIRY


@pytest.mark.parametrize(("scope", "status"), [("leads:read", 403), (None, 401)])
def test_key_that_may_not_post_is_refused_and_nothing_is_stored(client: Client, house, scope, status):
    headers = bearer(make_key(scope)) if scope else bearer("tg_x")

    refused = post(client, enquiry_fields(), **headers)

    body = problem(refused, status)
    assert body.get("scope") == ("leads:write" if scope else None)
    assert stored() == NOTHING


def test_password_of_a_website_that_comes_along_does_not_matter(client: Client, house):
    answer = post(client, enquiry_fields(), "form", Authorization="Basic Zm9vOmJhcg==", **BROWSER)

    assert answer.status_code == 303
