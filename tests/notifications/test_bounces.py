"""Refusals of a mail server: which say that an address is dead, and what then becomes of every mail to it."""

import smtplib
from datetime import timedelta

import pytest
from django.utils import timezone

from notifications import bounces, suppressions
from notifications.mails import Letter, send
from notifications.models import Mail, Suppression
from notifications.suppressions import Reason, Scope
from outbox.retry import DeliveryError
from tests.factories import make_event, make_submission


def refused(code, text):
    return smtplib.SMTPRecipientsRefused({"ada@example.com": (code, text)})


@pytest.mark.parametrize(
    ("error", "dead"),
    [
        (refused(550, b"5.1.1 <ada@example.com>: user unknown"), "550 5.1.1"),
        (refused(550, b"No such user here"), "550"),
        (refused(553, b"5.1.3 bad address"), "553 5.1.3"),
        (refused(550, b"5.2.1 mailbox disabled"), "550 5.2.1"),
        (refused(551, b"5.1.6 user has moved"), "551 5.1.6"),
        (refused(552, b"5.2.2 mailbox full"), ""),
        (refused(550, b"5.2.2 mailbox full"), ""),
        (refused(554, b"5.7.1 <ada@example.com>: Relay access denied"), ""),
        (refused(550, b"5.7.1 your network is blocked"), ""),
        (refused(550, b"relay not permitted"), ""),
        (refused(550, b"Blocked by our spam policy"), ""),
        (refused(450, b"4.2.0 greylisted"), ""),
        (refused(530, b"5.7.0 authentication required"), ""),
        (smtplib.SMTPDataError(550, b"5.1.1 after the data"), ""),
        (smtplib.SMTPSenderRefused(550, b"5.1.8 bad sender", "us@example.com"), ""),
        (OSError("gone"), ""),
    ],
)
def test_only_a_refusal_of_the_recipient_for_its_own_sake_says_that_an_address_is_dead(error, dead):
    assert bounces.dead_address(error) == dead


def letter(lead, kind=Mail.Kind.BOOKING, to=""):
    return Letter(kind=kind, to=to or lead.email, subject="Hello", text="Hi", lead=lead)


def deliver(one):
    return send(one, delivery=make_event("booking.expired").deliveries.get(), now=timezone.now())


@pytest.mark.django_db
@pytest.mark.parametrize("kind", [Mail.Kind.REPLY, Mail.Kind.BOOKING])
def test_dead_address_gets_no_mail_of_any_kind_any_more(mail_server, house, kind):
    lead = make_submission().lead
    mail_server.answers[lead.email] = "550 5.1.1 <ada@example.com> no such user"
    with pytest.raises(DeliveryError):
        deliver(letter(lead, kind))
    mail_server.answers.clear()

    later = [deliver(letter(lead, one)) for one in (Mail.Kind.REPLY, Mail.Kind.BOOKING)]

    row = Suppression.objects.get()
    assert (row.reason, row.scope, row.note) == ("bounced", "all", "The mail server answered 550 5.1.1.")
    assert {(mail.status, mail.reason) for mail in later} == {("withheld", "The address bounced.")}
    assert mail_server.mails.empty()


@pytest.mark.django_db
def test_refusal_of_our_own_server_suppresses_nobody(mail_server, house):
    lead = make_submission().lead
    mail_server.answers[lead.email] = "554 5.7.1 Relay access denied"
    with pytest.raises(DeliveryError):
        deliver(letter(lead))
    mail_server.answers.clear()

    assert (Suppression.objects.count(), deliver(letter(lead)).status) == (0, "sent")


@pytest.mark.django_db
def test_colleague_whose_address_is_refused_is_not_suppressed(mail_server, house):
    lead = make_submission().lead
    mail_server.answers["maya@truegap.example"] = "550 5.1.1 no such user"

    with pytest.raises(DeliveryError):
        deliver(letter(lead, to="maya@truegap.example"))

    assert Suppression.objects.count() == 0


@pytest.mark.django_db
def test_suppressed_prospect_silences_no_colleague(mail_server, house):
    lead = make_submission().lead
    suppressions.add(lead.email, Reason.COMPLAINED, Scope.ALL, now=timezone.now())

    statuses = [deliver(letter(lead)).status, deliver(letter(lead, to="maya@truegap.example")).status]

    assert statuses == ["withheld", "sent"]
    assert mail_server.next()["To"] == "maya@truegap.example"


@pytest.mark.django_db
@pytest.mark.parametrize("reason", [Reason.UNSUBSCRIBED, Reason.MANUAL])
def test_whoever_wants_no_follow_ups_still_gets_what_they_asked_for(mail_server, house, reason):
    lead = make_submission().lead
    suppressions.add(lead.email, reason, Scope.SEQUENCES, now=timezone.now())

    assert [deliver(letter(lead, kind)).status for kind in (Mail.Kind.REPLY, Mail.Kind.BOOKING)] == ["sent", "sent"]


@pytest.mark.django_db
def test_suppression_between_two_tries_of_one_mail_wins(mail_server, house):
    lead = make_submission().lead
    delivery = make_event("booking.expired").deliveries.get()
    mail_server.data_answer = "451 later"
    now = timezone.now()
    with pytest.raises(DeliveryError):
        send(letter(lead), delivery=delivery, now=now)
    mail_server.data_answer = "250 OK"
    suppressions.add(lead.email, Reason.BOUNCED, Scope.ALL, now=now)

    mail = send(letter(lead), delivery=delivery, now=now + timedelta(minutes=1))

    assert (mail.status, mail_server.mails.empty()) == ("withheld", True)
