"""The desk where the words of replies are written: draft, preview, trial, publish, and who may."""

import pytest
from django.contrib.auth.models import Permission

from notifications import reply_words, trials, wording
from notifications.models import Mail, Template
from tests.factories import make_submission, run_delivery

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("house")]
WORDS = {
    "subject": "A word from {{ firm }}",
    "body": "{{ greeting }}\r\n\r\n{{ time }}\r\n\r\n{{ button }}",
    "enquiry": "",
}


@pytest.fixture
def template():
    return Template.objects.get(engagement="fractional_ai_officer")


@pytest.fixture
def writer(client, django_user_model):
    user = django_user_model.objects.create_superuser("wanda", "wanda@example.com", "x")
    client.force_login(user)
    return user


def url(template, page="draft/"):
    return f"/admin/notifications/template/{template.pk}/{page}"


def seen(template):
    return wording.mark(template, wording.draft_of(template))


def save(client, template, **over):
    return client.post(url(template), {**WORDS, "seen": seen(template), **over})


def test_the_list_and_the_page_say_what_is_sent(client, writer, template):
    page = client.get("/admin/notifications/template/").content.decode()

    assert page.count("as the program brings them") == 5
    assert reply_words.BY_ENGAGEMENT["discovery"].subject in page
    assert "None yet" in client.get(url(template, "change/")).content.decode()


def test_words_go_from_draft_to_sent(client, writer, template):
    assert client.get(url(template)).status_code == 200
    assert save(client, template).status_code == 302
    client.post(url(template, "draft/publish/"), {"seen": seen(template)})

    assert wording.words_for("fractional_ai_officer").subject == "A word from {{ firm }}"
    assert wording.newest_of(template).saved_by == writer
    assert "\r" not in wording.newest_of(template).body


def test_wrong_words_are_saved_shown_with_their_line_and_not_published(client, writer, template):
    save(client, template, body="Hello\n\n{{ nonsense }}")
    page = client.get(url(template)).content.decode()
    client.post(url(template, "draft/publish/"), {"seen": seen(template)})

    assert "Line 3: There is no placeholder “nonsense”" in page
    assert wording.newest_of(template) is None


def test_preview_shows_a_real_enquiry_in_a_frame_that_runs_nothing(client, writer, template):
    submission = make_submission(name="Grace Hopper")

    page = client.post(url(template, "draft/preview/"), {**WORDS, "enquiry": str(submission.pk)})
    body = page.content.decode()

    assert "A word from Truegap Consulting" in body
    assert "Hello Grace Hopper," in body
    assert body.count("<iframe sandbox srcdoc=") == 2
    assert page["X-Frame-Options"] == "SAMEORIGIN"
    assert Mail.objects.count() == 0
    assert wording.draft_of(template) is None


def test_preview_names_what_is_wrong_instead_of_half_a_mail(client, writer, template):
    body = client.post(url(template, "draft/preview/"), {**WORDS, "body": "{{ nonsense }}"}).content.decode()

    assert "Line 1: There is no placeholder “nonsense”" in body
    assert "<iframe" not in body


def test_a_trial_goes_to_who_wrote_it_and_to_nobody_else(client, writer, template, mail_server):
    submission = make_submission(name="Grace Hopper")

    save(client, template, enquiry=str(submission.pk), _try="1")
    run_delivery("notifications.send_trial", trials.send_trial)

    mail = mail_server.next()
    assert (mail["To"], mail["Subject"]) == ("wanda@example.com", "[Test] A word from Truegap Consulting")
    assert "Hello Grace Hopper," in mail.get_body(("plain",)).get_content()
    assert mail_server.mails.empty()
    assert list(Mail.objects.values_list("kind", "lead")) == [("staff", None)]


def test_a_trial_of_wrong_words_is_not_sent(client, writer, template):
    answer = client.post(url(template), {**WORDS, "body": "{{ x }}", "seen": seen(template), "_try": "1"}, follow=True)

    assert "Saved, and not sent: Line 1" in answer.content.decode()


def test_old_words_come_back_as_a_draft(client, writer, template):
    save(client, template)
    client.post(url(template, "draft/publish/"), {"seen": seen(template)})
    save(client, template, subject="Second")
    client.post(url(template, "draft/publish/"), {"seen": seen(template)})

    client.post(url(template, "versions/1/"), {"seen": seen(template)})

    assert wording.draft_of(template).subject == WORDS["subject"]
    assert wording.words_for("fractional_ai_officer").subject == "Second"


@pytest.mark.parametrize("page", ["draft/", "draft/preview/", "draft/publish/", "draft/discard/", "versions/1/"])
def test_who_may_only_look_changes_nothing(client, django_user_model, template, page):
    user = django_user_model.objects.create_user("bob", "bob@example.com", "x", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_template"))
    client.force_login(user)

    assert client.post(url(template, page), WORDS).status_code == 403
    assert template.versions.count() == 0


def test_two_who_write_at_once_lose_nothing(client, writer, template):
    opened = seen(template)
    save(client, template, subject="First")

    answer = client.post(url(template), {**WORDS, "subject": "Second", "seen": opened})

    assert answer.status_code == 400
    assert "Second" in answer.content.decode()
    assert wording.draft_of(template).subject == "First"
