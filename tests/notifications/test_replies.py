"""What the reply and the mails about a booking say, from the state at the moment of sending."""

import re
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django.utils import timezone

from notifications import booking_mails, notes, replies, reply_words
from notifications.models import Mail
from outbox.models import Delivery
from scheduling import calls, services
from scheduling.models import Advisor, Booking
from tests.factories import BOTH_ANSWERS, CTO_ANSWERS, deliveries, make_submission, run_delivery

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("house")]


ENQUIRIES = {
    "fractional_ai_officer": {},
    "fractional_cto": {"answers": CTO_ANSWERS, "asked_for": "ai"},
    "one_leader_for_both": {"answers": BOTH_ANSWERS, "company_size": "11-50"},
    "cto_and_ai_officer": {"answers": BOTH_ANSWERS, "company_size": "1000+"},
    "discovery": {"answers": {}, "message": "Can you help us?"},
}


def book(submission):
    run_delivery("scheduling.book_call", calls.book_call, event__data__submission__id=str(submission.id))
    return Booking.objects.filter(submission=submission).first()


def reply():
    run_delivery("notifications.send_reply", replies.send_reply)
    return Mail.objects.get(kind="reply")


def test_reply_carries_the_held_time_in_both_zones_and_the_way_to_keep_it(mail_server):
    submission = make_submission(timezone="America/New_York")
    booking = book(submission)

    mail = reply()

    received = mail_server.next()
    body = received.get_body(("plain",)).get_content()
    assert booking.status == "tentative"
    assert "America/New_York" in body
    assert "Europe/Stockholm" in body
    assert submission.page_url in body
    assert f"{booking.starts_at.astimezone(ZoneInfo('America/New_York')):%H:%M} to" in body
    assert f"{booking.starts_at.astimezone(ZoneInfo('Europe/Stockholm')):%H:%M} to" in body
    assert received["Reply-To"] == "jonas@truegap.example"
    assert mail.subject == "Your result: the gap is AI, not technology"


@pytest.mark.parametrize("engagement", ENQUIRIES)
def test_every_engagement_has_its_own_reply(mail_server, engagement):
    submission = make_submission(**ENQUIRIES[engagement])
    book(submission)

    mail = reply()

    assert submission.assessment.decision["engagement"] == engagement
    assert mail.subject == reply_words.BY_ENGAGEMENT[engagement].subject
    assert "{{" not in mail.text + mail.html
    assert "None" not in mail.text


def test_reply_says_nothing_that_a_stranger_typed(mail_server):
    typed = "Buy cheap pills at pills.example"
    make_submission(name=typed, company=typed, role=typed, message=typed, website="pills.example")

    mail = reply()

    assert "pills" not in mail.subject + mail.text + mail.html


def test_reply_says_kindly_that_they_asked_for_the_other_role(mail_server):
    make_submission(asked_for="cto")

    assert "You asked for a fractional CTO" in reply().text


def test_reply_with_a_held_time_has_two_others_a_tap_away(client, mail_server):
    submission = make_submission(timezone="America/New_York")
    booking = book(submission)

    mail = reply()

    assert "One tap keeps it. Ignore it and it goes by itself" in mail.text
    others = re.findall(r"^  (\S+\?start=\S+)$", mail.text, re.MULTILINE)
    assert len(others) == 2
    for address in others:
        assert address.startswith(submission.page_url)
        page = client.get(address.removeprefix(settings.PUBLIC_BASE_URL).partition("#")[0]).content.decode()
        assert page.count(" checked") == 1
        assert "not free any more" not in page
    assert Booking.objects.get().starts_at == booking.starts_at


