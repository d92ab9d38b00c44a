"""The draft as a form: a row for each statement, and errors beside their fields."""

import re
from dataclasses import replace
from typing import Any

import pytest
from django.utils import timezone

from assessments import drafts
from assessments.models import QuestionnaireVersion
from assessments.rulesets import Signal
from tests.intake.drafting import (
    MOVES,
    NAMES,
    PAGES,
    draft,
    errors,
    log,
    questionnaire,
    rows,
    save,
    saved,
    shipped,
    url,
)
from tests.intake.lives import page_url

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("house")]


def test_form_shows_every_field_of_every_statement(admin_client):
    draft()

    page = admin_client.get(url("draft")).content.decode()

    for number in range(16):
        for name in (*NAMES, "ORDER", "DELETE"):
            assert f'name="row-{number}-{name}"' in page
    assert page.count('value="siloed_ai_tools"') == 1


def test_form_that_is_sent_as_it_came_changes_nothing(admin_client):
    before = draft().statements

    response = save(admin_client, rows(shipped()))

    assert response.headers["Location"] == url("draft")
    assert draft().statements == before


def test_rows_are_added_removed_and_ordered(admin_client):
    ours = Signal("data_is_ready", "ai", 0.3, "Our data is in order.", "It is.", "It is not.", help="Think.")
    fields = rows([*shipped(), ours], **{"row-2-DELETE": "on", "row-16-ORDER": "1", "row-0-ORDER": "17"})

    save(admin_client, fields)

    keys = [signal.key for signal in shipped()]
    assert saved()[0] == ours
    assert [s.key for s in saved()] == [ours.key, keys[1], *keys[3:], keys[0]]


def test_lines_that_were_pasted_become_one(admin_client):
    save(admin_client, rows(shipped(), **{"row-0-text": "  Core\n\tsystems   are\r\nmissing. "}))

    assert saved()[0].text == "Core systems are missing."


def test_removed_row_is_not_looked_at(admin_client):
    save(admin_client, rows(shipped(), **{"row-0-key": "", "row-0-weight": "x", "row-0-DELETE": "on"}))

    assert len(saved()) == 15


def test_new_row_that_was_left_empty_is_passed_over(admin_client):
    fields = rows(shipped()) | {"row-TOTAL_FORMS": "17", "row-16-side": "cto", "row-16-weight": "0.35"}

    save(admin_client, fields)

    assert [signal.key for signal in saved()] == [signal.key for signal in shipped()]


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("key", "No Good", "Give a key of 3 to 50 small letters"),
        ("key", "", "Give a key"),
        ("key", "message", "means the message as a whole"),
        ("side", "hr", "Select a valid choice"),
        ("weight", "", "Give a weight between 0 and 1"),
        ("weight", "1.5", "Give a weight between 0 and 1"),
        ("weight", "NaN", "Enter a number"),
        ("weight", "much", "Enter a number"),
        ("weight", "1e400", "Enter a number"),
        ("wish", "on", "Take the tick away"),
        ("text", " ", "Write the statement"),
        ("text", "x" * 201, "Shorten it to 200 characters"),
        ("text", "a\x00b", "Null characters are not allowed."),
        ("help", "x" * 301, "Shorten it to 300 characters"),
        ("affirmed", "", "Write what a yes is told back as."),
        ("denied", "", "Write what a no is told back as."),
        ("ORDER", "first", "Enter a whole number."),
    ],
)
def test_error_stands_beside_its_field_and_what_was_typed_is_kept(admin_client, field, typed, said):
    before = draft().statements

    response = save(admin_client, rows(shipped(), **{f"row-3-{field}": typed}))

    found = errors(response)
    assert found.keys() == {f"row-3-{field}"}
    assert said in found[f"row-3-{field}"][0]
    assert draft().statements == before
    assert "Not saved yet: 1 thing to look at." in response.content.decode()


def test_key_and_wording_that_stand_there_twice_are_named(admin_client):
    first, second = shipped()[1:3]

    response = save(admin_client, rows(shipped(), **{"row-5-key": first.key, "row-6-text": second.text}))

    assert {field: text[0].split(".")[0] for field, text in errors(response).items()} == {
        "row-5-key": "This key is there twice",
        "row-6-text": f"It reads like “{second.key}”",
    }


def test_draft_without_any_statement_is_refused(admin_client):
    response = save(admin_client, rows(shipped(), **{f"row-{number}-DELETE": "on" for number in range(16)}))

    assert response.status_code == 400
    assert "Keep a statement." in response.content.decode()
    assert len(saved()) == 16


def test_more_rows_than_there_may_be_are_refused(admin_client):
    many = [replace(shipped()[0], key=f"key_{n}", text=f"Text {n}") for n in range(41)]

    response = save(admin_client, rows(many))

    assert response.status_code == 400
    assert "There may be 40 statements. Remove some." in response.content.decode()
    assert len(saved()) == 16


@pytest.mark.parametrize("total", ["", "x", "-1", "99999999", "9" * 5000, None])
def test_broken_form_is_no_crash(admin_client, total):
    fields = rows(shipped())
    fields.pop("row-TOTAL_FORMS")

    answers = [save(admin_client, fields | ({"row-TOTAL_FORMS": total} if total is not None else {}), **also)
               for also in ({}, {"_add": "1"})]  # fmt: skip

    assert [answer.status_code for answer in answers] == [400, 200]
    assert len(saved()) == 16


