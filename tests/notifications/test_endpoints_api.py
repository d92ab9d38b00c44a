"""Webhook endpoints by API: made, changed, signed anew, tested, and what was sent to them, tried again."""

import re
import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from standardwebhooks import Webhook

from notifications import webhooks
from notifications.models import Endpoint
from outbox.models import Delivery
from tests.factories import run_delivery
from tests.intake.door import problem
from tests.receivers import Answer
from tests.staff import ENDPOINTS, Caller

pytestmark = pytest.mark.django_db


@pytest.fixture
def manager(db) -> Caller:
    return Caller("webhooks:manage")


def make(manager: Caller, **fields: object) -> dict:
    answer = manager.send("POST", ENDPOINTS, {"url": "https://example.com/hook", **fields})
    assert answer.status_code == 201, answer.content
    return answer.json()


def url(endpoint: dict, more: str = "") -> str:
    return f"{ENDPOINTS}{endpoint['id']}/{more}"


def deliver():
    return run_delivery(webhooks.TASK, webhooks.deliver)


# --- make, change, delete -------------------------------------------------------------------------------


def test_endpoint_is_made_with_a_secret_that_is_never_told_again(manager):
    made = manager.send("POST", ENDPOINTS, {"url": "https://example.com/hook"})

    body = made.json()
    secret = body.pop("secret")
    assert made.status_code == 201
    assert made.headers["Location"] == f"http://testserver{url(body)}"
    assert re.fullmatch(r"whsec_[A-Za-z0-9+/]{43}=", secret)
    assert manager.get(url(body)).json() == body
    assert manager.get(ENDPOINTS).json() == {"next": None, "previous": None, "results": [body]}
    assert (body["event_types"], body["include_contact"], body["active"]) == (["*"], False, True)
    assert body["health"]["state"] == "healthy"


def test_consumer_may_bring_a_secret_of_its_own(manager):
    own = "whsec_" + "a" * 40

    assert make(manager, secret=own)["secret"] == own


def test_endpoint_is_changed_and_deleted(manager):
    endpoint = make(manager)
    tag = manager.get(url(endpoint)).headers["ETag"]

    changed = manager.send("PATCH", url(endpoint), {"active": False, "event_types": ["lead.created"]}, if_match=tag)
    stale = manager.send("PATCH", url(endpoint), {"active": True}, if_match=tag)

    body = changed.json()
    assert (body["active"], body["event_types"], body["health"]["state"]) == (False, ["lead.created"], "off")
    assert "secret" not in body
    assert problem(stale, 412)
    assert problem(manager.send("DELETE", url(endpoint), if_match=tag), 412)
    assert manager.send("DELETE", url(endpoint)).status_code == 204
    assert problem(manager.get(url(endpoint)), 404)


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"url": None}, "/url"), ({"url": ""}, "/url"), ({"url": "a\x00"}, "/url"),
        ({"url": "ftp://example.com"}, "/url"),
        ({"url": "http://example.com/"}, "/url"), ({"url": "https://user:pass@example.com/"}, "/url"),
        ({"url": "https://10.0.0.1/"}, "/url"), ({"url": "https://example.com:22/"}, "/url"),
        ({"url": "https://example.com/" + "x" * 10_000}, "/url"), ({"event_types": ["lead.gone"]}, "/event_types"),
        ({"event_types": []}, "/event_types"), ({"event_types": "lead.created"}, "/event_types"),
        ({"event_types": ["a\x00"]}, "/event_types/0"), ({"event_types": [{}]}, "/event_types/0"),
        ({"active": "perhaps"}, "/active"), ({"active": None}, "/active"),
        ({"include_contact": []}, "/include_contact"),
        ({"secret": "x"}, "/secret"), ({"secret": "whsec_eA=="}, "/secret"),
        ({"secret": "whsec_" + "é" * 40}, "/secret"),
        ({"id": "x"}, "/id"), ({"urls": "x"}, "/urls"),
    ],
)  # fmt: skip
def test_field_that_is_wrong_is_named_and_nothing_is_made(manager, settings, fields, pointer):
    settings.WEBHOOK_ALLOWED_NETWORKS = []

    body = problem(manager.send("POST", ENDPOINTS, {"url": "https://example.com/", **fields}), 400)

    assert [error["pointer"] for error in body["errors"]] == [pointer]
    assert Endpoint.objects.count() == 0


def test_wrong_change_changes_nothing(manager):
    endpoint = make(manager)
    before = manager.get(url(endpoint)).content

    for fields in (
        {"url": "https://10.0.0.1/"},
        {"active": False, "event_types": ["x"]},
        {"secret": "whsec_" + "a" * 40},
    ):
        problem(manager.send("PATCH", url(endpoint), fields), 400)

    assert manager.get(url(endpoint)).content == before


