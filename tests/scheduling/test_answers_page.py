"""The pages to correct what was sent: the form at /r/TOKEN/answers/, and the small questions on the verdict page."""

import re
from datetime import datetime
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from assessments.evidence import Evidence, Reading
from assessments.judge import judge
from assessments.models import Assessment
from intake.models import Submission
from notifications.models import Mail
from notifications.notes import send_staff_note
from notifications.replies import send_reply
from outbox.models import Event
from scheduling import calls
from tests import factories
from tests.intake.payloads import PAYLOADS

ANSWERED = {"core_systems_work": "yes", "siloed_ai_tools": "yes", "asks_how_to_use_ai": "yes"}


@pytest.fixture
def submission(monday: datetime) -> Submission:
    factories.make_advisor()
    return factories.make_submission(company_size="11-50", message="First line\r\nand <second>")


def page(submission: Submission, rest: str = "") -> str:
    return f"/r/{submission.token}/{rest}"


def checked(html: str) -> dict[str, str]:
    """Statement → the choice that is ticked."""
    return {
        name: value
        for name, value, rest in re.findall(r'name="answers\.(\w+)" value="(\w*)"([^>]*)>', html)
        if " checked" in rest
    }


def chosen(html: str) -> list[str]:
    return re.findall(r'<option value="([^"]+)" selected>', html)


def form_of(client: Client, submission: Submission, **over: Any) -> dict[str, Any]:
    """What a browser posts when the form was only looked at."""
    html = client.get(page(submission, "answers/")).content.decode()
    answers = {f"answers.{key}": value for key, value in checked(html).items()}
    message = submission.message.replace("\n", "\r\n")
    return {**answers, "message": message, "asked_for": "cto", "company_size": "11-50", **over}


def post(client: Client, submission: Submission, fields: dict[str, Any]) -> HttpResponse:
    return client.post(page(submission, "answers/"), fields)


def is_private(response: HttpResponse) -> bool:
    names = ("Cache-Control", "Referrer-Policy", "X-Robots-Tag")
    return [response.headers[name] for name in names] == ["no-store", "no-referrer", "noindex"]


def test_form_shows_what_was_sent(client: Client, submission: Submission) -> None:
    response = client.get(page(submission, "answers/"))

    html = response.content.decode()
    assert response.status_code == 200
    assert is_private(response)
    assert {key: answer for key, answer in checked(html).items() if answer} == ANSWERED
    assert len(checked(html)) == 16
    assert chosen(html) == ["cto", "11-50"]
    assert "First line\nand &lt;second&gt;</textarea>" in html


def test_form_that_was_only_looked_at_changes_nothing(client: Client, submission: Submission) -> None:
    response = post(client, submission, form_of(client, submission))

    assert (response.status_code, response.headers["Location"]) == (303, page(submission))
    assert is_private(response)
    assert Assessment.objects.count() == 1
    assert "lead.reassessed" not in factories.published()


def test_form_corrects_everything_and_leads_back_to_the_verdict(client: Client, submission: Submission) -> None:
    changed = {f"answers.{key}": "yes" for key in factories.CTO_ANSWERS} | {f"answers.{key}": "" for key in ANSWERED}

    response = post(
        client, submission, form_of(client, submission, **changed, message="", asked_for="", company_size="")
    )

    stored = Submission.objects.select_related("assessment").get()
    assert response.status_code == 303
    assert stored.assessment.answers == factories.CTO_ANSWERS
    assert (stored.message, stored.asked_for, stored.company_size) == ("", "", "")
    assert "A fractional CTO fits your situation" in client.get(page(submission)).content.decode()
    assert factories.published()["lead.reassessed"] == 1


WRONG = [
    ({"company_size": "12"}, "company_size", "Use one of: 1-10"),
    ({"asked_for": "cfo"}, "asked_for", "Use one of: cto"),
    ({"message": "x" * 5001}, "message", "no more than 5000"),
    ({"answers.siloed_ai_tools": "maybe"}, "answers", "Answer yes, no or unsure."),
    ({"answers.no_such": "yes"}, "answers", "There is no such statement."),
]


@pytest.mark.parametrize(("wrong", "field", "text"), WRONG, ids=[next(iter(row[0])) for row in WRONG])
def test_error_stands_beside_its_field_and_everything_is_kept(
    client: Client, submission: Submission, wrong: dict[str, str], field: str, text: str
) -> None:
    sent = {"answers.needs_ai_governance": "no", "answers.siloed_ai_tools": "", "message": "Kept", **wrong}

    response = post(client, submission, form_of(client, submission, **sent))

    html = response.content.decode()
    assert response.status_code == 400
    assert is_private(response)
    assert re.search(rf'id="{field}-error">[^<]*{re.escape(text)}', html)
    assert checked(html)["needs_ai_governance"] == "no"
    assert "Kept" in html or field == "message"
    assert Assessment.objects.count() == 1