def test_row_can_be_added_without_a_script(admin_client):
    response = save(admin_client, rows(shipped(), **{"row-0-text": "Half written"}), _add="1")

    page = response.content.decode()
    assert (response.status_code, 'name="row-16-key"' in page, "Half written" in page) == (200, True, True)
    assert saved() == shipped()


# --- two people at one draft ----------------------------------------------------------------------------


def somebody_else_saves(text: str) -> None:
    theirs = [replace(shipped()[0], text=text), *shipped()[1:]]
    drafts.save_draft(questionnaire(), theirs, seen=drafts.fingerprint(draft()))


def seen_on(response: Any) -> str:
    """What the shown form will send along, as the one way to save and to discard."""
    (seen,) = set(re.findall(r'name="seen" value="(\w*)"', response.content.decode()))
    return seen


def test_draft_that_somebody_else_saved_is_not_replaced_unseen(admin_client):
    fields = rows([replace(shipped()[0], text="Mine."), *shipped()[1:]])
    somebody_else_saves("Theirs.")

    first = save(admin_client, fields)
    told, kept = first.content.decode(), saved()[0].text
    second = save(admin_client, fields, seen=seen_on(first))

    assert (first.status_code, second.status_code) == (400, 302)
    assert "The draft has changed since you opened it" in told
    assert "Mine." in told
    assert (kept, saved()[0].text) == ("Theirs.", "Mine.")


@pytest.mark.parametrize(("over", "shown"), [({"row-3-weight": "7"}, 400), ({"_add": "1"}, 200)])
def test_form_that_is_shown_again_has_not_seen_what_somebody_else_saved(admin_client, over, shown):
    fields = rows([replace(shipped()[0], text="Mine."), *shipped()[1:]])
    somebody_else_saves("Theirs.")

    again = save(admin_client, fields, **over)
    corrected = save(admin_client, fields, seen=seen_on(again))

    assert (again.status_code, corrected.status_code) == (shown, 400)
    assert "The draft has changed since you opened it" in corrected.content.decode()
    assert saved()[0].text == "Theirs."


def test_form_that_was_told_and_is_wrong_then_can_still_be_saved(admin_client):
    fields = rows([replace(shipped()[0], text="Mine."), *shipped()[1:]])
    somebody_else_saves("Theirs.")

    told = save(admin_client, fields)
    wrong = save(admin_client, fields, **{"seen": seen_on(told), "row-3-weight": "7"})
    saved_now = save(admin_client, fields, seen=seen_on(wrong))

    assert [response.status_code for response in (told, wrong, saved_now)] == [400, 400, 302]
    assert saved()[0].text == "Mine."


def test_draft_that_somebody_else_saved_is_not_discarded_unseen(admin_client):
    draft()
    seen = seen_on(admin_client.get(url("draft")))
    somebody_else_saves("Theirs.")

    stale = [admin_client.post(url("discard_draft"), fields, follow=True) for fields in ({"seen": seen}, {})]

    assert {response.redirect_chain[0] for response in stale} == {(url("draft"), 302)}
    assert all("Look at it again before you discard it." in response.content.decode() for response in stale)
    assert (saved()[0].text, log()) == ("Theirs.", [])


def test_discarded_draft_is_gone_and_what_is_published_stays(admin_client):
    draft()
    page = admin_client.get(url("draft"))

    response = admin_client.post(url("discard_draft"), {"seen": seen_on(page)}, follow=True)

    assert response.redirect_chain == [(page_url(questionnaire()), 302)]
    assert "The draft of version 2 is gone." in response.content.decode()
    assert list(QuestionnaireVersion.objects.values_list("number", flat=True)) == [1]
    assert log() == ["discarded the draft of version 2"]


def test_pages_without_a_draft_lead_back_and_say_why(admin_client):
    answers = [admin_client.get(url(page), follow=True) for page in PAGES]
    answers += [admin_client.post(url(page), {"seen": "x"}, follow=True) for page in ("draft", *MOVES[1:])]

    assert {answer.redirect_chain[0][0] for answer in answers} == {page_url(questionnaire())}
    assert all("There is no draft" in answer.content.decode() for answer in answers)
    assert (QuestionnaireVersion.objects.count(), log()) == (1, [])


def test_words_of_staff_are_text_and_no_markup(admin_client, client):
    attack = "\"><script>alert(1)</script>{{7*7}}'<img src=x onerror=alert(1)>"
    texts = {f"row-0-{name}": attack for name in ("text", "help", "affirmed", "denied")}
    save(admin_client, rows(shipped(), **texts))
    drafts.publish_draft(questionnaire(), seen=drafts.fingerprint(draft()), now=timezone.now())
    draft()

    pages = [admin_client.get(page) for page in (url("draft"), url("check_draft"), url("version", 2))]
    pages.append(client.get("/"))

    assert saved()[0].text == attack
    for page in pages:
        assert "<script>alert(1)" not in page.content.decode()
        assert "<img src=x" not in page.content.decode()
