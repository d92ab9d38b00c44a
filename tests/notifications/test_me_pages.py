"""/me/TOKEN/: only through the own mailbox, everything to read, and a press that erases it."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from intake.models import Lead
from notifications import mailbox_links
from outbox.models import Delivery
from tests.factories import make_submission, run_delivery

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("house")]


def ask(client, submission):
    return client.post(f"/api/v1/submissions/{submission.token}/mailbox-link/")


def mailed(mail_server):
    run_delivery(mailbox_links.TASK, mailbox_links.send_mailbox_link)
    body = mail_server.next().get_body(("plain",)).get_content()
    return re.search(r"/me/\S+/", body)[0]


def test_the_link_comes_by_mail_once_a_day_and_the_answer_is_always_the_same(client, mail_server):
    submission = make_submission()

    answers = [ask(client, submission) for _ in range(3)]
    address = mailed(mail_server)

    assert {answer.status_code for answer in answers} == {202}
    assert {answer.content for answer in answers} == {b'{"status":"accepted"}'}
    assert mail_server.mails.empty()
    assert client.get(address).status_code == 200


def test_the_page_shows_everything_and_is_nobody_elses(client, mail_server):
    submission = make_submission(message="Our tools do not connect.")
    ask(client, submission)

    page = client.get(mailed(mail_server))
    body = page.content.decode()

    for shown in ("ada@example.com", "Engines Ltd", "Our tools do not connect.", "What we hold about you"):
        assert shown in body
    assert page["Cache-Control"] == "no-store"
    assert page["Referrer-Policy"] == "no-referrer"
    assert page["X-Robots-Tag"] == "noindex"


def test_download_is_json(client, mail_server):
    ask(client, make_submission())

    answer = client.get(mailed(mail_server) + "download/")

    assert answer["Content-Disposition"].startswith("attachment")
    assert answer.json()["person"]["email"] == "ada@example.com"


def test_erasing_needs_the_tick_and_then_the_link_is_dead(client, mail_server):
    ask(client, make_submission())
    address = mailed(mail_server)

    client.post(address, {"wish": "erase"})
    assert Lead.objects.count() == 1
    page = client.post(address, {"wish": "erase", "sure": "yes"})

    assert "Everything is erased" in page.content.decode()
    assert Lead.objects.count() == 0
    assert client.get(address).status_code == 404


def test_a_look_changes_nothing(client, mail_server):
    ask(client, make_submission())
    address = mailed(mail_server)

    for query in ("", "?wish=erase&sure=yes", "?wish=unsubscribe"):
        client.get(address + query)
        client.head(address + query)

    assert Lead.objects.count() == 1


def test_unsubscribe_and_undo(client, mail_server):
    ask(client, make_submission())
    address = mailed(mail_server)

    assert "You get no more follow-ups" in client.post(address, {"wish": "unsubscribe"}).content.decode()
    assert "We may write to you again" in client.post(address, {"wish": "again"}).content.decode()


def test_old_foreign_and_mistyped_links_look_the_same(client, mail_server, time_machine):
    time_machine.move_to(timezone.now())
    ask(client, make_submission())
    address = mailed(mail_server)
    mistyped = client.get(address[:-3] + "xx/")

    time_machine.shift(timedelta(hours=25))
    old = client.get(address)

    assert (old.status_code, mistyped.status_code) == (404, 404)
    assert old.content == mistyped.content


def test_the_visitors_page_asks_for_it_without_a_script(client, mail_server):
    submission = make_submission()

    page = client.post(f"/r/{submission.token}/my-data/")

    assert "on its way to the mail address" in page.content.decode()
    assert client.get(mailed(mail_server)).status_code == 200


def test_a_stranger_with_a_known_address_finds_nothing_of_that_person(client, mail_server):
    known = make_submission(
        name="Zephyrine", company="Aviaries", message="Our penguins ledger fails.", phone="555 0199"
    )
    strangers = make_submission(name="Mallory", company="Mal", message="", answers={"asks_what_technology": "yes"})
    assert strangers.lead == known.lead
    token = strangers.token
    calls = [
        client.get(f"/api/v1/submissions/{token}/"),
        client.patch(f"/api/v1/submissions/{token}/", {"asked_for": "ai"}, content_type="application/json"),
        client.get(f"/api/v1/submissions/{token}/slots/"),
        client.post(f"/api/v1/submissions/{token}/booking/", {"start": "x"}, content_type="application/json"),
        client.post(f"/api/v1/submissions/{token}/booking/confirm/"),
        client.get(f"/api/v1/submissions/{token}/booking/calendar.ics"),
        client.delete(f"/api/v1/submissions/{token}/booking/"),
        ask(client, strangers),
        client.get(f"/r/{token}/"),
        client.get(f"/r/{token}/answers/"),
        client.post(f"/r/{token}/my-data/"),
        client.post(f"/r/{token}/cancel/"),
        client.get(f"/me/{token}/"),
        client.get(f"/u/{token}/"),
    ]

    told = b"".join(call.content + repr(call.headers).encode() for call in calls)
    for canary in (b"Zephyrine", b"Aviaries", b"penguins", b"555 0199", str(known.id).encode()):
        assert canary not in told
    assert Delivery.objects.filter(task=mailbox_links.TASK).count() == 2