@pytest.mark.parametrize("engagement", reply_words.BY_ENGAGEMENT)
def test_every_reply_is_short_and_says_what_it_must(mail_server, engagement):
    submission = make_submission(**ENQUIRIES[engagement], timezone="America/New_York")
    book(submission)

    mail = reply()

    words = mail.text.partition("\n-- \n")[0].split()
    has_two_cost_rows = engagement not in {"fractional_cto", "fractional_ai_officer"}
    assert len([word for word in words if "://" not in word]) <= (330 if has_two_cost_rows else 300)
    assert "Industry ranges" in mail.text
    assert "60–70%" in mail.text
    assert "full-time" in mail.text
    assert "consultant" in mail.text
    assert "premium" in mail.text or engagement != "one_leader_for_both"
    assert mail.reply_to in set(Advisor.objects.values_list("email", flat=True))
    assert "12 Harbour Street" in mail.text
    assert "<img" not in mail.html


def test_reply_names_three_times_where_nothing_is_held(mail_server):
    book(make_submission(hold=False))

    text = reply().text

    assert "Jonas Lindqvist, Fractional AI officer is free at these times (" in text
    assert text.count("/?start=") == 3
    assert Booking.objects.count() == 0


def test_reply_says_so_when_nobody_is_free(mail_server):
    Advisor.objects.update(active=False)
    book(make_submission())

    assert "booked out" in reply().text


def test_reply_before_the_booking_is_decided_promises_nothing_and_denies_nothing(mail_server):
    make_submission()

    text = reply().text

    assert "We are looking for a time" in text
    assert "booked out" not in text


def test_confirmed_booking_is_told_to_both_sides(mail_server):
    submission = make_submission()
    book(submission)
    services.confirm(submission, now=timezone.now())

    run_delivery("notifications.send_booking_mail", booking_mails.send_booking_mail)

    told = {mail_server.next()["To"] for _ in range(2)}
    assert told == {"ada@example.com", "jonas@truegap.example"}
    assert mail_server.mails.empty()


def test_booking_that_has_changed_since_is_told_to_nobody(mail_server):
    submission = make_submission()
    book(submission)
    services.confirm(submission, now=timezone.now())
    services.cancel(submission, now=timezone.now())

    run_delivery("notifications.send_booking_mail", booking_mails.send_booking_mail, event__type="booking.confirmed")

    assert mail_server.mails.empty()
    assert (
        Delivery.objects.get(task="notifications.send_booking_mail", event__type="booking.confirmed").status
        == "succeeded"
    )


def test_hold_that_is_let_go_is_told_to_nobody(mail_server):
    submission = make_submission()
    book(submission)
    services.cancel(submission, now=timezone.now())

    run_delivery("notifications.send_booking_mail", booking_mails.send_booking_mail)

    assert mail_server.mails.empty()


def test_staff_with_the_right_to_see_leads_get_a_note(mail_server, django_user_model):
    django_user_model.objects.create_superuser("sally", "sally@example.com", "x")
    django_user_model.objects.create_user("bob", "bob@example.com", "x", is_staff=True)
    make_submission(message="We have <b>many</b> tools")

    run_delivery("notifications.send_staff_note", notes.send_staff_note)

    note = mail_server.next()
    assert note["To"] == "sally@example.com"
    assert "We have <b>many</b> tools" in note.get_content()
    assert note.get_content_type() == "text/plain"
    assert mail_server.mails.empty()


def test_firm_gets_the_note_where_no_staff_has_an_address(mail_server):
    make_submission()

    run_delivery("notifications.send_staff_note", notes.send_staff_note)

    assert mail_server.next()["To"] == "hello@truegap.example"


def test_test_submission_books_nothing_and_mails_sales_nothing(mail_server):
    submission = make_submission(test=True)

    booking = book(submission)
    run_delivery("notifications.send_staff_note", notes.send_staff_note)

    assert booking is None
    assert mail_server.mails.empty()


def test_reply_waits_for_the_booking_but_not_for_long():
    now = timezone.now()
    make_submission(now=now)
    (row,) = deliveries("notifications.send_reply")

    assert row.due_at == now + timedelta(seconds=20)
