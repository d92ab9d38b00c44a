"""What the door sees of an enquiry before it is stored: the form's age, the list of blocks, throwaways, volume."""

import itertools
import json
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from config.local.servers import free_ports
from intake import blocklist, form_tokens
from intake.models import Block, Lead, Submission
from intake.suspicion import MANY_FROM_ADDRESS, MANY_FROM_CLIENT
from tests.factories import enquiry_fields, published
from tests.intake.door import BROWSER, KINDS, NOTHING, ONE_ENQUIRY, URL, post, problem, stored
from tests.staff import Caller

pytestmark = pytest.mark.django_db
SPAM = (
    "Dear Sir or Madam, we sell 10,000 backlinks, guest posts and SEO packages. Buy now, 50% discount, limited offer!!!"
)


@pytest.fixture
def send(house, client):
    """Posts one enquiry and gives the reasons for which it was set aside."""

    def act(kind="json", **over):
        response = post(client, enquiry_fields(**over), kind)
        assert response.status_code == 201
        return Submission.objects.latest("created_at").quarantine_reasons

    return act


def shown(ago: float) -> str:
    return form_tokens.issue(now=timezone.now() - timedelta(seconds=ago))


# --- the form's age -------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_form_that_was_open_for_a_minute_is_accepted(send, kind):
    assert send(kind, form_token=shown(60)) == []
    assert stored() == ONE_ENQUIRY


def test_haste_alone_loses_nobody_and_with_another_sign_it_counts(send):
    assert send(form_token=shown(0.3)) == []
    assert send(form_token=shown(0.3), message=SPAM) == ["reads_as_spam", "too_fast", "bulk_words"]


def test_token_that_was_tampered_with_is_a_sign(send):
    later = shown(0.3).replace("1", "2", 1)

    assert send(form_token=later, name="WIN http://x.example") == ["url_in_name", "forged_form_token"]
    assert send(form_token="x" * 5000) == []


def test_script_with_a_form_of_yesterday_is_accepted_without_credit(send):
    assert send(form_token=shown(25 * 3600)) == []
    assert stored() == ONE_ENQUIRY


def test_browser_with_a_form_of_yesterday_gets_it_again_with_what_was_typed(house, client):
    old = shown(25 * 3600)

    response = post(client, enquiry_fields(form_token=old), "form", **BROWSER)

    page = response.content.decode()
    assert response.status_code == 400
    assert stored() == NOTHING
    assert "Ada Lovelace" in page
    assert "open for more than a day" in page
    assert old not in page


def test_corrected_form_keeps_the_time_when_it_was_first_shown(house, client):
    token = shown(60)

    response = post(client, enquiry_fields(form_token=token, email="no address"), "form", **BROWSER)

    assert response.status_code == 400
    assert token in response.content.decode()


def test_our_page_and_the_address_for_scripts_give_out_tokens(house, client):
    page = client.get("/").content.decode()
    told = client.get(f"{URL}form-token/", headers={"Origin": "https://anywhere.example"})

    assert 'name="form_token" value="1' in page
    assert told.headers["Cache-Control"] == "no-store"
    assert form_tokens.read(told.json()["form_token"], now=timezone.now()).seconds == pytest.approx(0, abs=5)
    assert told.json()["expires_in"] == 86_400


# --- blocks and throwaway addresses ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "value", "reason"),
    [
        ("address", "ADA@example.com", "blocked_address"),
        ("domain", "@Example.com", "blocked_domain"),
        ("network", "127.0.0.1", "blocked_network"),
        ("network", "127.0.0.0/8", "blocked_network"),
        ("word", "engines   LTD", "blocked_word"),
    ],
)
def test_what_is_on_the_blocklist_is_set_aside(send, kind, value, reason):
    blocklist.block(kind, value, reason="A bot", by=None)

    assert send() == [reason]
    assert Lead.objects.count() == 0


def test_domain_above_meets_as_well_and_one_beside_does_not(send):
    blocklist.block("domain", "spam.example", reason="", by=None)

    assert send(email="x@mail.spam.example") == ["blocked_domain"]
    assert send(email="x@notspam.example") == []
    assert send(email="x@example.com") == []


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("address", "bob@example.com"),
        ("domain", "example.org"),
        ("network", "10.0.0.0/8"),
        ("network", "::/0"),
        ("word", "engine"),
        ("word", ".*"),
    ],
)
def test_other_blocks_meet_nobody(send, kind, value):
    blocklist.block(kind, value, reason="", by=None)

    assert send() == []


