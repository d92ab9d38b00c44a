"""What the mail system tells: signed, at least once, the same answer whoever is known."""

import base64
import json
from datetime import timedelta

import pytest
from django.utils import timezone

from intake import merging
from notifications import signing
from notifications.models import Mail, Response, Suppression
from tests.factories import make_submission

pytestmark = pytest.mark.django_db
SECRET = "whsec_" + base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()
URL = "/api/v1/mail-events/"


@pytest.fixture(autouse=True)
def secret(settings):
    settings.MAIL_EVENTS_SECRET = SECRET


@pytest.fixture
def lead(house):
    return make_submission().lead


def headers(body, *, secret=SECRET, id_="evt_1", at=None):
    made = signing.headers([secret], message_id=id_, at=at or timezone.now(), body=body)
    return {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in made.items()}


def post(client, event, **options):
    body = event if isinstance(event, bytes) else json.dumps(event).encode()
    return client.post(URL, body, content_type="application/json", **headers(body, **options))


def mail_to(lead, to=""):
    return Mail.objects.create(
        lead=lead, kind="reply", to=to or lead.email, domain="example.com", message_id="<one@truegap.example>",
        status="sent", created_at=timezone.now(), sent_at=timezone.now(),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        ({"type": "bounce", "email": "ADA@example.com", "permanent": True}, "bounced"),
        ({"type": "bounce", "message_id": "one@truegap.example", "permanent": True}, "bounced"),
        ({"type": "complaint", "email": "ada@example.com"}, "complained"),
        ({"type": "complaint", "message_id": "<one@truegap.example>"}, "complained"),
    ],
)
def test_bounces_and_complaints_end_every_mail(client, lead, event, reason):
    mail_to(lead)

    first, again = post(client, event), post(client, event)

    row = Suppression.objects.get()
    assert (first.status_code, first.json()) == (202, {"status": "accepted"})
    assert again.content == first.content
    assert (row.reason, row.scope) == (reason, "all")


def test_bounce_that_may_pass_ends_nothing(client, lead):
    answer = post(client, {"type": "bounce", "email": lead.email, "permanent": False})

    assert (answer.status_code, Suppression.objects.count()) == (202, 0)


def test_answer_is_noted_once_however_often_it_is_told(client, lead):
    for _ in range(3):
        post(client, {"type": "reply", "email": lead.email})
    post(client, {"type": "reply", "email": lead.email}, id_="evt_2")

    assert list(Response.objects.values_list("lead", "told_by")) == [(lead.pk, None)] * 2


def test_answer_from_another_address_is_known_by_the_mail_that_it_answers(client, lead):
    mail_to(lead)

    post(client, {"type": "reply", "email": "assistant@example.com", "message_id": "<one@truegap.example>"})

    assert Response.objects.get().lead == lead


def test_answer_from_an_address_that_was_merged_is_the_kept_leads(client, lead):
    lost = make_submission(email="ada.at.home@example.net").lead
    merging.merge(lead, lost, by=None, now=timezone.now())

    post(client, {"type": "reply", "email": "Ada.at.home@example.net"})

    assert Response.objects.get().lead == lead


@pytest.mark.parametrize("type_", ["bounce", "complaint", "reply"])
def test_unknown_address_gets_the_same_answer(client, lead, type_):
    known = post(client, {"type": type_, "email": lead.email, "permanent": True}, id_="evt_1")
    unknown = post(client, {"type": type_, "email": "nobody@example.org", "permanent": True}, id_="evt_2")
    nonsense = post(client, {"type": type_, "email": "no address", "permanent": True}, id_="evt_3")

    assert {(a.status_code, a.content, str(sorted(a.headers.items()))) for a in (known, unknown, nonsense)} == {
        (202, known.content, str(sorted(known.headers.items())))
    }


def test_without_the_setting_there_is_nothing_here(client, settings):
    body = b'{"type": "complaint", "email": "ada@example.com"}'
    settings.MAIL_EVENTS_SECRET = ""

    answer = client.post(URL, body, content_type="application/json", **headers(body))

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def unsigned(body):
    return {}


def signed_by_somebody_else(body):
    return headers(body, secret="whsec_" + base64.b64encode(b"x" * 32).decode())


def of_another_body(body):
    return headers(body + b" ")


def old(body):
    return headers(body, at=timezone.now() - timedelta(minutes=6))


def of_the_future(body):
    return headers(body, at=timezone.now() + timedelta(minutes=6))


def broken(body):
    return {**headers(body), "HTTP_WEBHOOK_SIGNATURE": "v1,ü¡"}


def without_version(body):
    return {**headers(body), "HTTP_WEBHOOK_SIGNATURE": "nonsense"}


def no_number(body):
    return {**headers(body), "HTTP_WEBHOOK_TIMESTAMP": "inf"}


@pytest.mark.parametrize(
    "made", [unsigned, signed_by_somebody_else, of_another_body, old, of_the_future, broken, without_version, no_number]
)
def test_nobody_else_is_believed(client, lead, made):
    body = b'{"type": "complaint", "email": "ada@example.com"}'

    answer = client.post(URL, body, content_type="application/json", **made(body))

    assert (answer.status_code, answer.json()["code"]) == (401, "bad_signature")
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert Suppression.objects.count() == 0


@pytest.mark.parametrize(
    ("event", "pointer"),
    [
        ({"type": "party", "email": "ada@example.com"}, "/type"),
        ({"email": "ada@example.com"}, "/type"),
        ({"type": "reply"}, "/email"),
        ({"type": "bounce", "email": "ada@example.com"}, "/permanent"),
        ({"type": "bounce", "email": "ada@example.com", "permanent": "perhaps"}, "/permanent"),
        ({"type": "reply", "email": "a" * 300}, "/email"),
        ({"type": "reply", "email": ["ada@example.com"]}, "/email"),
    ],
)
def test_signed_nonsense_is_named(client, lead, event, pointer):
    answer = post(client, event)

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["pointer"] == pointer


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"nothing", b"[" * 3000, b'{"type": "\\u0000"}', b"\xff", b"{" + b" " * 70000]
)
def test_signed_body_that_cannot_be_read_is_refused(client, lead, body):
    made = (
        headers(body)
        if body != b"\xff"
        else {"HTTP_WEBHOOK_ID": "x", "HTTP_WEBHOOK_TIMESTAMP": "1", "HTTP_WEBHOOK_SIGNATURE": "v1,x"}
    )

    answer = client.post(URL, body, content_type="application/json", **made)

    assert answer.status_code in {400, 401, 413}
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("method", ["get", "put", "delete"])
def test_only_a_post_tells(client, method):
    assert getattr(client, method)(URL).status_code == 405
