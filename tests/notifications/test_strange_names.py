"""What strangers type where a name or an address belongs, as it arrives at a real mail server."""

import pytest

from notifications import notes, replies
from notifications.models import Mail
from tests.factories import enquiry_fields, make_submission, run_delivery
from tests.intake.door import post

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("house")]
NAMES = {
    "line breaks": "Ada\r\nBcc: victim@example.com",
    "reversed": "Ada \u202eecalevoL\u202c",
    "markup": '<script>alert(1)</script><img src=x onerror="x">',
    "placeholder": "{{ firm }}{{7*7}}",
    "formula": '=HYPERLINK("https://evil.example","Click")',
    "an address": '"Maya Okafor" <maya@truegap.example>',
    "advertising": "Win 1000 dollars at https://evil.example",
    "marks": "A" + "\u0301" * 190,
}


@pytest.fixture
def received(mail_server):
    def send(**fields):
        make_submission(**fields)
        run_delivery("notifications.send_reply", replies.send_reply)
        return mail_server.next()

    return send


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_reply_goes_to_one_address_and_greets_only_a_name(mail_server, received, name):
    mail = received(name=name)

    assert mail["To"] == "ada@example.com"
    assert mail["Bcc"] is None
    assert mail["Cc"] is None
    assert len(mail.get_all("Reply-To")) == 1
    for part in ("plain", "html"):
        words = mail.get_body((part,)).get_content()
        assert "evil.example" not in words
        assert "victim@" not in words
        assert "<script" not in words
        assert "{{" not in words
        assert "\u202e" not in words
        assert "Hello," in words or "Hello Ada" in words
    assert mail_server.mails.empty()


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_note_to_staff_is_plain_text_with_one_recipient(mail_server, django_user_model, name):
    django_user_model.objects.create_superuser("sally", "sally@example.com", "x")
    make_submission(name=name)

    run_delivery("notifications.send_staff_note", notes.send_staff_note)

    note = mail_server.next()
    assert (note["To"], note["Bcc"]) == ("sally@example.com", None)
    assert note.get_content_type() == "text/plain"
    assert mail_server.mails.empty()


@pytest.mark.parametrize(
    "email",
    [
        "a@example.com,b@example.com",
        "a@example.com;b@example.com",
        "a@example.com b@example.com",
        "a@example.com\r\nBcc: b@example.com",
        "Ada <a@example.com>",
        "a@example.com\x00",
    ],
)
def test_two_addresses_or_a_header_in_one_field_are_refused(client, email):
    answer = post(client, enquiry_fields(email=email))

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["pointer"] == "/email"
    assert Mail.objects.count() == 0


def test_ten_thousand_marks_are_no_name(client):
    answer = post(client, enquiry_fields(name="A" + "\u0301" * 10_000))

    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "/name")
