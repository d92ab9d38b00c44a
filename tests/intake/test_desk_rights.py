"""Who may do what at the desk: nothing without the right, machine-owned rows for nobody, and every act is logged."""

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from intake.models import Firm, Lead
from notifications.models import Endpoint
from outbox.models import Delivery, Event
from scheduling.models import Booking
from tests.intake.lives import MACHINE_OWNED, every_page, list_url, make_lead_with_a_life, page_url, registered
from tests.staff import staff

pytestmark = pytest.mark.django_db


@pytest.fixture
def lead(house) -> Lead:
    return make_lead_with_a_life()


def viewer() -> Client:
    return staff(*(f"{model._meta.app_label}.view_{model._meta.model_name}" for model in registered()))


def act(client: Client, row: Delivery | Booking, action: str) -> HttpResponse:
    """Picks one row of its list and an action from the menu."""
    return client.post(list_url(type(row)), {"action": action, "_selected_action": str(row.pk)}, follow=True)


def move_url(lead: Lead, stage: str) -> str:
    return reverse("admin:intake_lead_move", args=[lead.pk, stage])


def log() -> list[tuple[str, str]]:
    return list(LogEntry.objects.values_list("object_id", "change_message"))


# --- who may look ---------------------------------------------------------------------------------------


def test_stranger_is_sent_to_the_login(client, lead):
    answers = [client.get(page) for page in every_page()]

    assert {answer.status_code for answer in answers} == {302}
    assert all(answer.headers["Location"].startswith("/admin/login/") for answer in answers)


def test_staff_without_rights_sees_no_list_and_no_row(lead):
    client = staff()

    assert {client.get(page).status_code for page in every_page()} == {403}


def test_staff_who_may_look_sees_every_page_and_no_button_to_move_the_lead(lead, admin_client):
    client = viewer()

    assert {page: code for page in every_page() if (code := client.get(page).status_code) != 200} == {}
    assert "formaction" not in client.get(page_url(lead)).content.decode()
    assert admin_client.get(page_url(lead)).content.decode().count("formaction") == 13


def test_sidebar_leads_only_where_one_may_go(lead):
    page = staff("intake.view_lead").get(reverse("admin:index")).content.decode()

    assert f'href="{list_url(Lead)}"' in page
    assert f'href="{list_url(Delivery)}"' not in page
    assert f'href="{list_url(User)}"' not in page


# --- who may act ----------------------------------------------------------------------------------------


def test_staff_who_may_look_changes_nothing(lead):
    client = viewer()
    before = list(Delivery.objects.order_by("pk").values_list("status", flat=True))
    events = Event.objects.count()
    booking = Booking.objects.get()

    posts = [
        client.post(page_url(model._default_manager.first()), {"name": "x"})
        for model in registered()
        if model._default_manager.exists()
    ]
    moved = client.post(move_url(lead, "won"))
    for action in ("retry", "cancel", "delete_selected"):
        for row in Delivery.objects.all():
            act(client, row, action)
    for action in ("confirm", "cancel", "delete_selected"):
        act(client, booking, action)

    booking.refresh_from_db()
    assert {answer.status_code for answer in posts} == {403}
    assert moved.status_code == 403
    assert list(Delivery.objects.order_by("pk").values_list("status", flat=True)) == before
    assert (booking.status, Lead.objects.get().stage, Event.objects.count()) == ("tentative", "new", events)
    assert log() == []


@pytest.mark.parametrize("label", MACHINE_OWNED)
def test_row_of_the_machine_is_nobodys_to_add_change_or_delete(admin_client, lead, label):
    model = next(model for model in registered() if model._meta.label == label)
    row, count = model._default_manager.first(), model._default_manager.count()
    add = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_add")

    answers = [
        admin_client.get(add),
        admin_client.post(add, {}),
        admin_client.post(page_url(row), {}),
        admin_client.get(page_url(row, "delete")),
        admin_client.post(page_url(row, "delete"), {"post": "yes"}),
    ]
    admin_client.post(list_url(model), {"action": "delete_selected", "_selected_action": str(row.pk), "post": "yes"})

    assert [answer.status_code for answer in answers] == [403] * 5
    assert model._default_manager.count() == count
    assert log() == []


def test_lead_and_house_rows_are_neither_added_nor_deleted(admin_client, lead):
    Firm.objects.get_or_create(pk=1)
    rows = [lead, Firm.objects.get()]
    rows += [model._default_manager.first() for model in registered() if model._meta.label in
             {"assessments.Questionnaire", "notifications.Template"}]  # fmt: skip

    for row in rows:
        add = reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_add")
        answers = [admin_client.get(add), admin_client.post(page_url(row, "delete"), {"post": "yes"})]
        assert [answer.status_code for answer in answers] == [403, 403]
        assert type(row)._default_manager.filter(pk=row.pk).exists()


# --- moving a lead --------------------------------------------------------------------------------------


def test_lead_moves_by_post_and_it_is_told_and_logged(admin_client, lead):
    response = admin_client.post(move_url(lead, "contacted"), follow=True)

    event = Event.objects.get(type="lead.stage_changed")
    assert response.redirect_chain == [(page_url(lead), 302)]
    assert "Ada Lovelace is now contacted." in response.content.decode()
    assert Lead.objects.get().stage == "contacted"
    assert (event.subject, event.data["from"], event.data["to"]) == (lead.pk, "new", "contacted")
    assert event.data["lead"]["stage"] == "contacted"
    assert list(event.deliveries.values_list("task", "status")) == [("notifications.fan_out", "pending")]
    assert log() == [(str(lead.pk), "moved to contacted")]


