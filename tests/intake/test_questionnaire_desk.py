"""Staff edit the questionnaire: a form with a row for each statement, a check, a replay, and one way to publish."""

import re
from dataclasses import asdict, replace
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from assessments import drafts, replays, services
from assessments.models import Assessment, Questionnaire, QuestionnaireVersion
from assessments.rulesets import Signal
from intake import services as intake
from intake.models import Lead, Submission
from tests.factories import AI_ANSWERS, CTO_ANSWERS, make_submission
from tests.intake.lives import page_url

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("house")]

PAGES = ("draft", "check_draft")
MOVES = ("open_draft", "discard_draft", "publish_draft")
NAMES = ("key", "side", "weight", "quick", "wish", "text", "help", "affirmed", "denied")


def url(page: str, *args: Any) -> str:
    return reverse(f"admin:assessments_questionnaire_{page}", args=[questionnaire().pk, *args])


def questionnaire() -> Questionnaire:
    return Questionnaire.objects.get()


def draft() -> QuestionnaireVersion:
    """Opened if there is none."""
    return drafts.open_draft(questionnaire())[0]


def shipped() -> list[Signal]:
    version = QuestionnaireVersion.objects.get(number=1)
    return services.signals_of(version)


def rows(signals: list[Signal], **over: str) -> dict[str, str]:
    """The fields of the form as a browser sends them; `over` names one as `row-3-key` with underscores for dashes."""
    fields = {"row-TOTAL_FORMS": str(len(signals)), "row-INITIAL_FORMS": "16", "seen": drafts.fingerprint(draft())}
    for number, signal in enumerate(signals):
        for name, value in asdict(signal).items():
            if value is not False:
                fields[f"row-{number}-{name}"] = "on" if value is True else str(value)
        fields[f"row-{number}-ORDER"] = str(number + 1)
    return fields | over


def save(client: Client, fields: dict[str, str], **also: str) -> Any:
    return client.post(url("draft"), fields | also)


def saved() -> list[Signal]:
    return services.signals_of(draft())


def errors(response: Any) -> dict[str, list[str]]:
    """Field → what stands beside it."""
    assert response.status_code == 400
    return {
        f"{form.prefix}-{name}": list(map(str, messages))
        for form in response.context["formset"]
        for name, messages in form.errors.items()
    }


def log() -> list[str]:
    return list(LogEntry.objects.order_by("pk").values_list("change_message", flat=True))


