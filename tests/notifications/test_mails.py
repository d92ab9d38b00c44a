"""Mails over a real SMTP server: sent once, withheld by the caps, refused for good or for now."""

from datetime import timedelta

import pytest
from django.utils import timezone

from intake.rates import Rate
from notifications import mails
from notifications.mails import Letter
from notifications.models import Mail
from outbox.retry import DeliveryError
from tests.factories import make_event, make_submission

pytestmark = pytest.mark.django_db


def letter(**over):
    return Letter(**{"kind": Mail.Kind.REPLY, "to": "ada@example.com", "subject": "Hello", "text": "Hi", **over})


def delivery():
    return make_event("booking.expired").deliveries.get()


def send(one=None, *, row=None, now=None):
    return mails.send(one or letter(), delivery=row or delivery(), now=now or timezone.now())


def test_mail_goes_out_with_a_message_id_that_is_stored(mail_server, house):
    mail = send(letter(html="<p>Hi</p>", reply_to="jonas@example.com"))

    received = mail_server.next()
    assert received["Message-ID"] == mail.message_id
    assert (received["To"], received["Subject"], received["Reply-To"]) == (
        "ada@example.com", "Hello", "jonas@example.com",
    )  # fmt: skip
    assert received["Auto-Submitted"] == "auto-generated"
    assert [part.get_content_type() for part in received.iter_parts()] == ["text/plain", "text/html"]
    assert "12 Harbour Street" in received.get_body(("plain",)).get_content()
    assert "12 Harbour Street" in received.get_body(("html",)).get_content()
    assert (mail.status, mail.sent_at is not None) == ("sent", True)


def test_same_delivery_sends_once(mail_server):
    row = delivery()

    first, second = send(row=row), send(row=row)

    assert first == second
    mail_server.next()
    assert mail_server.mails.empty()


def test_try_after_a_failure_keeps_the_message_id(mail_server):
    row = delivery()
    mail_server.data_answer = "451 later"
    with pytest.raises(DeliveryError) as failure:
        send(row=row)
    before = Mail.objects.get()
    mail_server.data_answer = "250 OK"

    send(row=row)

    assert failure.value.permanent is False
    assert mail_server.next()["Message-ID"] == before.message_id
    assert Mail.objects.get().status == "sent"


@pytest.mark.parametrize(
    ("answer", "permanent"),
    [("550 no such user", True), ("553 not this one", True), ("450 busy", False), ("421 going down", False)],
)
def test_refused_address_is_permanent_only_when_the_server_says_so(mail_server, answer, permanent):
    mail_server.answers["ada@example.com"] = answer

    with pytest.raises(DeliveryError) as failure:
        send()

    assert failure.value.permanent is permanent
    assert answer[:3] in str(failure.value)
    assert mail_server.mails.empty()
    assert Mail.objects.get().sent_at is None


def test_dead_mail_server_is_temporary(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1

    with pytest.raises(DeliveryError) as failure:
        send()

    assert failure.value.permanent is False


def test_second_reply_within_a_day_is_withheld_and_says_why(mail_server):
    now = timezone.now()
    send(now=now - timedelta(hours=23))
    mail_server.next()

    second = send(letter(to="ADA@example.com"), now=now)

    assert (second.status, "24 hours" in second.reason) == ("withheld", True)
    assert mail_server.mails.empty()


def test_fourth_reply_within_a_month_is_withheld(mail_server):
    now = timezone.now()
    for days in (20, 10, 5):
        send(now=now - timedelta(days=days))
        mail_server.next()

    fourth = send(now=now)
    later = send(now=now + timedelta(days=11))

    assert (fourth.status, later.status) == ("withheld", "sent")


def test_caps_do_not_touch_mails_that_somebody_acted_for(mail_server):
    send()
    booking = send(letter(kind=Mail.Kind.BOOKING))

    assert booking.status == "sent"


def test_mails_are_files_where_no_server_is_named(settings, tmp_path):
    settings.EMAIL_BACKEND = "notifications.mail_files.FolderBackend"
    settings.MAIL_DIR = tmp_path / "mail"

    send()

    (written,) = settings.MAIL_DIR.iterdir()
    assert written.suffix == ".eml"
    assert b"To: ada@example.com" in written.read_bytes()


def test_mail_that_was_refused_for_good_does_not_count_against_the_cap(mail_server):
    mail_server.answers["ada@example.com"] = "550 no such user"
    with pytest.raises(DeliveryError):
        send()
    mail_server.answers.clear()

    again = send()

    assert again.status == "sent"
    assert list(Mail.objects.order_by("created_at").values_list("status", flat=True)) == ["failed", "sent"]


def test_one_refused_address_does_not_silence_the_others(mail_server):
    mail_server.answers["ada@example.com"] = "550 no such user"
    letters = [letter(kind=Mail.Kind.BOOKING), letter(kind=Mail.Kind.BOOKING, to="jonas@example.com")]

    with pytest.raises(DeliveryError) as failure:
        mails.send_all(letters, delivery=delivery(), now=timezone.now())

    assert mail_server.next()["To"] == "jonas@example.com"
    assert failure.value.permanent is True


def test_failure_that_may_pass_keeps_the_delivery_alive_though_another_one_is_permanent(mail_server):
    mail_server.answers.update({"ada@example.com": "550 no such user", "jonas@example.com": "450 busy"})
    letters = [letter(kind=Mail.Kind.BOOKING), letter(kind=Mail.Kind.BOOKING, to="jonas@example.com")]

    with pytest.raises(DeliveryError) as failure:
        mails.send_all(letters, delivery=delivery(), now=timezone.now())

    assert failure.value.permanent is False


def test_stranger_who_clicks_and_clicks_sends_six_mails_an_hour_at_most(mail_server, house):
    lead = make_submission().lead
    now = timezone.now()
    for _ in range(6):
        send(letter(kind=Mail.Kind.BOOKING, lead=lead), now=now)

    with pytest.raises(DeliveryError, match="6 mails an hour") as failure:
        send(letter(kind=Mail.Kind.BOOKING, lead=lead), now=now)
    later = send(letter(kind=Mail.Kind.BOOKING, lead=lead), now=now + timedelta(minutes=61))

    assert (failure.value.permanent, later.status) == (False, "sent")
    assert mail_server.mails.qsize() == 7


@pytest.mark.parametrize(("domain", "withheld"), [("engines.example", True), ("gmail.com", False)])
def test_domain_that_is_no_provider_gets_only_its_share(mail_server, house, settings, domain, withheld):
    settings.MAIL_DOMAIN_RATE = Rate(count=2, seconds=3600)
    people = [make_submission(email=f"{name}@{domain}").lead for name in ("ada", "grace", "mary")]
    for lead in people[:2]:
        send(letter(to=lead.email, lead=lead))

    outcome = "sent"
    try:
        send(letter(to=people[2].email, lead=people[2]))
    except DeliveryError as error:
        outcome = str(error)

    assert ("MAIL_DOMAIN_RATE" in outcome) is withheld


def test_address_that_cannot_be_written_on_an_envelope_fails_and_says_so(mail_server):
    with pytest.raises(DeliveryError) as failure:
        send(letter(to="jörg@example.com"))

    assert failure.value.permanent is True
    assert (Mail.objects.get().status, mail_server.mails.empty()) == ("failed", True)


def test_line_break_in_a_subject_becomes_no_header(mail_server):
    # The door folds names to one line; if anything else ever let one through, Django refuses the mail.
    with pytest.raises(Exception, match="newlines"):
        send(letter(subject="Hi\nBcc: eve@example.com"))

    assert mail_server.mails.empty()