def test_nothing_left_to_judge_is_said_over_the_statements(client: Client, submission: Submission) -> None:
    nothing = {f"answers.{key}": "" for key in ANSWERED} | {"message": " "}

    response = post(client, submission, form_of(client, submission, **nothing))

    assert response.status_code == 400
    assert 'id="answers-error">Answer at least one statement, or write a message.' in response.content.decode()
    assert Submission.objects.get().message == submission.message


def test_foreign_token_opens_no_form(client: Client, submission: Submission) -> None:
    for call in (client.get, client.post):
        assert call(f"/r/{submission.id.hex}.x/answers/").status_code == 404


def test_other_methods_are_refused(client: Client, submission: Submission) -> None:
    assert client.put(page(submission, "answers/")).status_code == 405


@pytest.mark.parametrize("payload", [*PAYLOADS, "\x00", "</textarea><script>x</script>"])
def test_no_payload_lives_in_the_form(client: Client, submission: Submission, payload: str) -> None:
    """Whole or refused, it comes back as text; what is typed into the name of a field comes back nowhere."""
    response = post(client, submission, {"message": f"</textarea>{payload}", f"answers.{payload}": payload,
                                         "asked_for": payload, "company_size": payload})  # fmt: skip

    html = response.content.decode()
    assert response.status_code == 400
    assert html.count("<script") == html.count("onerror=x ") == 0
    assert html.count("</textarea>") == 1
    assert not re.search(r"<(img|svg|iframe|a [^>]*javascript)", html)


# --- the verdict page -----------------------------------------------------------------------------------


def make_unclear(**over: Any) -> Submission:
    return factories.make_submission(answers={"core_systems_work": "yes"}, **over)


def test_two_answers_settle_an_unclear_case(client: Client, monday: datetime) -> None:
    submission = make_unclear()
    first, second = submission.assessment.decision["tie_breaks"]

    shown = client.get(page(submission)).content.decode()
    response = client.post(page(submission, "answers/"), {f"answers.{first}": "no", f"answers.{second}": "yes"})

    assert "Two answers would settle it" in shown
    assert {f'name="answers.{key}" value="{value}"' in shown for key in (first, second)
            for value in ("yes", "no", "unsure")} == {True}  # fmt: skip
    assert f'action="{page(submission, "answers/")}"' in shown
    assert response.status_code == 303
    assert Submission.objects.get().assessment.answers == {"core_systems_work": "yes", first: "no", second: "yes"}
    assert "A fractional AI officer fits your situation" in client.get(page(submission)).content.decode()


def test_clear_case_asks_nothing_more(client: Client, submission: Submission) -> None:
    html = client.get(page(submission)).content.decode()

    assert "would settle it" not in html
    assert f'href="{page(submission, "answers/")}"' in html


def test_questions_without_an_answer_change_nothing_and_say_so(client: Client, monday: datetime) -> None:
    submission = make_unclear()

    response = client.post(page(submission, "answers/"), {})

    html = response.content.decode()
    assert (response.status_code, Assessment.objects.count(), is_private(response)) == (400, 1, True)
    assert re.search(r'role="alert"[^>]*>Choose an answer first\.', html)
    assert html.index("would settle it") < html.index("Choose an answer first.")


def test_empty_form_where_nothing_is_asked_leads_back(client: Client, submission: Submission) -> None:
    response = client.post(page(submission, "answers/"), {})

    assert (response.status_code, response.headers["Location"]) == (303, page(submission))


FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=x"
UNREADABLE = [
    (b"message=caf%E9", FORM, 400, "not UTF-8"),
    (b"message=caf\xe9", FORM, 400, "not UTF-8"),
    (b"message=%ED%A0%80", FORM, 400, "not UTF-8"),
    (b"answers.%E9=yes&message=a", FORM, 400, "not UTF-8"),
    (b'--x\r\nContent-Disposition: form-data; name="message"\r\n\r\ncaf\xe9\r\n--x--\r\n', MULTIPART, 400, "not UTF-8"),
    (b'{"message": "a"}', "application/json", 415, "must be a form"),
    (b"message=a", "text/plain", 415, "must be a form"),
    (b"message=a", f"{FORM}; charset=latin-1", 415, "must be utf-8"),
]


@pytest.mark.parametrize(("body", "kind", "status", "said"), UNREADABLE)
def test_body_that_is_no_readable_form_is_refused(
    client: Client, submission: Submission, body: bytes, kind: str, status: int, said: str
) -> None:
    response = client.generic("POST", page(submission, "answers/"), body, content_type=kind)

    assert response.status_code == status
    assert said in response.content.decode()
    assert is_private(response)
    assert (Submission.objects.get().message, Assessment.objects.count()) == (submission.message, 1)