def staff(*permissions: str) -> Client:
    user = User.objects.create_user("grace", "grace@example.com", "x", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client(raise_request_exception=False)
    client.force_login(user)
    return client


# --- the way from the published version to the next one -------------------------------------------------


def test_staff_edit_check_and_publish_by_the_buttons_of_each_page(admin_client):
    start = admin_client.get(page_url(questionnaire())).content.decode()
    opened = admin_client.post(url("open_draft"))
    form = admin_client.get(url("draft"))
    fields = rows([replace(shipped()[0], text="In other words."), *shipped()[1:]])
    kept = save(admin_client, fields, _check="1")
    check = admin_client.get(url("check_draft"))
    seen = re.search(r'name="seen" value="(\w+)"', check.content.decode())
    published = admin_client.post(url("publish_draft"), {"seen": seen[1]}, follow=True)

    assert f'formaction="{url("open_draft")}"' in start
    assert (opened.headers["Location"], form.status_code) == (url("draft"), 200)
    assert kept.headers["Location"] == url("check_draft")
    assert "“no_core_systems”: text reworded." in check.content.decode()
    assert "Publish version 2" in check.content.decode()
    assert "Version 2 is published and judges from now on." in published.content.decode()
    assert services.published().number == 2
    assert services.wording(services.published())["no_core_systems"] == "In other words."
    assert log() == ["opened version 2 as a draft", "edited the draft of version 2", "published version 2"]


def test_page_of_a_questionnaire_lists_its_versions(admin_client):
    draft()

    page = admin_client.get(page_url(questionnaire())).content.decode()

    cells = re.findall(r"<td[^>]*>(.*?)</td>", page, re.DOTALL)
    states = [re.sub(r"<[^>]+>", "", cell).strip() for cell in cells]
    assert [states[i : i + 3] for i in (0, 4)] == [["2", "Draft", "16"], ["1", "Shown now shipped", "16"]]
    assert url("draft") in page
    assert "Edit as a new draft" not in page


def test_every_version_can_be_read(admin_client):
    draft()

    pages = [admin_client.get(url("version", number)) for number in (1, 2)]
    missing = admin_client.get(url("version", 3))

    assert [page.status_code for page in (*pages, missing)] == [200, 200, 404]
    assert all(signal.denied in pages[0].content.decode() for signal in shipped())
    assert "A draft, not published yet." in pages[1].content.decode()


def test_title_is_edited_and_nothing_else(admin_client):
    admin_client.post(page_url(questionnaire()), {"title": "Who should lead?", "slug": "other"})

    assert (questionnaire().title, questionnaire().slug) == ("Who should lead?", "fractional-leadership")
    assert services.as_public(services.published())["title"] == "Who should lead?"


# --- the form -------------------------------------------------------------------------------------------


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


@pytest.mark.parametrize("total", ["", "x", "-1", "99999999", None])
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


def test_draft_that_somebody_else_saved_is_not_replaced_unseen(admin_client):
    fields = rows([replace(shipped()[0], text="Mine."), *shipped()[1:]])
    theirs = [replace(shipped()[0], text="Theirs."), *shipped()[1:]]
    drafts.save_draft(questionnaire(), theirs, seen=drafts.fingerprint(draft()))

    first = save(admin_client, fields)
    told, kept = first.content.decode(), saved()[0].text
    second = save(admin_client, fields, seen=re.search(r'name="seen" value="(\w+)"', told)[1])

    assert (first.status_code, second.status_code) == (400, 302)
    assert "The draft has changed since you opened it" in told
    assert "Mine." in told
    assert (kept, saved()[0].text) == ("Theirs.", "Mine.")


def test_discarded_draft_is_gone_and_what_is_published_stays(admin_client):
    draft()

    response = admin_client.post(url("discard_draft"), follow=True)

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


# --- check and publish ----------------------------------------------------------------------------------


def light(side: str = "ai") -> list[Signal]:
    return [replace(signal, weight=0.02) if signal.side == side else signal for signal in shipped()]


def test_check_names_the_problems_and_offers_no_button(admin_client):
    save(admin_client, rows(light()))

    page = admin_client.get(url("check_draft")).content.decode()
    refused = admin_client.post(url("publish_draft"), {"seen": drafts.fingerprint(draft())}, follow=True)

    assert "Yes to every AI statement and no to every CTO one gives “unclear”, not “ai”" in page
    assert url("publish_draft") not in page
    assert "Who would move" not in page
    assert refused.redirect_chain == [(url("check_draft"), 302)]
    assert "Not published: 1 in the way, see below." in refused.content.decode()
    assert services.published().number == 1
    assert log() == ["edited the draft of version 2"]


def test_draft_that_changed_after_the_check_is_not_published(admin_client):
    seen = drafts.fingerprint(draft())
    save(admin_client, rows([replace(shipped()[0], text="Later."), *shipped()[1:]]))

    response = admin_client.post(url("publish_draft"), {"seen": seen}, follow=True)

    assert "Look at it again before you publish it." in response.content.decode()
    assert services.published().number == 1


def test_second_click_publishes_nothing_and_breaks_nothing(admin_client):
    seen = {"seen": drafts.fingerprint(draft())}

    answers = [admin_client.post(url("publish_draft"), seen, follow=True) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert QuestionnaireVersion.objects.filter(published_at__isnull=False).count() == 2
    assert log() == ["published version 2"]


# --- the replay -----------------------------------------------------------------------------------------


def without_ai() -> list[Signal]:
    """A draft that takes the tools out and makes the question about AI weigh next to nothing."""
    kept = [signal for signal in shipped() if signal.key != "siloed_ai_tools"]
    return [replace(signal, weight=0.1) if signal.key == "asks_how_to_use_ai" else signal for signal in kept]


def replayed(**over: Any) -> replays.Replay:
    return replays.replay(draft(), past=intake.judged(), **over)


def test_replay_tells_who_would_move_from_what_to_what(admin_client):
    moved = make_submission(answers=AI_ANSWERS)
    stays = make_submission(email="grace@example.com", name="Grace Hopper", answers=CTO_ANSWERS)
    save(admin_client, rows(without_ai()))

    outcome = replayed()
    page = admin_client.get(url("check_draft")).content.decode()

    assert outcome.counts == {("ai", "unclear"): 1, ("cto", "cto"): 1}
    assert outcome.moved == [replays.Move(moved.assessment_id, "ai", "unclear")]
    assert outcome.ignored == {"siloed_ai_tools": 1}
    assert "1 of 2 past submissions would get another gap." in page
    assert f'href="{page_url(moved)}"' in page
    assert f'href="{page_url(stays)}"' not in page
    assert "<code>siloed_ai_tools</code> 1" in page
    assert re.findall(r'<td class="number (?:same|moved)">(\d+)</td>', page) == ["1", "0", "1", "0", "0"]


def test_replay_of_the_same_statements_moves_nobody(admin_client):
    make_submission(answers=AI_ANSWERS)
    draft()

    page = admin_client.get(url("check_draft")).content.decode()

    assert replayed().moved == []
    assert "0 of 1 past submission would get another gap." in page
    assert "No statement differs from what is published." in page


def test_replay_leaves_out_tests_and_what_was_quarantined_and_counts_each_submission_once():
    make_submission(test=True)
    make_submission(contact_fax_ext="x")
    submission = make_submission(email="grace@example.com")
    version = services.published()
    again = services.keep(
        services.assess(version, answers=CTO_ANSWERS), now=timezone.now(), previous=submission.assessment
    )
    Submission.objects.filter(pk=submission.pk).update(assessment=again)

    assert replayed().counts == {("cto", "cto"): 1}
    assert Assessment.objects.count() == 4


def test_replay_takes_the_newest_up_to_its_limit():
    make_submission(answers=AI_ANSWERS)
    make_submission(email="grace@example.com", answers=CTO_ANSWERS)

    assert replayed(limit=1).counts == {("cto", "cto"): 1}


def test_replay_uses_what_was_read_and_never_reads_the_message():
    """The stored reading alone makes the gap here: the message itself says nothing of the kind."""
    submission = make_submission(message="Zanzibar.", answers={"needs_ai_governance": "unsure"})
    reading = {"reader": "r", "gaps": {"cto": 0.02, "ai": 0.95, "both": 0.02, "unclear": 0.01}, "evidence": []}
    Assessment.objects.filter(pk=submission.assessment_id).update(evidence=reading)

    outcome = replayed()

    assert [move.after for move in outcome.moved] == ["ai"]


def test_check_asks_as_many_queries_for_many_submissions(admin_client):
    def asked() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert admin_client.get(url("check_draft")).status_code == 200
        return len(captured)

    make_submission(answers=AI_ANSWERS)
    save(admin_client, rows(without_ai()))
    asked()
    with_one = asked()
    for number in range(8):
        make_submission(email=f"a{number}@example.com", answers=AI_ANSWERS)

    assert asked() == with_one
    assert len(replayed().moved) == 9


# --- who may ----------------------------------------------------------------------------------------


def test_staff_who_may_look_sees_versions_and_no_button(admin_client):
    draft()
    client = staff("view_questionnaire")

    page = client.get(page_url(questionnaire()))

    assert page.status_code == 200
    assert url("version", 1) in page.content.decode()
    assert url("draft") not in page.content.decode()
    assert "formaction" not in page.content.decode()
    assert client.get(url("version", 2)).status_code == 200


@pytest.mark.parametrize("permissions", [(), ("view_questionnaire",)])
def test_staff_who_may_not_change_it_does_nothing(permissions):
    seen = {"seen": drafts.fingerprint(draft())}
    client = staff(*permissions)

    answers = [client.get(url(page)) for page in PAGES]
    answers += [client.post(url(page), rows(shipped()) | seen) for page in ("draft", *MOVES)]

    assert {answer.status_code for answer in answers} == {403}
    assert (services.published().number, draft().number, log()) == (1, 2, [])


def test_stranger_is_sent_to_the_login(client):
    draft()

    answers = [client.get(url(page)) for page in PAGES] + [client.post(url(page)) for page in ("draft", *MOVES)]

    assert {answer.headers["Location"].partition("?")[0] for answer in answers} == {reverse("admin:login")}
    assert (services.published().number, draft().number) == (1, 2)


def test_looking_at_the_address_of_a_move_moves_nothing(admin_client):
    draft()

    answers = [admin_client.get(url(page)) for page in MOVES]

    assert {answer.status_code for answer in answers} == {405}
    assert (services.published().number, QuestionnaireVersion.objects.count()) == (1, 2)


def test_publishing_without_the_token_of_the_form_is_refused(admin_user):
    client = Client(enforce_csrf_checks=True)
    client.force_login(admin_user)

    response = client.post(url("publish_draft"), {"seen": drafts.fingerprint(draft())})

    assert (response.status_code, services.published().number) == (403, 1)


@pytest.mark.parametrize("pk", [0, 10**30])
def test_questionnaire_that_is_not_there_is_no_crash(admin_client, pk):
    for page in (*PAGES, *MOVES):
        address = reverse(f"admin:assessments_questionnaire_{page}", args=[pk])
        assert {admin_client.post(address).status_code, admin_client.post(address).status_code} == {404}
    assert admin_client.get(reverse("admin:assessments_questionnaire_version", args=[pk, 1])).status_code == 404
    assert Lead.objects.count() == 0
