"""The desk of staff: every page opens, no list asks more with more rows, and nobody does what they may not."""

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from intake.models import Firm, Lead, Submission
from notifications.models import Mail
from outbox.models import Attempt, Delivery
from scheduling.models import Booking
from tests.factories import make_submission
from tests.intake.lives import MACHINE_OWNED, every_page, list_url, make_lead_with_a_life, page_url, registered

pytestmark = pytest.mark.django_db


@pytest.fixture
def lead(house) -> Lead:
    return make_lead_with_a_life()


# --- every page -----------------------------------------------------------------------------------------


def test_every_page_opens_when_every_table_has_rows(admin_client, lead):
    Group.objects.create(name="Sales")
    Firm.objects.get_or_create(pk=1)

    pages = list(every_page())
    answers = {page: admin_client.get(page).status_code for page in [reverse("admin:index"), *pages]}

    assert [model._meta.label for model in registered() if not model._default_manager.exists()] == []
    assert Attempt.objects.count() >= 4
    assert {page: status for page, status in answers.items() if status != 200} == {}


def test_history_of_every_row_opens(admin_client, lead):
    rows = [model._default_manager.first() for model in registered() if model._default_manager.exists()]

    answers = {page_url(row, "history"): admin_client.get(page_url(row, "history")).status_code for row in rows}

    assert {page: status for page, status in answers.items() if status != 200} == {}


def test_page_of_a_lead_shows_verdict_booking_mails_and_effects(admin_client, lead):
    booking, mail = Booking.objects.get(), Mail.objects.filter(kind="reply").get()

    page = admin_client.get(page_url(lead)).content.decode()

    for shown in (
        "The question in the room is how to use AI",
        booking.advisor.name,
        mail.subject,
        "book call",
        "Failed",
    ):
        assert shown in page
    for row in (booking, mail, Submission.objects.get(lead__isnull=False), Delivery.objects.first()):
        assert page_url(row) in page


def test_lead_without_a_submission_has_a_page(admin_client, house):
    now = timezone.now()
    lead = Lead.objects.create(email="a@example.com", email_key="a@example.com", created_at=now, last_activity_at=now)

    assert admin_client.get(page_url(lead)).status_code == 200


def test_statement_that_has_left_the_ruleset_still_has_a_page(admin_client, lead):
    assessment = Submission.objects.get(lead__isnull=False).assessment
    assessment.answers["long_gone"] = "yes"
    assessment.decision["tie_breaks"] = ["long_gone"]
    assessment.save()

    answers = [admin_client.get(page_url(row)) for row in (lead, Submission.objects.get(lead__isnull=False))]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert all(b"long_gone" in answer.content for answer in answers)


def test_list_of_leads_marks_whose_effect_has_failed(admin_client, lead):
    fine = make_submission(email="fine@example.com", name="Fine Person").lead

    page = admin_client.get(list_url(Lead)).content.decode()

    assert page.count("Asks for a time, A delivery failed") == 1
    assert fine.name in page


def test_mixed_letters_of_an_address_are_shown_for_what_they_are(admin_client, house):
    lead = make_submission(email="a@\u0430pple.com").lead

    assert "xn--pple-43d.com" in admin_client.get(page_url(lead)).content.decode()


@pytest.mark.parametrize("query", ["ada0@example.com", "Engines", "Lovelace"])
def test_search_finds_a_lead_by_address_company_and_name(admin_client, lead, query):
    make_submission(email="grace@example.com", name="Grace Hopper", company="Navy")

    page = admin_client.get(list_url(Lead), {"q": query}).content.decode()

    assert page_url(lead) in page
    assert "Grace Hopper" not in page


# --- lists ----------------------------------------------------------------------------------------------


def queries_of_lists(client: Client) -> dict[str, int]:
    counts = {}
    for model in registered():
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert client.get(list_url(model)).status_code == 200
        counts[model._meta.label] = len(captured)
    return counts


def test_no_list_asks_more_queries_for_more_rows(admin_client, lead):
    queries_of_lists(admin_client)  # fills the caches of a fresh process
    with_one = queries_of_lists(admin_client)
    for number in range(1, 15):
        make_lead_with_a_life(number)
        User.objects.create_user(f"user{number}", is_staff=True)
        Group.objects.create(name=f"group{number}")
    Lead.objects.update(owner=User.objects.first())

    with_fifteen = queries_of_lists(admin_client)

    assert with_fifteen == with_one
    for label in (*MACHINE_OWNED, "intake.Lead", "scheduling.Advisor", "notifications.Endpoint", "auth.User"):
        assert apps.get_model(label)._default_manager.count() >= 15


