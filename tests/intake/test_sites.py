"""Websites: whose pages may read our answers, where forms lead, what tests leave behind, and what owners are told."""

from datetime import timedelta

import pytest
from django.utils import timezone

from intake import services, sites
from intake.models import Firm, Lead, Site, Submission
from notifications import notes
from outbox.models import Event
from scheduling import calls
from scheduling.models import Booking
from tests.factories import enquiry_fields, run_delivery
from tests.intake.door import BROWSER, URL, post, problem

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("house")]
ORIGIN = "https://engines.example"


@pytest.fixture
def site():
    return Site.objects.create(name="Engines", origins=[ORIGIN], redirect_url=f"{ORIGIN}/thanks")


def sent(site, **over):
    return enquiry_fields(**{"site": site.key, **over})


# --- CORS -----------------------------------------------------------------------------------------------


def test_pages_of_a_site_may_read_the_answers(client, site):
    posted = post(client, sent(site), origin=ORIGIN)
    headers = {
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type,idempotency-key",
    }
    asked = client.options(URL, headers={"Origin": ORIGIN, **headers})

    assert posted.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert asked.headers["Access-Control-Allow-Headers"] == "content-type, idempotency-key"
    assert "Access-Control-Allow-Credentials" not in posted.headers


@pytest.mark.parametrize(
    "origin", ["null", f"{ORIGIN}.evil.example", "http://engines.example", "https://x.engines.example"]
)
def test_pages_of_others_may_not_and_a_plain_form_still_goes_through(client, site, origin):
    answer = post(client, sent(site), "form", origin=origin)

    assert answer.status_code == 201
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_a_site_that_is_switched_off_reads_nothing_and_loses_nobody(client, site):
    Site.objects.update(active=False)

    answer = post(client, sent(site), origin=ORIGIN)

    assert (answer.status_code, Submission.objects.get().site) == (201, None)
    assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize("key", ["site_unknown", "", "x" * 5000, 7, ["a"], {"a": 1}, None])
def test_a_key_that_nobody_knows_costs_no_enquiry(client, key):
    assert post(client, enquiry_fields(site=key)).status_code == 201
    assert Submission.objects.get().site is None


# --- afterwards -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("wish", [f"{ORIGIN}/done?x=1", f"{ORIGIN}:443/done", "http://testserver/r/"])
def test_a_form_leads_where_its_site_may(client, site, wish):
    assert post(client, sent(site, next=wish), "form", **BROWSER).headers["Location"] == wish


@pytest.mark.parametrize(
    "wish",
    ["https://evil.example", "//evil.example", "/\\evil.example", "\\\\evil.example", "https:evil.example",
     f"{ORIGIN}@evil.example", f"{ORIGIN}.evil.example", "\thttps://engines.example", "javascript:alert(1)",
     f" {ORIGIN}", f"{ORIGIN}\\@evil.example", "https:/engines.example", "/done", f"{ORIGIN}:8443/", "ftp://engines.example",
     f"{ORIGIN}/\x07", "https://user@engines.example/", ""],
)  # fmt: skip
def test_every_other_wish_is_passed_over(client, site, wish):
    assert post(client, sent(site, next=wish), "form", **BROWSER).headers["Location"] == f"{ORIGIN}/thanks"


def test_without_a_site_a_form_leads_to_the_verdict(client):
    answer = post(client, enquiry_fields(next="https://evil.example"), "form", **BROWSER)

    assert answer.headers["Location"] == Submission.objects.get().page_path


def test_json_is_led_nowhere(client, site):
    assert post(client, sent(site, next=f"{ORIGIN}/done")).status_code == 201


# --- what a site decides --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("holds", "firm", "booked"), [("", "on", 1), ("off", "on", 0), ("on", "off", 1), ("", "off", 0)]
)
def test_a_site_says_what_is_booked_unasked(client, site, holds, firm, booked):
    Site.objects.update(holds=holds)
    Firm.objects.update(holds=firm)
    post(client, sent(site))

    run_delivery("scheduling.book_call", calls.book_call)

    assert Booking.objects.count() == booked


def test_what_comes_in_test_mode_books_mails_and_counts_nothing(client, site, admin_client, mail_server):
    Site.objects.update(test_mode=True)

    answer = post(client, sent(site))
    run_delivery("scheduling.book_call", calls.book_call)
    run_delivery("notifications.send_staff_note", notes.send_staff_note)

    assert answer.json()["assessment"]["gap"] == "ai"
    assert Submission.objects.get().is_test
    assert Booking.objects.count() == 0
    assert mail_server.mails.empty()
    assert "Ada Lovelace" not in admin_client.get("/admin/intake/lead/").content.decode()
    assert "Ada Lovelace" in admin_client.get("/admin/intake/lead/?aside=1").content.decode()


