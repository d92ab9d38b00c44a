"""API keys: what is stored of one, who gets in with one, how often, and how staff make and revoke them."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.contrib.admin.models import LogEntry
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from intake import keys
from intake.models import ApiKey
from intake.rates import Rate
from tests.intake.door import problem
from tests.staff import LEADS, bearer, make_key, staff

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 11, 23, 12, 0, 30, tzinfo=UTC)


def test_only_a_hash_of_the_secret_is_stored():
    key, text = keys.create("CRM", ["leads:read", "leads:read"])

    mark, prefix, secret = text.split("_")
    assert (mark, prefix, len(secret)) == ("tg", key.prefix, 64)
    assert secret not in str(ApiKey.objects.values().get())
    assert ApiKey.objects.get().scopes == ["leads:read"]


def test_every_refused_key_looks_alike(client: Client):
    valid = make_key("leads:read")
    revoked, expired = make_key("leads:read"), make_key("leads:read")
    ApiKey.objects.filter(prefix=revoked.split("_")[1]).update(revoked_at=NOON)
    ApiKey.objects.filter(prefix=expired.split("_")[1]).update(expires_at=NOON)
    foreign = f"{valid[:16]}{'0' * 64}"
    headers = ["", "Bearer", "Bearer ", "Bearer x", f"Basic {valid}", valid, f"Bearer {valid}x", f"Bearer {foreign}",
               f"Bearer {revoked}", f"Bearer {expired}", "Bearer \x00", "Bearer ü", "Bearer " + "x" * 5000]  # fmt: skip

    answers = [client.get(LEADS, headers={"Authorization": header} if header else {}) for header in headers]

    assert len({answer.content for answer in answers}) == 1
    assert {answer.headers["WWW-Authenticate"] for answer in answers} == {"Bearer"}
    assert problem(answers[0], 401)["code"] == "no_valid_key"
    assert client.get(LEADS, headers=bearer(valid)).status_code == 200


def test_key_without_the_scope_is_told_which_one_it_lacks(client: Client):
    refused = client.get(LEADS, headers=bearer(make_key("bookings:read", "leads:write")))

    body = problem(refused, 403)
    assert (body["code"], body["scope"]) == ("missing_scope", "leads:read")
    assert "“leads:read”" in body["detail"]


def test_last_use_is_noted_once_a_minute(client: Client):
    headers = bearer(make_key("leads:read"))
    seen = []
    for seconds in (0, 59, 60):
        with time_machine.travel(NOON + timedelta(seconds=seconds), tick=False):
            client.get(LEADS, headers=headers)
        seen.append(ApiKey.objects.get().last_used_at)

    assert seen == [NOON, NOON, NOON + timedelta(seconds=60)]


def test_calls_are_counted_by_key_and_not_by_client(client: Client, settings):
    settings.API_KEY_RATE = Rate(count=2, seconds=60)
    settings.PUBLIC_RATE = Rate(count=1, seconds=60)
    one, other = bearer(make_key("leads:read")), bearer(make_key("leads:read"))

    with time_machine.travel(NOON, tick=False):
        codes = [client.get(LEADS, headers=headers).status_code for headers in (one, one, one, other)]
        elsewhere = client.get(LEADS, headers=one, REMOTE_ADDR="203.0.113.9")

    assert codes == [200, 200, 429, 200]
    assert elsewhere.headers["Retry-After"] == "30"


def test_who_tries_keys_is_counted_as_a_stranger(client: Client, settings):
    settings.PUBLIC_RATE = Rate(count=2, seconds=60)

    with time_machine.travel(NOON, tick=False):
        codes = [client.get(LEADS, headers=bearer(text)).status_code for text in ("x", "y", "z")]
        codes.append(client.get(LEADS, headers=bearer(make_key("leads:read"))).status_code)

    assert codes == [401, 401, 429, 200]


# --- the command ----------------------------------------------------------------------------------------


def test_command_prints_the_key_alone(capsys):
    call_command("create_api_key", "CRM", "--scopes", "leads:read, events:read")

    text = capsys.readouterr().out
    assert re.fullmatch(r"tg_[0-9a-f]{12}_[0-9a-f]{64}\n", text)
    found = keys.find(text.strip(), now=NOON)
    assert found is not None
    assert (found.name, found.scopes) == ("CRM", ["leads:read", "events:read"])


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (
            ("CRM", "--scopes", "leads:read,leads"),
            "--scopes: There is no scope “leads”. Use one or more of: leads:read,",
        ),
        (("CRM", "--scopes", " , "), "--scopes: name at least one of leads:read,"),
        ((" ", "--scopes", "leads:read"), "NAME: "),
        (("x" * 101, "--scopes", "leads:read"), "NAME: "),
    ],
)
def test_command_names_what_is_wrong_and_makes_no_key(arguments, named):
    with pytest.raises(CommandError, match=re.escape(named)):
        call_command("create_api_key", *arguments)

    assert ApiKey.objects.count() == 0


# --- the desk -------------------------------------------------------------------------------------------

ADD = "/admin/intake/apikey/add/"


def test_staff_make_a_key_that_is_shown_once():
    client = staff("intake.add_apikey", "intake.view_apikey")

    page = client.post(ADD, {"name": "CRM", "scopes": ["leads:read", "events:read"]}, follow=True).content.decode()

    [text] = re.findall(r"tg_[0-9a-f]{12}_[0-9a-f]{64}", page)
    found = keys.find(text, now=NOON)
    assert found is not None
    assert (found.name, found.scopes, str(found.created_by)) == ("CRM", ["leads:read", "events:read"], "grace")
    assert text not in client.get(reverse("admin:intake_apikey_change", args=[found.pk])).content.decode()
    assert LogEntry.objects.get().object_id == str(found.pk)


@pytest.mark.parametrize(
    ("over", "said"),
    [
        ({"scopes": []}, "This field is required."),
        ({"scopes": ["leads"]}, "leads is not one of the available choices."),
        ({"expires_at_0": "2020-01-01", "expires_at_1": "00:00"}, "That is over already."),
    ],
)
def test_form_says_what_is_wrong_and_makes_no_key(over, said):
    page = staff("intake.add_apikey").post(ADD, {"name": "CRM", "scopes": ["leads:read"], **over})

    assert said in page.content.decode()
    assert ApiKey.objects.count() == 0


def test_revoking_asks_first_and_then_holds(client: Client):
    text = make_key("leads:read")
    key = ApiKey.objects.get()
    url = reverse("admin:intake_apikey_revoke", args=[key.pk])
    desk = staff("intake.view_apikey", "intake.change_apikey")

    assert "Revoke CRM?" in desk.get(url).content.decode()
    assert client.get(LEADS, headers=bearer(text)).status_code == 200
    assert f"tg_{key.prefix}" in desk.post(url, follow=True).content.decode()
    assert client.get(LEADS, headers=bearer(text)).status_code == 401
    assert desk.post(url).status_code == 403
    assert [entry.change_message for entry in LogEntry.objects.all()] == ["revoked"]


def test_who_may_only_look_revokes_and_changes_nothing():
    make_key("leads:read")
    key = ApiKey.objects.get()
    desk = staff("intake.view_apikey")

    pages = [desk.post(reverse(f"admin:intake_apikey_{act}", args=[key.pk]), {"name": "x"})
             for act in ("revoke", "change", "delete")]  # fmt: skip

    assert [page.status_code for page in pages] == [403, 403, 403]
    assert ApiKey.objects.get().revoked_at is None