@pytest.mark.parametrize("query", ["%00", "%ED%A0%80", "x" * 5000, "%25%5f(\\"])
def test_search_for_anything_is_no_crash(admin_client, lead, query):
    answers = {url: admin_client.get(f"{url}?q={query}").status_code for url in map(list_url, registered())}

    assert {url: status for url, status in answers.items() if status not in {200, 302, 400}} == {}


FILTERS = {
    "intake.Lead": ("needs_attention", "gap", "stage__exact", "company_size", "owner__id__exact", "owner__isnull"),
    "intake.Submission": ("gap", "asked_for", "is_test__exact", "created_at__gte"),
    "outbox.Event": ("type",),
    "outbox.Delivery": ("status__exact", "task", "event__type"),
    "notifications.Mail": ("kind__exact", "status__exact"),
    "notifications.Endpoint": ("active__exact",),
    "scheduling.TimeRequest": ("settled_at__isempty", "created_at__gte"),
    "scheduling.Booking": ("todo", "status__exact", "seats__advisor__id__exact", "starts_at__gte", "starts_at__lt"),
    "scheduling.Advisor": ("active__exact", "cto_depth"),
    "scheduling.Assignment": ("outcome__exact", "step", "advisor__id__exact"),
    "scheduling.Calendar": ("active__exact", "advisor__id__exact"),
    "assessments.Assessment": ("ruleset",),
    "assessments.Outcome": ("gap__exact", "source__exact"),
}


OF_EVERY_LIST = ("no_such_field", "p", "o", "all", "e", "_facets", "password__startswith")


@pytest.mark.parametrize("value", ["%00", "x", "9" * 400, "-1"])
def test_filter_for_anything_is_no_crash(admin_client, lead, value):
    urls = [
        f"{list_url(apps.get_model(label))}?{name}={value}"
        for label, names in (*FILTERS.items(), ("intake.Lead", OF_EVERY_LIST))
        for name in names
    ]

    answers = {url: admin_client.get(url).status_code for url in urls}

    assert {url: status for url, status in answers.items() if status not in {200, 302, 400}} == {}


@pytest.mark.parametrize("name", ["%00", "%ED%A0%80"])
def test_address_of_a_row_that_cannot_be_is_no_crash(admin_client, house, name):
    answers = {model: admin_client.get(f"{list_url(model)}{name}/change/").status_code for model in registered()}

    assert set(answers.values()) <= {302, 400, 404}


@pytest.mark.parametrize("field", ["username", "password"])
def test_login_with_nul_is_refused(client, db, field):
    fields = {"username": "ada", "password": "secret", field: "a\x00b"}

    response = client.post(reverse("admin:login"), fields)

    assert response.status_code == 200
    assert "_auth_user_id" not in client.session


# --- what the house believes ----------------------------------------------------------------------------


def names(client: Client, model: type[Lead] | type[Submission], query: str) -> list[str]:
    """Who is listed, in order."""
    rows = client.get(f"{list_url(model)}?{query}").context["cl"].queryset
    return [str(row if isinstance(row, Lead) else row.lead) for row in rows]


@pytest.fixture
def believed(house) -> None:
    """Ada and Grace are judged AI, and staff say that Ada's gap is the CTO."""
    for name in ("Ada", "Grace"):
        make_submission(name=name, email=f"{name}@example.com")
    Lead.objects.filter(name="Ada").update(corrected_gap="cto")


@pytest.mark.parametrize("model", [Lead, Submission])
def test_lists_are_filtered_by_the_gap_that_they_show(admin_client, believed, model):
    assert names(admin_client, model, "gap=cto") == ["Ada"]
    assert names(admin_client, model, "gap=ai") == ["Grace"]
    assert names(admin_client, model, "gap=both") == []
    assert sorted(names(admin_client, model, "gap=")) == sorted(names(admin_client, model, "")) == ["Ada", "Grace"]


def test_list_of_leads_is_sorted_by_the_gap_that_it_shows(admin_client, believed):
    column = admin_client.get(list_url(Lead)).context["cl"].list_display.index("show_gap")

    assert names(admin_client, Lead, f"o={column}") == ["Grace", "Ada"]
    assert names(admin_client, Lead, f"o=-{column}") == ["Ada", "Grace"]