def test_looking_at_the_address_of_a_move_moves_nothing(admin_client, lead):
    response = admin_client.get(move_url(lead, "won"))

    assert (response.status_code, Lead.objects.get().stage, log()) == (405, "new", [])


def test_move_without_the_token_of_the_form_is_refused(lead, admin_user):
    client = Client(enforce_csrf_checks=True)
    client.force_login(admin_user)

    response = client.post(move_url(lead, "won"))

    assert (response.status_code, Lead.objects.get().stage, log()) == (403, "new", [])


def test_move_of_nobody_and_to_nowhere_is_refused(admin_client, client, lead):
    nobody = client.post(move_url(lead, "won"))
    nowhere = admin_client.post(move_url(lead, "happy"))
    nothing = admin_client.post(reverse("admin:intake_lead_move", args=["0197f0c0-0000-7000-8000-000000000000", "won"]))

    assert [answer.status_code for answer in (nobody, nowhere, nothing)] == [302, 403, 404]
    assert (Lead.objects.get().stage, Event.objects.filter(type="lead.stage_changed").count(), log()) == ("new", 0, [])


def test_move_to_where_it_stands_is_told_and_does_nothing(admin_client, lead):
    response = admin_client.post(move_url(lead, "new"), follow=True)

    assert "cannot move from new to new" in response.content.decode()
    assert (Event.objects.filter(type="lead.stage_changed").count(), log()) == (0, [])


def test_stage_in_the_form_of_the_lead_is_passed_over(admin_client, lead):
    form = {name: getattr(lead, name) for name in ("company", "role", "phone", "website", "company_size", "timezone")}

    response = admin_client.post(page_url(lead), form | {"name": "Ada King", "stage": "won", "email": "x@example.com"})

    changed = Lead.objects.get()
    assert response.status_code == 302
    assert (changed.name, changed.stage, changed.email) == ("Ada King", "new", "ada0@example.com")


# --- deliveries, bookings, endpoints --------------------------------------------------------------------


def test_failed_delivery_is_retried_by_hand_and_logged(admin_client, lead):
    failed = Delivery.objects.filter(status="failed").first()

    response = act(admin_client, failed, "retry")

    again = Delivery.objects.get(pk=failed.pk)
    assert "notifications.fan_out: is due again now." in response.content.decode()
    assert (again.status, again.settled_at, again.attempts_forgiven) == ("pending", None, 1)
    assert log() == [(str(failed.pk), "is due again now")]


def test_done_delivery_is_left_alone(admin_client, lead):
    done = Delivery.objects.filter(status="succeeded").first()

    for action in ("retry", "cancel"):
        response = act(admin_client, done, action)
        assert "was left alone" in response.content.decode()

    assert Delivery.objects.get(pk=done.pk).status == "succeeded"
    assert log() == []


def test_waiting_delivery_is_cancelled_by_hand_and_logged(admin_client, lead):
    admin_client.post(move_url(lead, "contacted"))
    waiting = Delivery.objects.get(status="pending", event__type="lead.stage_changed")

    act(admin_client, waiting, "cancel")

    cancelled = Delivery.objects.get(pk=waiting.pk)
    assert (cancelled.status, cancelled.settled_at is not None) == ("cancelled", True)
    assert (str(waiting.pk), "was cancelled") in log()


@pytest.mark.parametrize(("action", "status", "event"), [("confirm", "confirmed", "booking.confirmed"),
                                                         ("cancel", "cancelled", "booking.cancelled")])  # fmt: skip
def test_held_time_is_confirmed_or_cancelled_by_hand_told_and_logged(admin_client, lead, action, status, event):
    booking = Booking.objects.get()

    act(admin_client, booking, action)
    again = act(admin_client, booking, "cancel" if action == "cancel" else "confirm")

    assert Booking.objects.get().status == status
    assert Event.objects.filter(type=event).count() == 1
    assert (str(booking.pk), status) in log()
    assert again.status_code == 200


def test_secret_of_an_endpoint_is_shown_once_and_never_again(admin_client, house):
    fields = {"url": "http://127.0.0.1:9999/hook", "event_types": "lead.assessed", "active": "on"}

    created = admin_client.post(reverse("admin:notifications_endpoint_add"), fields, follow=True)

    endpoint = Endpoint.objects.get()
    pages = [list_url(Endpoint), page_url(endpoint), page_url(endpoint, "history"), page_url(endpoint, "delete")]
    changed = admin_client.post(page_url(endpoint), fields | {"include_contact": "on"}, follow=True)
    assert endpoint.secret.startswith("whsec_")
    assert created.content.decode().count(endpoint.secret) == 1
    assert endpoint.secret not in changed.content.decode()
    assert Endpoint.objects.get().include_contact
    assert [page for page in [*pages, "/admin/"] if endpoint.secret in admin_client.get(page).content.decode()] == []
    assert [entry for entry in log() if endpoint.secret in str(entry)] == []


@pytest.mark.parametrize(
    ("url", "types"),
    [("http://169.254.169.254/", "*"), ("ftp://hooks.example/", "*"), ("https://hooks.example/", "no.such_type")],
)
def test_endpoint_that_must_not_be_is_refused(admin_client, house, url, types):
    response = admin_client.post(reverse("admin:notifications_endpoint_add"), {"url": url, "event_types": types})

    assert response.status_code == 200
    assert Endpoint.objects.count() == 0
