"""Mail servers in trouble: one that hangs after the mail, one that is busy for an hour, one that refuses some."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from notifications import replies
from notifications.models import Mail
from outbox.models import Delivery
from tests.factories import deliveries, make_submission, run_delivery
from tests.notifications.clock import at

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("house")]
TASK = "notifications.send_reply"
MONDAY = datetime(2026, 11, 30, 10, tzinfo=UTC)


def send():
    run_delivery(TASK, replies.send_reply)


def test_a_server_that_takes_the_mail_and_hangs_gets_the_same_mail_again(mail_server, settings):
    settings.EMAIL_TIMEOUT = 0.2
    make_submission()
    hanging = asyncio.Event()

    async def hang(*_):
        await hanging.wait()
        return "250 late"

    taken, mail_server.handle_DATA = mail_server.handle_DATA, hang
    send()
    (row,) = deliveries(TASK)
    first = Mail.objects.get()
    mail_server.handle_DATA = taken
    send()

    assert (row.status, row.attempt_count) == ("pending", 1)
    assert "did not take the mail" in row.last_error
    assert mail_server.next()["Message-ID"] == first.message_id
    assert Mail.objects.get().status == "sent"


def test_a_server_that_is_busy_for_an_hour_gets_it_in_the_end(mail_server):
    mail_server.data_answer = "451 4.7.1 try again later"
    with at(MONDAY):
        make_submission(now=MONDAY)
        send()
    for _ in range(5):
        row = Delivery.objects.get(task=TASK)
        moment = row.due_at + timedelta(seconds=1)
        if moment > MONDAY + timedelta(hours=1):
            mail_server.data_answer = "250 OK"
        with at(moment):
            send()

    row = Delivery.objects.get(task=TASK)
    assert (row.status, row.attempt_count) == ("succeeded", 6)
    assert mail_server.next()["To"] == "ada@example.com"
    assert mail_server.mails.empty()


def test_one_refused_address_in_ten_is_the_only_one_that_fails(mail_server):
    mail_server.answers["person3@example.com"] = "550 5.1.1 no such user"
    for number in range(10):
        make_submission(email=f"person{number}@example.com")

    send()

    failed = Mail.objects.get(status="failed")
    assert failed.to == "person3@example.com"
    assert Mail.objects.filter(status="sent").count() == 9
    assert {row.status for row in deliveries(TASK)} == {"succeeded", "failed"}
    assert Delivery.objects.get(task=TASK, status="failed").attempt_count == 1
