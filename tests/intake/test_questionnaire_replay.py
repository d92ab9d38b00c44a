"""Who would move under a draft: past submissions judged again from what is stored."""

import re
from dataclasses import replace
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from assessments import replays, services
from assessments.models import Assessment
from assessments.rulesets import Signal
from intake import services as intake
from intake.models import Submission
from tests.factories import AI_ANSWERS, CTO_ANSWERS, make_submission
from tests.intake.drafting import (
    draft,
    rows,
    save,
    shipped,
    url,
)
from tests.intake.lives import page_url

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("house")]


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
