"""Follow-ups at the desk: a page explains them, buttons stop them, series are switched, addresses looked up."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from notifications import suppressions
from notifications.models import FollowUp, Response, Sequence, Step, Suppression
from notifications.suppressions import Reason, Scope
from tests.factories import load_house, make_submission
from tests.notifications.clock import at, live, work

pytestmark = pytest.mark.django_db
MONDAY = datetime(2026, 11, 23, 10, 20, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def lead(db, mail_server):
    load_house(now=MONDAY - 30 * DAY)
    with at(MONDAY):
        lead = make_submission(
            now=MONDAY, hold=False, timezone="America/New_York", consent={"follow_up": True, "text": "Yes."}
        ).lead
        work()
    return lead


def page(client, lead, when):
    with at(when):
        user = User.objects.get(username="admin")
        client.force_login(user)
        return client.get(reverse("admin:intake_lead_change", args=[lead.pk])).content.decode()


def button(name, lead):
    return reverse(f"admin:notifications_followup_{name}", args=[lead.pk])


def test_page_tells_what_will_go_out_when_and_what_would_stop_it(admin_client, lead):
    shown = page(admin_client, lead, MONDAY + DAY)

    assert "Half an hour about your result?" in shown
    assert "Wed 2026-11-25 08:00 (America/New_York)" in shown
    assert "2026-11-25 13:00" in shown
    assert shown.count("Will be sent as things stand.") == 2
    assert "It stops when they book, answer, unsubscribe" in shown


def test_page_tells_what_would_come_of_it_now(admin_client, lead):
    suppressions.unsubscribe(lead, now=MONDAY)

    assert page(admin_client, lead, MONDAY + DAY).count("Will not be sent as things stand: They unsubscribed.") == 2


def test_page_tells_what_went_out_and_why_the_rest_did_not(admin_client, lead):
    live(MONDAY, days=3)
    with at(MONDAY + 3 * DAY):
        suppressions.add(lead.email, Reason.COMPLAINED, Scope.ALL, now=MONDAY + 3 * DAY)
    live(MONDAY + 3 * DAY, days=10)

    shown = page(admin_client, lead, MONDAY + 14 * DAY)

    assert "They complained about our mails." in shown
    assert "It stops when" not in shown
    assert [row.status for row in FollowUp.objects.order_by("due_at")] == ["sent", "stopped"]


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("answered", lambda lead: Response.objects.get().told_by.username == "admin"),
        ("stop", lambda lead: suppressions.against(lead.email) == ""),
        ("bounced", lambda lead: suppressions.against(lead.email) == "The address bounced."),
        ("complained", lambda lead: suppressions.against(lead.email) == "They complained about our mails."),
    ],
)
def test_what_staff_know_stops_what_is_planned_and_is_logged(admin_client, lead, name, found):
    with at(MONDAY + DAY):
        admin_client.force_login(User.objects.get(username="admin"))
        answer = admin_client.post(button(name, lead))

    assert answer.headers["Location"] == reverse("admin:intake_lead_change", args=[lead.pk])
    assert found(lead)
    assert LogEntry.objects.get().object_id == str(lead.pk)
    live(MONDAY + DAY, days=10)
    assert set(FollowUp.objects.values_list("status", flat=True)) == {"stopped"}


def test_pressing_twice_is_no_error(admin_client, lead):
    assert {admin_client.post(button("bounced", lead)).status_code for _ in range(2)} == {302}
    assert Suppression.objects.count() == 1


@pytest.mark.parametrize("name", ["answered", "stop", "bounced", "complained"])
def test_whoever_may_only_look_has_no_buttons_and_cannot_press_them(lead, name):
    user = User.objects.create_user("grace", "grace@example.com", "x", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_lead"))
    client = Client(raise_request_exception=False)
    client.force_login(user)

    shown = client.get(reverse("admin:intake_lead_change", args=[lead.pk])).content.decode()
    pressed, looked = client.post(button(name, lead)), client.get(button(name, lead))

    assert "They answered" not in shown
    assert "Half an hour about your result?" in shown
    assert (pressed.status_code, looked.status_code) == (403, 405)
    assert (Response.objects.count(), Suppression.objects.count()) == (0, 0)


# --- series ---------------------------------------------------------------------------------------------


def sequence_form(sequence, **over):
    steps = list(sequence.steps.all())
    data = {"name": sequence.name, "starts_on": sequence.starts_on, "active": "on",
            "steps-TOTAL_FORMS": len(steps), "steps-INITIAL_FORMS": len(steps)}  # fmt: skip
    for number, step in enumerate(steps):
        for field in ("id", "position", "key", "delay_hours", "subject", "body"):
            data[f"steps-{number}-{field}"] = getattr(step, field)
        data[f"steps-{number}-active"] = "on"
        data[f"steps-{number}-sequence"] = sequence.pk
    return {name: value for name, value in {**data, **over}.items() if value is not None}


def save(client, sequence, **over):
    url = reverse("admin:notifications_sequence_change", args=[sequence.pk])
    return client.post(url, sequence_form(sequence, **over))


def test_saving_a_series_unchanged_keeps_since_when_it_is_on(admin_client, lead):
    sequence = Sequence.objects.get(key="no_booking")

    answer = save(admin_client, sequence)

    assert answer.status_code == 302
    assert Sequence.objects.get(pk=sequence.pk).active_since == sequence.active_since
    assert set(sequence.steps.values_list("active_since", flat=True)) == {sequence.active_since}


def test_switching_off_and_on_counts_from_now(admin_client, lead):
    sequence = Sequence.objects.get(key="no_booking")

    save(admin_client, sequence, active=None)
    off = Sequence.objects.get(pk=sequence.pk).active_since
    save(admin_client, sequence)
    on = Sequence.objects.get(pk=sequence.pk).active_since

    assert off is None
    assert timezone.now() - on < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("over", "words"),
    [
        ({"steps-0-body": "Dear {{ nobody }}"}, "There is no placeholder “nobody”"),
        ({"steps-0-delay_hours": "9999"}, "At most 2160 hours"),
    ],
)
def test_step_that_could_not_be_sent_is_refused_and_says_why(admin_client, lead, over, words):
    sequence = Sequence.objects.get(key="no_booking")

    answer = save(admin_client, sequence, **over)

    assert answer.status_code == 200
    assert words in answer.content.decode()


def test_every_default_step_passes_the_check_of_its_words(lead):
    for step in Step.objects.all():
        step.full_clean()


def test_loading_the_defaults_again_leaves_what_staff_changed(lead):
    Step.objects.filter(key="two_days").update(subject="Ours", active_since=None)
    Sequence.objects.filter(key="after_no_show").update(active_since=None)

    load_house()

    assert Step.objects.get(key="two_days").subject == "Ours"
    assert Step.objects.get(key="two_days").active_since is None
    assert Sequence.objects.get(key="after_no_show").active_since is None
    assert (Sequence.objects.count(), Step.objects.count()) == (3, 4)


# --- addresses ------------------------------------------------------------------------------------------

LIST, ADD = ("admin:notifications_suppression_changelist", "admin:notifications_suppression_add")


def add(client, **over):
    data = {"address": "Eve@example.com", "reason": "manual", "scope": "all", "note": "Wrote by post."}
    return client.post(reverse(ADD), {**data, **over})


def test_address_is_added_by_hand_and_found_by_typing_it(admin_client, lead):
    assert add(admin_client).status_code == 302
    found = admin_client.get(reverse(LIST), {"q": "eve@EXAMPLE.com"}).content.decode()
    other = admin_client.get(reverse(LIST), {"q": "adam@example.com"}).content.decode()

    row = Suppression.objects.get()
    assert (row.added_by.username, suppressions.against("eve@example.com")) == (
        "admin",
        "Staff suppressed the address.",
    )
    assert "Wrote by post." in found
    assert "Wrote by post." not in other


@pytest.mark.parametrize(
    ("over", "words"),
    [
        ({}, "This is known of the address already."),
        ({"address": "nonsense"}, "Enter a valid email address."),
        ({"scope": "all", "sequence": "no_booking"}, "Leave it empty where every mail is stopped."),
    ],
)
def test_what_makes_no_sense_is_refused(admin_client, lead, over, words):
    add(admin_client)
    if "sequence" in over:
        over = {**over, "sequence": Sequence.objects.get(key="no_booking").pk, "address": "adam@example.com"}

    answer = add(admin_client, **over)

    assert (answer.status_code, Suppression.objects.count()) == (200, 1)
    assert words in answer.content.decode()


def test_suppression_is_lifted_by_deleting_it(admin_client, lead):
    add(admin_client)
    row = Suppression.objects.get()

    answer = admin_client.post(reverse("admin:notifications_suppression_delete", args=[row.pk]), {"post": "yes"})

    assert answer.status_code == 302
    assert suppressions.against("eve@example.com") == ""
    assert "example.com" not in str(list(LogEntry.objects.values()))
