"""The advisor's brief: once to each advisor of a conversation that stands, and on the lead's page."""

import pytest
from django.utils import timezone

from notifications import brief, brief_mails
from notifications.models import Mail
from scheduling import calls, services, staff
from scheduling.models import Booking
from tests.factories import BOTH_ANSWERS, make_advisor, make_submission, run_delivery

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("house")]
CONTRADICTORY = {
    "no_core_systems": "yes",
    "core_systems_work": "yes",
    "asks_how_to_use_ai": "yes",
    "siloed_ai_tools": "yes",
}


def confirm(submission):
    run_delivery("scheduling.book_call", calls.book_call, event__data__submission__id=str(submission.id))
    services.confirm(submission, now=timezone.now())
    return Booking.objects.get(submission=submission)


def send(**filters):
    return run_delivery(brief_mails.TASK, brief_mails.send_brief, **filters)


def test_the_advisor_reads_on_one_page_what_to_know(mail_server):
    submission = make_submission(message="We bought five tools.\nNobody owns them.", asked_for="cto", role="COO")
    confirm(submission)

    send()

    mail = mail_server.next()
    body = mail.get_body(("plain",)).get_content()
    assert mail["To"] == "jonas@truegap.example"
    assert mail["Reply-To"] == "ada@example.com"
    assert mail["Subject"].startswith("Brief: Ada Lovelace, Engines Ltd, ")
    assert "They ask for a fractional CTO; what they describe points to a fractional AI officer." in body
    assert "Which AI tools are paid for, by whom" in body
    assert "We bought five tools." in body
    assert submission.lead.desk_url in body
    assert submission.token not in body
    assert mail_server.mails.empty()


def test_both_advisors_of_a_joint_conversation_are_briefed_once(mail_server):
    submission = make_submission(answers=BOTH_ANSWERS, company_size="1000+")
    booking = confirm(submission)

    send()
    send()

    assert len(booking.colleagues) == 1
    assert {mail_server.next()["To"] for _ in range(2)} == {"maya@truegap.example", "jonas@truegap.example"}
    assert mail_server.mails.empty()


def test_who_takes_over_is_briefed_and_who_has_the_brief_gets_no_second(mail_server):
    booking = confirm(make_submission())
    send()
    mail_server.next()

    colleague = make_advisor(email="kim@truegap.example", ai_depth=3, timezone="Europe/Stockholm")
    staff.hand_over(booking, colleague, now=timezone.now())
    send(event__type="booking.rescheduled")

    assert mail_server.next()["To"] == "kim@truegap.example"
    assert mail_server.mails.empty()


def test_nobody_is_briefed_on_a_conversation_that_was_cancelled(mail_server):
    submission = make_submission()
    confirm(submission)
    services.cancel(submission, now=timezone.now())

    send(event__type="booking.confirmed")

    assert mail_server.mails.empty()
    assert Mail.objects.count() == 0


def test_a_contradiction_is_the_first_thing_to_ask():
    found = brief.of(make_submission(answers=CONTRADICTORY))

    assert found.questions[0] == "Which of the core systems can you rely on, and which not?"
    assert any("missing" in line for line in found.probe)
    assert len(found.questions) <= brief.QUESTIONS


def test_it_tells_of_what_was_between_us_before():
    first = make_submission()
    confirm(first)
    second = make_submission(answers={}, message="Me again.")

    past = brief.of(second).past

    assert any("another enquiry, judged AI officer" in line for line in past)
    assert any("a conversation with Jonas Lindqvist: confirmed" in line for line in past)


def test_the_leads_page_has_it_escaped(client, django_user_model):
    client.force_login(django_user_model.objects.create_superuser("sally", "sally@example.com", "x"))
    lead = make_submission(message="<script>alert(1)</script>").lead

    page = client.get(f"/admin/intake/lead/{lead.pk}/change/").content.decode()

    assert "Questions to open with" in page
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert(1)" not in page
