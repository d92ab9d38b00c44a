"""Staff edit the questionnaire: open, check, publish, each by its button, and only who may."""

import re
from dataclasses import replace

import pytest
from django.test import Client
from django.urls import reverse

from assessments import drafts, services
from assessments.models import QuestionnaireVersion
from assessments.rulesets import Signal
from intake.models import Lead
from tests.intake.drafting import (
    MOVES,
    PAGES,
    draft,
    log,
    questionnaire,
    rows,
    save,
    shipped,
    url,
)
from tests.intake.lives import page_url
from tests.staff import staff

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("house")]


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


# --- who may ----------------------------------------------------------------------------------------


def test_staff_who_may_look_sees_versions_and_no_button(admin_client):
    draft()
    client = staff("assessments.view_questionnaire")

    page = client.get(page_url(questionnaire()))

    assert page.status_code == 200
    assert url("version", 1) in page.content.decode()
    assert url("draft") not in page.content.decode()
    assert "formaction" not in page.content.decode()
    assert client.get(url("version", 2)).status_code == 200


@pytest.mark.parametrize("permissions", [(), ("assessments.view_questionnaire",)])
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