def test_somebody_who_was_a_test_and_comes_for_real_is_at_the_desk(client, site):
    post(client, enquiry_fields(test=True))
    assert Lead.objects.get().set_aside_at
    post(client, enquiry_fields(message="Now for real."))
    post(client, enquiry_fields(test=True, message="And a test again."))

    assert Lead.objects.get().set_aside_at is None


def test_the_owner_is_told_how_it_fared_and_not_what_was_sent(client, site, admin_client):
    post(client, sent(site))
    post(client, sent(site, email="ada@", company_size="many", answers={"nonsense": "yes"}))

    site.refresh_from_db()
    assert site.last_accepted_at
    assert site.last_refusal == "/email: invalid, /company_size: invalid_choice, /answers/nonsense: unknown_statement"
    page = admin_client.get(f"/admin/intake/site/{site.pk}/change/").content.decode()
    assert site.key in page
    assert "unknown_statement" in page


def test_a_site_that_is_busy_is_not_written_at_each_enquiry(client, site, django_assert_num_queries):
    now = timezone.now()
    sites.note_accepted(site, now=now)
    sites.note_accepted(site, now=now + timedelta(seconds=1))

    site.refresh_from_db()
    assert site.last_accepted_at == now


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("https://Engines.example/contact?x=1\nhttps://engines.example:443", ["https://engines.example"]),
        ("http://localhost:3000", ["http://localhost:3000"]),
        ("https://bücher.example", ["https://xn--bcher-kva.example"]),
        ("https://[2001:db8::1]:8443/x", ["https://[2001:db8::1]:8443"]),
    ],
)
def test_addresses_are_kept_as_browsers_write_them(admin_client, typed, kept):
    admin_client.post("/admin/intake/site/add/", {"name": "New", "active": "on", "origins": typed})

    assert Site.objects.get(name="New").origins == kept


@pytest.mark.parametrize(
    "typed", ["engines.example", "ftp://engines.example", "https://", "javascript:alert(1)", "https://a:b@c.example"]
)
def test_what_is_no_address_of_a_page_is_named(admin_client, typed):
    page = admin_client.post("/admin/intake/site/add/", {"name": "New", "active": "on", "origins": typed})

    assert page.status_code == 200
    assert "https://www.example.com" in page.content.decode() or "no origin" in page.content.decode()
    assert not Site.objects.filter(name="New").exists()


# --- once -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["json", "form", "multipart"])
def test_the_same_within_ten_minutes_is_one_submission(client, kind):
    first, again = post(client, enquiry_fields(), kind), post(client, enquiry_fields(), kind)

    assert first.content == again.content
    assert again.headers["Idempotency-Replayed"] == "true"
    assert (Submission.objects.count(), Event.objects.count()) == (1, 2)


def test_a_form_that_was_shown_anew_is_still_the_same(client):
    post(client, enquiry_fields(form_token="one"))

    assert post(client, enquiry_fields(form_token="two")).headers["Idempotency-Replayed"] == "true"


@pytest.mark.parametrize("over", [{"message": "More."}, {"email": "grace@example.com"}, {"name": "Ada L."}])
def test_other_content_is_another_submission(client, over):
    post(client, enquiry_fields())
    post(client, enquiry_fields(**over))

    assert Submission.objects.count() == 2


def test_after_ten_minutes_it_is_another_one(client, time_machine):
    time_machine.move_to(timezone.now())
    post(client, enquiry_fields())
    time_machine.shift(services.SAME_WITHIN + timedelta(seconds=1))
    post(client, enquiry_fields())

    assert Submission.objects.count() == 2


def test_keys_of_two_sites_are_not_one_anothers(client, site):
    other = Site.objects.create(name="Other")

    for one in (site, other):
        assert post(client, sent(one), idempotency_key="k").status_code == 201

    assert Submission.objects.count() == 2


def test_a_browser_that_cannot_be_served_gets_a_page(client):
    answer = client.post(URL, b"x" * 70_000, content_type="application/x-www-form-urlencoded", headers=BROWSER)

    assert answer.status_code == 413
    assert "larger than" in answer.content.decode()
    assert answer["Content-Type"].startswith("text/html")
    problem(client.post(URL, b"x" * 70_000, content_type="application/x-www-form-urlencoded"), 413)
