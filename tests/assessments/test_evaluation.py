"""The labelled sets, judged as anybody can: by `manage.py`, with neither database nor secret; floors are committed."""

import json
import subprocess
import sys
from collections import Counter

import pytest

from assessments import evaluation_sets, scoring
from assessments.evidence import GAPS, INTENTS
from assessments.rulesets import current
from tests.config.runs import ROOT, environment

PRIMARY = {"cto": {"cto"}, "ai": {"ai"}, "both": {"cto", "ai", None}, "unclear": {None}}


def manage(*arguments, lines=()):
    return subprocess.run(
        [sys.executable, "manage.py", *arguments], cwd=ROOT, input="\n".join(lines), capture_output=True, text=True,
        env=environment(DATA_DIR="/nonexistent/truegap"), timeout=120,
    )  # fmt: skip


def test_no_committed_floor_is_missed():
    ended = manage("evaluate_assessments", "--check")

    assert (ended.returncode, ended.stderr) == (0, "")
    assert "split test" in ended.stdout
    assert ended.stdout.count("confusion:") == ended.stdout.count("calibration:") == 3


@pytest.mark.parametrize("name", scoring.SETS)
def test_a_missed_floor_is_named(name):
    worst = dict.fromkeys(scoring.figures(scoring.score(name, "test")), 0.0)

    missed = scoring.missed(name, worst)

    assert missed
    assert all(sentence.startswith(f"{scoring.TITLES[name]}: ") for sentence in missed)


def test_lines_are_judged_in_order_with_their_messages():
    cases = [
        {"answers": {"siloed_ai_tools": "yes", "asks_how_to_use_ai": "yes"}, "company_size": "11-50"},
        {"message": "Our CTO left in March and nobody here can lead the developers or the migration."},
        {"message": "   "},
    ]

    ended = manage("assess", lines=map(json.dumps, cases))

    first, second, third = map(json.loads, ended.stdout.splitlines())
    assert (ended.returncode, ended.stderr) == (0, "")
    assert (first["gap"], second["gap"], third["gap"]) == ("ai", "cto", "unclear")
    assert [reason["quote"] for reason in second["reasons"] if reason["quote"]] == [cases[1]["message"]]


def test_line_that_cannot_be_judged_is_named_and_the_others_go_on():
    ended = manage(
        "assess",
        lines=[
            '{"answers": {"core_systems_wrok": "yes"}}', "not json", '{"answers": {}}', '{"company_size": "9"}',
            '{"message": 5}', '{"answers": ["core_systems_work"]}', '{"asked_for": "cfo"}',
        ],
    )  # fmt: skip

    first, second, third, fourth, fifth, sixth, seventh = map(json.loads, ended.stdout.splitlines())
    assert ended.returncode == 1
    assert first == {"error": "line 1: answers: there is no statement “core_systems_wrok”"}
    assert second["error"].startswith("line 2: ")
    assert (third["gap"], third["intent"], third["best_guess"]) == ("unclear", "prospect", "unclear")
    assert fourth["error"].startswith("line 4: company_size: must be one of 1-10,")
    assert fifth == {"error": "line 5: message: must be text"}
    assert sixth == {"error": "line 6: answers: give an object: statement to yes, no or unsure"}
    assert seventh == {"error": "line 7: asked_for: must be one of cto, ai, both, not_sure"}


def test_labelled_sets_are_whole():
    messages, mixed, answers = evaluation_sets.messages(), evaluation_sets.mixed(), evaluation_sets.answer_sets()

    assert (len(messages), len(evaluation_sets.sentences()), len(answers), len(mixed)) == (4260, 5220, 320, 60)
    for rows in (messages, mixed, answers):
        assert len({row["id"] for row in rows}) == len(rows)
        assert {row["gap"] for row in rows} == set(GAPS)
        assert all(row["primary"] in PRIMARY[row["gap"]] for row in rows)
    assert len({" ".join(row["text"].split()) for row in messages}) == len(messages)
    assert {row["intent"] for row in messages} == set(INTENTS)
    styles = Counter((row["style"], row["split"]) for row in messages)
    assert len({style for style, _ in styles}) == len(styles), "no style stands in two splits"


def test_sentences_are_labelled_with_signals_of_the_ruleset():
    labelled = {row["label"] for row in evaluation_sets.sentences() if row["polarity"]}

    assert labelled == set(current().by_key)
