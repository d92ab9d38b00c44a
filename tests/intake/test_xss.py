"""Forty payloads in every field that a stranger can type, looked at on every page and mail that shows them.

A page that shows an attack must have the very elements and attributes of the same page made from harmless
words: nothing more, nothing that is carried out, and no attribute that differs but those of plain text.
"""

import itertools
import json
import re
import sys
from html.parser import HTMLParser
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from assessments.evidence import Evidence, Reading
from assessments.judge import judge
from assessments.models import Assessment
from intake.models import Lead, Submission
from intake.names import plain
from intake.serializers import INVISIBLE
from notifications.booking_mails import send_booking_mail
from notifications.notes import send_staff_note
from notifications.replies import send_reply
from outbox.models import Event
from scheduling import calls
from scheduling import services as scheduling
from scheduling.models import Advisor
from tests.factories import enquiry_fields, make_advisor, run_delivery
from tests.intake.door import BROWSER, post
from tests.intake.lives import list_url, page_url, registered
from tests.intake.payloads import PAYLOADS

pytestmark = pytest.mark.django_db

TOGETHER = 5
ATTACKS = [" ".join(PAYLOADS[start : start + TOGETHER]) for start in range(0, len(PAYLOADS), TOGETHER)]
# No name to greet by either, so that both mails begin alike.
HARMLESS = "Harmless 123"
ATTRIBUTION = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content", "referrer", "landing_page")

# Shown to people and never carried out; every other attribute must be as in the harmless page.
PLAIN_TEXT = {"value", "title", "alt", "aria-label", "placeholder", "content"}
CHANGING = re.compile(r"[0-9a-f]{32}\.[\w-]+|[0-9a-f]{8}-[0-9a-f-]{27}|[A-Za-z0-9]{64}|\d+")