@pytest.mark.parametrize(("kind", "value"), [("address", "x"), ("domain", "no domain"), ("network", "300.1.1.1")])
def test_block_that_could_never_meet_is_refused(db, kind, value):
    with pytest.raises(ValueError, match=r"."):
        blocklist.block(kind, value, reason="", by=None)
    assert Block.objects.count() == 0


def test_throwaway_address_is_a_sign_and_no_verdict(send):
    assert send(email="ada@mailinator.com") == []
    assert send(email="ada@mailinator.com", message=SPAM) == ["reads_as_spam", "throwaway_address", "bulk_words"]


# --- volume ---------------------------------------------------------------------------------------------


@pytest.fixture
def noon():
    with time_machine.travel(1_800_003_000, tick=False) as clock:
        yield clock


numbers = itertools.count()


def flood(client, count: int, **over: str) -> None:
    for number in range(count):
        # Each with words of its own: the same ones twice would be one enquiry.
        fields = enquiry_fields(email=f"p{number}@example.com", company=f"Number {next(numbers)}") | over
        assert post(client, fields).status_code in {201, 429}


@pytest.mark.parametrize("dead", [False, True])
def test_one_address_that_sends_a_dozen_times_is_set_aside_whether_the_cache_lives_or_not(
    house, client, noon, settings, dead
):
    if dead:
        settings.CACHE_URL = f"redis://127.0.0.1:{free_ports(1)[0]}/0"
    flood(client, MANY_FROM_ADDRESS + 1, email="ada@example.com")

    last = Submission.objects.order_by("-id").first()
    assert last.quarantine_reasons == ["many_from_address"]
    assert Submission.objects.filter(quarantine_reasons=[]).count() == MANY_FROM_ADDRESS


def test_one_client_that_stays_below_the_limit_for_an_hour_is_seen(house, client, noon):
    for _ in range(3):
        flood(client, 25)
        noon.shift(60)

    accepted = Submission.objects.filter(quarantine_reasons=[]).count()
    assert accepted == MANY_FROM_CLIENT
    assert Submission.objects.count() == 75


def test_next_hour_starts_anew(house, client, noon):
    flood(client, MANY_FROM_ADDRESS + 1, email="ada@example.com")
    noon.shift(3600)
    flood(client, 1, email="ada@example.com")

    assert Submission.objects.order_by("-id").first().quarantine_reasons == []


def test_replays_and_refusals_are_not_counted(house, client, noon):
    for _ in range(MANY_FROM_ADDRESS):
        post(client, enquiry_fields(), idempotency_key="k")
        problem(post(client, enquiry_fields(answers={})), 400)

    assert post(client, enquiry_fields(message="Once more.")).status_code == 201
    assert stored()["Submission"] == 2
    assert not Submission.objects.exclude(quarantine_reasons=[]).exists()


@pytest.mark.parametrize(("named", "aside"), [({}, 0), ({"client_ip": "203.0.113.9"}, 1)])
def test_server_that_posts_for_many_is_counted_by_whom_it_names(house, noon, settings, named, aside):
    settings.API_KEY_RATE = None
    caller = Caller("leads:write")
    for number in range(MANY_FROM_CLIENT + 1):
        fields = enquiry_fields(email=f"p{number}@example.com", **named)
        assert caller.send("POST", URL, fields).status_code == 201

    assert Submission.objects.exclude(quarantine_reasons=[]).count() == aside


def test_off_switches_the_signs_of_volume_off(house, client, settings):
    settings.SUBMISSION_RATE = None
    flood(client, MANY_FROM_CLIENT + 1, email="ada@example.com")

    assert not Submission.objects.exclude(quarantine_reasons=[]).exists()


# --- what is kept ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "network"), [("203.0.113.77", "203.0.113.0/24"), ("2001:db8:1:2:3::9", "2001:db8:1::/48")]
)
def test_of_the_client_only_a_network_is_kept(house, client, address, network):
    client.post(URL, json.dumps(enquiry_fields()), content_type="application/json", REMOTE_ADDR=address)

    assert Submission.objects.get().client_network == network


def test_sender_of_what_is_set_aside_sees_no_difference(house, client):
    accepted = post(client, enquiry_fields(email="grace@example.com"))
    blocklist.block("address", "ada@example.com", reason="", by=None)

    aside = post(client, enquiry_fields())

    assert (aside.status_code, len(aside.content)) == (accepted.status_code, len(accepted.content))
    assert aside.headers.keys() == accepted.headers.keys()
    assert aside.json()["assessment"] == accepted.json()["assessment"]
    assert published() == {"lead.created": 1, "lead.assessed": 1, "submission.quarantined": 1}
