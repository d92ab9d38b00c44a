"""The words of replies: drafts that nobody gets, versions that stay, and what is sent when something is wrong."""

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from notifications import reply_words, wording
from notifications.models import Template, TemplateVersion
from notifications.reply_words import ReplyWords
from notifications.wording import StaleDraft, UnableToPublish

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("house")]
GOOD = ReplyWords("For you from {{ firm }}", "{{ greeting }}\n\nWhat we go by:\n{{ reasons }}\n\n{{ button }}")
BAD = ReplyWords("Dear {{ password }}", "Hello\n\nPress {{ button }} now\n\n{{ greeting }")


@pytest.fixture
def template():
    return Template.objects.get(engagement="fractional_cto")


def save(template, words):
    seen = wording.mark(template, wording.draft_of(template))
    return wording.save_draft(template, words, seen=seen, by=None, now=timezone.now())


def publish(template, words=GOOD):
    draft = save(template, words)
    return wording.publish_draft(template, seen=wording.mark(template, draft), now=timezone.now())


def test_until_staff_publish_the_programs_own_words_are_sent(template):
    save(template, GOOD)

    assert wording.words_for("fractional_cto") == reply_words.BY_ENGAGEMENT["fractional_cto"]


def test_published_words_are_sent_and_the_earlier_ones_stay(template):
    publish(template)
    publish(template, ReplyWords("Second", "{{ greeting }}"))

    assert wording.words_for("fractional_cto") == ReplyWords("Second", "{{ greeting }}")
    kept = template.versions.order_by("number").values_list("number", "subject")
    assert list(kept) == [(1, GOOD.subject), (2, "Second")]


def test_wrong_words_are_kept_as_a_draft_with_the_line_and_never_sent(template):
    draft = save(template, BAD)

    with pytest.raises(UnableToPublish) as refused:
        wording.publish_draft(template, seen=wording.mark(template, draft), now=timezone.now())

    assert [problem.split(".")[0] for problem in refused.value.problems] == [
        "Subject: There is no placeholder “password”",
        "Line 3: “button” must stand alone on the last line of its paragraph",
        "Line 5: A placeholder is not closed: each has two braces on both sides",
    ]
    assert template.versions.get().body == BAD.body
    assert wording.words_for("fractional_cto") == reply_words.BY_ENGAGEMENT["fractional_cto"]


def test_words_that_cannot_be_filled_any_more_are_passed_over(template):
    publish(template)
    publish(template, ReplyWords("Newer", "{{ greeting }}"))
    TemplateVersion.objects.filter(number=2).update(body="{{ a_placeholder_that_went }}")

    assert wording.words_for("fractional_cto").subject == GOOD.subject


def test_who_saves_over_a_draft_that_has_changed_is_told(template):
    seen = wording.mark(template, None)
    save(template, GOOD)

    with pytest.raises(StaleDraft):
        wording.save_draft(template, BAD, seen=seen, by=None, now=timezone.now())

    assert template.versions.get().body == GOOD.body


def test_a_discarded_draft_leaves_what_is_sent(template):
    publish(template)
    draft = save(template, BAD)

    wording.discard_draft(template, seen=wording.mark(template, draft))

    assert wording.draft_of(template) is None
    assert wording.words_for("fractional_cto").subject == GOOD.subject


def test_there_is_one_draft_says_the_database(template):
    save(template, GOOD)

    with pytest.raises(IntegrityError), transaction.atomic():
        TemplateVersion.objects.create(template=template, number=9, subject="x", body="x", saved_at=timezone.now())


@pytest.mark.parametrize("engagement", reply_words.BY_ENGAGEMENT)
def test_the_programs_own_words_have_no_problems(engagement):
    words = reply_words.BY_ENGAGEMENT[engagement]

    assert wording.problems(words.subject, words.body) == []


def test_empty_words_are_named():
    assert wording.problems(" ", "") == ["The subject is empty.", "The body is empty."]