class Page(HTMLParser):
    """What a browser would build: `shape` for comparing, `text` for what is to be read."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.shape: list[Any] = []
        self.text = ""
        self._raw = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.shape.append((tag, [self._attribute(name, value or "") for name, value in attrs]))
        self._raw = tag if tag in {"script", "style"} else ""

    def _attribute(self, name: str, value: str) -> Any:
        if name == "srcdoc":
            inner = Page(value)
            self.text += inner.text
            return name, inner.shape
        if name in PLAIN_TEXT:
            self.text += f"\n{value}\n"
            return name
        return name, CHANGING.sub("#", value)

    def handle_endtag(self, tag: str) -> None:
        self.shape.append(f"/{tag}")
        self._raw = ""

    def handle_data(self, data: str) -> None:
        if self._raw:
            self.shape.append(CHANGING.sub("#", data))
        else:
            self.text += data

    def handle_comment(self, data: str) -> None:
        self.shape.append(("comment", CHANGING.sub("#", data)))

    def handle_decl(self, decl: str) -> None:
        self.shape.append(("declaration", decl))

    unknown_decl = handle_pi = handle_decl


@pytest.fixture
def bare(monkeypatch):
    """As on a server: the highlighter that Unfold would use for JSON comes with pytest alone."""
    monkeypatch.setitem(sys.modules, "pygments", None)


def strange_fields(text: str, number: int) -> dict[str, Any]:
    """An enquiry with `text` wherever a stranger may type."""
    return enquiry_fields(
        email=f"ada{number}@example.com",
        **dict.fromkeys(("name", "company", "role", "message"), text),
        phone=text[:40],
        website=f"https://engines.example/{text}",
        language=text,
        consent={"follow_up": True, "text": text},
        attribution=dict.fromkeys(ATTRIBUTION, text),
        unknown=text,
        **{text: text},
    )


def make_lives(client: Client, texts: list[str]) -> list[Lead]:
    """One lead for each text, each with a confirmed conversation and every mail."""
    for _ in texts:
        make_advisor(ai_depth=3, cto_depth=0)
    for number, text in enumerate(texts):
        agent = text.encode("ascii", "ignore").decode()
        assert post(client, strange_fields(text, number), user_agent=agent, referer=agent).status_code == 201
        submission = Submission.objects.get(lead__email=f"ada{number}@example.com")
        quote(submission.assessment, kept(text))
        run_delivery("scheduling.book_call", calls.book_call)
        scheduling.confirm(submission, now=timezone.now())
    for task, service in (
        ("notifications.send_reply", send_reply),
        ("notifications.send_staff_note", send_staff_note),
        ("notifications.send_booking_mail", send_booking_mail),
    ):
        assert {row.status for row in run_delivery(task, service)} == {"succeeded"}
    return list(Lead.objects.order_by("email"))


def quote(assessment: Assessment, text: str) -> None:
    """Judges as if the reader had quoted the text: what it really finds differs from payload to payload."""
    found = Evidence("needs_ai_training_or_roi", "supports", 0.9, text)
    reading = Reading("by hand", {"cto": 0.0, "ai": 1.0, "both": 0.0, "unclear": 0.0}, evidence=(found,))
    assessment.decision = judge(assessment.answers, reading=reading).as_dict()
    assessment.evidence = reading.as_dict()  # else a payload could be taken for spam, and nothing held for it
    assessment.save()


def pages_of_lists(staff: Client) -> dict[str, Page]:
    urls = {model._meta.label: list_url(model) for model in registered()} | {"index": reverse("admin:index")}
    return {name: Page(staff.get(url).content.decode()) for name, url in urls.items()}


def move_url(lead: Lead) -> str:
    return reverse("admin:intake_lead_move", args=[lead.pk, "proposal"])


def pages_of(lead: Lead, staff: Client, visitor: Client) -> dict[str, Page]:
    """Every page that shows something of one lead, and every mail about it."""
    submission = lead.submissions.get()
    mails = {f"{mail.kind} to {'them' if mail.to == lead.email else 'us'}": mail for mail in lead.mails.all()}
    assert len(mails) == 4
    rows = {
        "submission": submission,
        "event": Event.objects.get(subject=lead.id, type="lead.created"),
        **{f"page of {name}": mail for name, mail in mails.items() if name.endswith("us")},
    }
    answers = {name: staff.get(page_url(row)) for name, row in rows.items()}
    answers["visitor"] = visitor.get(submission.page_url)
    answers["lead, with a message"] = staff.post(move_url(lead), follow=True)
    assert {answer.status_code for answer in answers.values()} == {200}
    pages = {name: answer.content.decode() for name, answer in answers.items()}
    return {name: Page(html) for name, html in (pages | {n: mail.html for n, mail in mails.items()}).items()}


def differences(attacked: dict[str, Page], harmless: dict[str, Page]) -> dict[str, Any]:
    """Page → the first thing on it that is not as on the harmless one."""
    assert attacked.keys() == harmless.keys()
    return {
        name: next(
            (pair for pair in zip(page.shape, harmless[name].shape, strict=False) if pair[0] != pair[1]), "length"
        )
        for name, page in attacked.items()
        if page.shape != harmless[name].shape
    }


def kept(text: str) -> str:
    """As it is stored."""
    return " ".join(INVISIBLE.sub("", text).split())


def test_there_are_forty_payloads_and_all_fit():
    assert len(set(PAYLOADS)) == 40
    assert max(map(len, ATTACKS)) <= 200


def test_no_payload_lives_on_any_page_of_the_desk_the_visitor_or_a_mail(house, bare, client, admin_client, settings):
    settings.SUBMISSION_RATE = settings.PUBLIC_RATE = settings.MAIL_DOMAIN_RATE = None
    Advisor.objects.update(active=False)
    with transaction.atomic():
        first, *others = make_lives(client, [HARMLESS] * len(ATTACKS))
        harmless = pages_of(first, admin_client, client)
        for lead in others:
            admin_client.post(move_url(lead), follow=True)
        harmless_lists = pages_of_lists(admin_client)
        transaction.set_rollback(True)

    pages = [pages_of(lead, admin_client, client) for lead in make_lives(client, ATTACKS)]
    lists = pages_of_lists(admin_client)

    assert differences(lists, harmless_lists) == {}
    assert [differences(of_one, harmless) for of_one in pages] == [{}] * len(ATTACKS)
    for text, of_one in zip(ATTACKS, pages, strict=True):
        shown = kept(text)
        assert of_one["lead, with a message"].text.count(shown) >= 6  # name twice, company, role, website, message
        assert kept(text[:40]) in of_one["lead, with a message"].text
        assert of_one["submission"].text.count(shown) >= 2  # message, consent
        assert json.dumps(text, ensure_ascii=False)[1:-1] in of_one["submission"].text  # attribution
        assert json.dumps(shown, ensure_ascii=False)[1:-1] in of_one["event"].text
        assert of_one["page of staff to us"].text.count(shown) >= 3  # name, company, message
        assert of_one["page of booking to us"].text.count(plain(shown)) >= 2  # name, company
        assert of_one["visitor"].text.count(shown) == 1  # the quote, to whom it belongs
        assert not any(
            typed in of_one[name].text
            for typed in (shown, plain(shown))
            for name in ("reply to them", "booking to them")
        )
        assert shown in lists["intake.Lead"].text
        assert shown in lists["index"].text


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_payload_lives_in_a_form_that_comes_back(house, client, attack):
    def come_back(text: str) -> Page:
        fields = strange_fields(text, 0) | dict.fromkeys(("email", "timezone", "company_size", "asked_for"), text)
        response = post(client, fields | {"answers": {text: text}}, "form", **BROWSER)
        assert response.status_code == 400
        return Page(response.content.decode())

    attacked, harmless = come_back(attack), come_back(HARMLESS)

    assert differences({"form": attacked}, {"form": harmless}) == {}
    assert attacked.text.count(attack) >= 4  # name, email, company, role


def test_no_payload_lives_in_the_short_fields_of_a_lead(house, bare, client, admin_client, settings):
    settings.SUBMISSION_RATE = None
    signs = itertools.cycle([*"!#$%&'*+/=?^_`{|}~-", "{{7*7}}", "'onload=x'", "`x`"])
    addresses = [f"{number}{sign}a@example.com" for number, sign in zip(range(len(PAYLOADS)), signs, strict=False)]
    post(client, enquiry_fields(email="ada@example.com", phone="12"))
    for address, payload in zip(addresses, PAYLOADS, strict=True):
        post(client, enquiry_fields(email=address, phone=payload[:40]))

    harmless, *attacked = [
        Page(admin_client.get(page_url(lead)).content.decode()) for lead in Lead.objects.order_by("created_at")
    ]

    for address, payload, page in zip(addresses, PAYLOADS, attacked, strict=True):
        assert differences({payload: page}, {payload: harmless}) == {}
        assert kept(payload[:40]) in page.text
        assert address in page.text
