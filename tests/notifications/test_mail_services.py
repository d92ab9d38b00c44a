"""Mail services that tell of bounces in words of their own: Postmark's, as it posts them."""

import base64

import pytest
from django.utils import timezone

from config import urls
from notifications import mail_services
from notifications.models import Mail, Response, Suppression
from tests.factories import make_submission

pytestmark = pytest.mark.django_db
WHO = "service:a-long-password"
TRACKING, INBOUND = "/anymail/postmark/tracking/", "/anymail/postmark/inbound/"
urlpatterns = []  # filled when a test says who may call


@pytest.fixture
def service(settings, house):
    settings.ANYMAIL = {"WEBHOOK_SECRET": WHO}
    urlpatterns[:] = [*urls.urlpatterns, *mail_services.urls()]
    settings.ROOT_URLCONF = __name__
    return make_submission().lead


def post(client, url, event, who=WHO):
    authorization = "Basic " + base64.b64encode(who.encode()).decode()
    return client.post(url, event, content_type="application/json", headers={"Authorization": authorization})


def bounce(lead, type_="HardBounce"):
    return {"RecordType": "Bounce", "Type": type_, "ID": 42, "Email": lead.email, "BouncedAt": "2026-11-23T10:00:00Z"}


def answer(lead, *, message_id, head=()):
    headers = [{"Name": "In-Reply-To", "Value": message_id}, *head]
    return {
        "From": f"Ada <{lead.email}>", "FromFull": {"Email": lead.email, "Name": "Ada"}, "To": "maya@example.com",
        "Subject": "Re: hello", "MessageID": "22c74902", "TextBody": "Yes, please.", "HtmlBody": "", "Headers": headers,
        "Attachments": [],
    }  # fmt: skip


def mail_to(lead):
    return Mail.objects.create(
        lead=lead, kind="sequence", to=lead.email, domain="example.com", message_id="<one@truegap.example>",
        status="sent", created_at=timezone.now(), sent_at=timezone.now(),
    )  # fmt: skip


def test_a_hard_bounce_and_a_complaint_end_every_mail(client, service):
    told = post(client, TRACKING, bounce(service))
    post(client, TRACKING, {"RecordType": "SpamComplaint", "Type": "SpamComplaint", "ID": 43, "Email": service.email})

    assert told.status_code == 200
    rows = Suppression.objects.order_by("pk").values_list("reason", "scope")
    assert list(rows) == [("bounced", "all"), ("complained", "all")]


@pytest.mark.parametrize("type_", ["SoftBounce", "Transient", "AutoResponder", "VirusNotification"])
def test_what_may_pass_ends_nothing(client, service, type_):
    told = post(client, TRACKING, bounce(service, type_))

    assert (told.status_code, Suppression.objects.count()) == (200, 0)


def test_an_answer_is_known_by_the_mail_that_it_answers_once(client, service):
    mail = mail_to(service)

    for _ in range(2):
        post(client, INBOUND, answer(service, message_id=mail.message_id))

    assert [row.lead for row in Response.objects.all()] == [service]


def test_a_machine_that_answers_is_no_answer(client, service):
    away = [{"Name": "Auto-Submitted", "Value": "auto-replied"}]

    told = post(client, INBOUND, answer(service, message_id=mail_to(service).message_id, head=away))

    assert (told.status_code, Response.objects.count()) == (200, 0)


def test_who_does_not_know_the_password_tells_nothing(client, service):
    told = post(client, TRACKING, bounce(service), who="service:guessed")

    assert (told.status_code, Suppression.objects.count()) == (400, 0)


def test_without_a_secret_there_is_no_such_address(settings):
    settings.ANYMAIL = {}

    assert mail_services.urls() == []