def test_only_a_key_for_webhooks_manages_them(manager):
    endpoint = make(manager)
    other = Caller("leads:read", "leads:write", "events:read")
    calls = [
        other.get(ENDPOINTS), other.send("POST", ENDPOINTS, {}), other.get(url(endpoint)),
        other.send("DELETE", url(endpoint)), other.send("POST", url(endpoint, "rotate-secret/")),
        other.send("POST", url(endpoint, "test/")), other.get(url(endpoint, "deliveries/")),
    ]  # fmt: skip

    assert {problem(call, 403)["scope"] for call in calls} == {"webhooks:manage"}


def test_endpoint_that_is_none_is_a_404_everywhere(manager):
    nobody = {"id": uuid.uuid4()}

    for method, more in (("GET", ""), ("DELETE", ""), ("PATCH", ""), ("POST", "rotate-secret/"), ("POST", "test/"),
                         ("GET", "deliveries/"), ("POST", f"deliveries/{uuid.uuid4()}/retry/")):  # fmt: skip
        problem(manager.send(method, url(nobody, more), {} if method in {"PATCH", "POST"} else None), 404)


# --- sign, test, look, try again ------------------------------------------------------------------------


def test_rotated_secret_is_told_once_and_both_sign(manager, receiver):
    endpoint = make(manager, url=receiver.url)

    rotated = manager.send("POST", url(endpoint, "rotate-secret/")).json()
    manager.send("POST", url(endpoint, "test/"))
    deliver()

    call = receiver.requests.get(timeout=5)
    assert rotated["secret"] != endpoint["secret"]
    assert rotated["previous_secret_until"] is not None
    for secret in (rotated["secret"], endpoint["secret"]):
        Webhook(secret).verify(call.body, call.headers)
    assert "secret" not in manager.get(url(endpoint)).json()
    assert problem(manager.send("POST", url(endpoint, "rotate-secret/"), {"secret": "x"}), 400)


def test_test_event_is_queued_sent_and_seen_in_the_list(manager, receiver):
    endpoint = make(manager, url=receiver.url)

    queued = manager.send("POST", url(endpoint, "test/?type=booking.confirmed"))
    deliver()

    [row] = manager.get(url(endpoint, "deliveries/")).json()["results"]
    assert (queued.status_code, queued.json()["status"]) == (202, "pending")
    assert (row["id"], row["event"]["type"], row["status"]) == (queued.json()["id"], "booking.confirmed", "succeeded")
    [attempt] = row["attempts"]
    assert (attempt["number"], attempt["outcome"], attempt["status"]) == (1, "succeeded", 200)
    assert attempt["milliseconds"] >= 0


@pytest.mark.parametrize("type_", ["lead.gone", "booking.requested", "\x00", "x" * 65])
def test_test_of_an_unknown_type_is_named(manager, type_):
    endpoint = make(manager)

    body = problem(manager._client.post(url(endpoint, "test/"), query_params={"type": type_}), 400)

    assert [error["pointer"] for error in body["errors"]] == ["/type"]
    assert Delivery.objects.count() == 0


def test_failed_delivery_is_seen_and_tried_again_with_its_id(manager, receiver):
    answers = iter([410, 200])
    receiver.answer = lambda _: Answer(next(answers))
    endpoint = make(manager, url=receiver.url)
    first = manager.send("POST", url(endpoint, "test/")).json()
    deliver()
    manager.send("PATCH", url(endpoint), {"active": True})
    [failed] = manager.get(url(endpoint, "deliveries/"), status="failed", type="ping").json()["results"]

    again = manager.send("POST", url(endpoint, f"deliveries/{failed['id']}/retry/"))
    deliver()
    arrived = manager.send("POST", url(endpoint, f"deliveries/{failed['id']}/retry/"))

    assert (failed["attempts"][0]["status"], failed["due_at"]) == (410, None)
    assert (again.status_code, again.json()["status"]) == (202, "pending")
    calls = [receiver.requests.get(timeout=5) for _ in range(2)]
    assert [call.headers["webhook-id"] for call in calls] == [first["event"]["id"]] * 2
    assert problem(arrived, 409)["code"] == "not_retried"


def test_delivery_of_another_endpoint_is_not_found(manager):
    one, other = make(manager), make(manager)
    delivery = manager.send("POST", url(one, "test/")).json()

    assert problem(manager.send("POST", url(other, f"deliveries/{delivery['id']}/retry/")), 404)
    assert manager.get(url(other, "deliveries/")).json()["results"] == []


@pytest.mark.parametrize(
    "query", [{"status": "\x00"}, {"type": "\x00"}, {"type": "x"}, {"limit": "0"}, {"cursor": "x"}]
)
def test_parameter_that_is_wrong_is_named(manager, query):
    [name] = query

    body = problem(manager.get(url(make(manager), "deliveries/"), **query), 400)

    assert [error["pointer"] for error in body["errors"]] == [f"/{name}"]


def test_a_page_costs_the_same_queries_for_one_delivery_and_for_thirty(manager):
    endpoint, counts = make(manager), []
    for number in range(30):
        manager.send("POST", url(endpoint, "test/"))
        if number in {0, 29}:
            with CaptureQueriesContext(connection) as queries:
                assert len(manager.get(url(endpoint, "deliveries/")).json()["results"]) == number + 1
            counts.append(len(queries))

    assert counts == [4, 4]