def test_form_in_parts_is_read(client: Client, submission: Submission) -> None:
    body = '--x\r\nContent-Disposition: form-data; name="message"\r\n\r\ncafé\r\n--x--\r\n'.encode()

    response = client.generic("POST", page(submission, "answers/"), body, content_type=MULTIPART)

    assert (response.status_code, Submission.objects.get().message) == (303, "café")


def test_page_that_asks_something_does_not_renew_itself_under_the_answers(client: Client, monday: datetime) -> None:
    asks = client.get(page(make_unclear())).content.decode()
    clear = client.get(page(factories.make_submission(email="grace@example.com"))).content.decode()

    assert ('http-equiv="refresh"' in asks, "renews itself" in asks) == (False, False)
    assert "Look again</a>" in asks
    assert ('http-equiv="refresh"' in clear, "renews itself" in clear) == (True, True)


def test_page_that_was_posted_to_renews_as_the_page_itself(client: Client, submission: Submission) -> None:
    html = client.post(page(submission, "book/"), {"start": "x"}).content.decode()

    assert f'http-equiv="refresh" content="3; url={page(submission)}"' in html


def test_page_renews_itself_until_the_house_has_looked_at_the_new_verdict(
    client: Client, submission: Submission
) -> None:
    factories.run_delivery("scheduling.book_call", calls.book_call)
    settled = client.get(page(submission)).content.decode()
    submission.assignment.decided_at = submission.assignment.decided_at.replace(year=2025)
    submission.assignment.save()

    changing = client.get(page(submission)).content.decode()

    assert ('http-equiv="refresh"' in settled, 'http-equiv="refresh"' in changing) == (False, True)


# --- what the message said ------------------------------------------------------------------------------


def reading(**over: Any) -> Reading:
    """As a reader might find it, with an attack for a quote."""
    quote = 'Our teams <script>alert(1)</script> buy "tools" of their own.'
    fields = {
        "reader": "test",
        "gaps": {"cto": 0.05, "ai": 0.9, "both": 0.04, "unclear": 0.01},
        "asked_for": "cto",
        "evidence": (Evidence("siloed_ai_tools", "supports", 0.9, quote),),
    }
    return Reading(**{**fields, **over})


def make_read(answers: dict[str, str], **over: Any) -> Submission:
    """A stored submission whose message was read that way."""
    submission = factories.make_submission(message="Read by hand", asked_for="")
    found = reading(**over)
    decision = judge(answers, reading=found).as_dict()
    Assessment.objects.update(answers=answers, evidence=found.as_dict(), decision=decision)
    return Submission.objects.select_related("assessment").get(pk=submission.pk)


def test_quote_stands_as_their_own_words_and_nothing_in_it_lives(client: Client, monday: datetime) -> None:
    html = client.get(page(make_read({"asks_how_to_use_ai": "yes"}))).content.decode()

    (quote,) = re.findall(r"<blockquote[^>]*>(.*?)</blockquote>", html, re.DOTALL)
    assert "In your words:" in quote
    assert "Our teams &lt;script&gt;alert(1)&lt;/script&gt; buy &quot;tools&quot; of their own." in quote
    assert "<script" not in html
    assert "Taken as a whole, what you wrote is about using AI well." in html


def test_role_that_the_message_names_is_the_one_that_was_asked_for(client: Client, monday: datetime) -> None:
    submission = make_read({"asks_how_to_use_ai": "yes"})

    html = client.get(page(submission)).content.decode()

    assert (submission.asked_for, submission.assessment.decision["asked_for"]) == ("", "cto")
    assert "You asked for a fractional CTO." in html


@pytest.mark.parametrize("answers", [factories.AI_ANSWERS, {"asks_how_to_use_ai": "yes"}], ids=["clear", "unclear"])
def test_who_writes_is_told_to_staff_and_to_nobody_else(client: Client, house, answers: dict[str, str]) -> None:
    submission = make_read(answers, intent="job_seeker", intent_strength=0.9)
    factories.run_delivery("scheduling.book_call", calls.book_call)
    for task, service in (("send_reply", send_reply), ("send_staff_note", send_staff_note)):
        factories.run_delivery(f"notifications.{task}", service)

    shown = [client.get(page(submission)), client.get(page(submission, "answers/")),
             client.get(f"/api/v1/submissions/{submission.token}/")]  # fmt: skip
    mails = {mail.kind: mail.text + mail.html + mail.subject for mail in Mail.objects.all()}
    told = [response.content.decode() for response in shown] + [mails["reply"]]
    assert [
        word for word in ("job_seeker", "job seeker", "intent", "best_guess") for text in told if word in text
    ] == []
    assert "Writes as: job seeker, so no time is held" in mails["staff"]
    assert Event.objects.filter(type__startswith="booking").count() == 0
