"""Who of the house hears of what: at once, once a day, or not; and what shows where no mail can tell it."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import Permission
from django.utils import timezone

from notifications import colleagues, digests, failures, notes, replies
from notifications.models import NotePreference
from outbox.models import Delivery, Event
from tests.factories import make_submission, run_delivery

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("house")]
MONDAY = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)


def colleague(model, name, mode=""):
    user = model.objects.create_superuser(name, f"{name}@example.com", "x")
    if mode:
        NotePreference.objects.create(user=user, mode=mode)
    return user


def test_each_hears_in_their_own_way(mail_server, django_user_model):
    colleague(django_user_model, "eve")
    colleague(django_user_model, "dan", "digest")
    colleague(django_user_model, "nora", "none")
    make_submission()

    run_delivery("notifications.send_staff_note", notes.send_staff_note)

    assert mail_server.next()["To"] == "eve@example.com"
    assert mail_server.mails.empty()
    assert colleagues.addresses(NotePreference.Mode.DIGEST) == ["dan@example.com"]


def test_the_digest_comes_once_a_working_day_with_what_came_in(time_machine, mail_server, django_user_model):
    colleague(django_user_model, "dan", "digest")
    time_machine.move_to(MONDAY - timedelta(hours=2))
    make_submission()
    time_machine.move_to(MONDAY)

    asked = [digests.ask(now=timezone.now()) for _ in range(2)]
    run_delivery("notifications.send_digest", digests.send_digest)

    mail = mail_server.next()
    assert asked == [True, False]
    assert mail["To"] == "dan@example.com"
    assert "New enquiries (1)" in mail.get_content()
    assert "Ada Lovelace, Engines Ltd" in mail.get_content()
    assert mail_server.mails.empty()


@pytest.mark.parametrize("moment", [MONDAY - timedelta(days=1), MONDAY.replace(hour=6)])
def test_no_digest_on_a_sunday_or_before_eight(django_user_model, moment):
    colleague(django_user_model, "dan", "digest")

    assert not digests.ask(now=moment)
    assert Event.objects.filter(type=digests.DUE).count() == 0


def test_a_digest_of_nothing_is_not_sent(mail_server, django_user_model):
    colleague(django_user_model, "dan", "digest")
    digests.ask(now=MONDAY)

    run_delivery("notifications.send_digest", digests.send_digest)

    assert mail_server.mails.empty()


def fail(number, error="550 no such user"):
    make_submission(email=f"p{number}@example.com")
    Delivery.objects.filter(task="notifications.send_reply", status="pending").update(
        status="failed", settled_at=timezone.now(), last_error=error
    )


def test_a_storm_of_failures_is_one_note(mail_server, django_user_model):
    colleague(django_user_model, "eve")
    for number in range(3):
        fail(number)

    asked = [failures.ask(now=timezone.now() + timedelta(minutes=minutes)) for minutes in (0, 1)]
    run_delivery("notifications.send_failure_note", failures.send_failure_note)

    note = mail_server.next()
    assert asked == [True, False]
    assert "3 × notifications.send_reply: 550 no such user" in note.get_content()
    assert mail_server.mails.empty()


def test_a_note_of_failures_that_fails_causes_no_other():
    fail(1)
    failures.ask(now=timezone.now())
    Delivery.objects.filter(task=failures.NOTE).update(
        status="failed", settled_at=timezone.now() + timedelta(minutes=1)
    )

    assert not failures.ask(now=timezone.now() + timedelta(hours=1))


def test_what_was_tried_again_and_went_is_not_told(mail_server, django_user_model):
    colleague(django_user_model, "eve")
    fail(1)
    failures.ask(now=timezone.now())
    Delivery.objects.filter(task="notifications.send_reply").update(status="succeeded")

    run_delivery("notifications.send_failure_note", failures.send_failure_note)

    assert mail_server.mails.empty()


def test_a_dead_mail_server_shows_on_every_page_of_the_desk(client, django_user_model, settings):
    client.force_login(colleague(django_user_model, "eve"))
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    make_submission()
    before = client.get("/admin/").content.decode()

    run_delivery("notifications.send_reply", replies.send_reply)

    assert "No mail goes out" not in before
    assert "No mail goes out since" in client.get("/admin/").content.decode()
    assert "1 waits" in client.get("/admin/intake/lead/").content.decode()


def test_a_colleague_sets_the_own_switch_and_nobody_elses(client, django_user_model):
    other = colleague(django_user_model, "eve", "each")
    bob = django_user_model.objects.create_user("bob", "bob@example.com", "x", is_staff=True)
    bob.user_permissions.add(Permission.objects.get(codename="view_lead"))
    client.force_login(bob)

    client.post("/admin/notifications/notepreference/add/", {"user": bob.pk, "mode": "digest"})
    client.post("/admin/notifications/notepreference/add/", {"user": other.pk, "mode": "none"})
    client.post(
        f"/admin/notifications/notepreference/{other.note_preference.pk}/change/", {"user": other.pk, "mode": "none"}
    )

    assert dict(NotePreference.objects.values_list("user__username", "mode")) == {"eve": "each", "bob": "digest"}
