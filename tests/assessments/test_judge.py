"""The decision: the domain page's rules as tables, and what holds for any answers at all."""

import json
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assessments.judge import judge
from assessments.rulesets import COMPANY_SIZES, OPTIONS, current
from assessments.telling import GAP_NAMES

SIGNALS, BY_KEY, RULESET = current().signals, current().by_key, current().version

AI_KEYS = [signal.key for signal in SIGNALS if signal.side == "ai"]
CTO_KEYS = [signal.key for signal in SIGNALS if signal.side == "cto"]
GAP_BY_NAME = {name: gap for gap, name in GAP_NAMES.items()}
KEY_BY_TEXT = {signal.text: signal.key for signal in SIGNALS}


def yes(*keys: str, **other: str) -> dict[str, str]:
    return dict.fromkeys(keys, "yes") | other


# answers, gap, primary, confidence
VERDICTS: dict[str, tuple[dict[str, str], str, str | None, str]] = {
    "technology at large": (
        yes("no_core_systems", "asks_what_technology", "engineering_team_needs_structure"), "cto", "cto", "clear",
    ),
    "working systems and scattered AI tools": (
        yes("core_systems_work", "siloed_ai_tools", "asks_how_to_use_ai"), "ai", "ai", "clear",
    ),
    "items of both columns": (
        yes("asks_what_technology", "technology_transformation", "siloed_ai_tools", "asks_how_to_use_ai",
            "needs_ai_governance"), "both", "ai", "clear",
    ),
    "both, and technology is the heavier side": (
        yes("asks_what_technology", "technology_transformation", "between_ctos", "asks_how_to_use_ai",
            "needs_ai_governance"), "both", "cto", "clear",
    ),
    "both, and neither side is the heavier": (
        yes("asks_what_technology", "between_ctos", "asks_how_to_use_ai", "siloed_ai_tools"), "both", None, "clear",
    ),
    "AI in use on a missing foundation": (
        yes("no_core_systems", "siloed_ai_tools", "needs_ai_governance", core_systems_work="no"), "both", "ai",
        "leaning",
    ),
    "an AI wish without core systems": (yes("no_core_systems", "asks_how_to_use_ai"), "cto", "cto", "leaning"),
    "every AI wish, and core systems that do not work": (
        yes("asks_how_to_use_ai", "ai_is_the_priority", "wants_strategic_ai", core_systems_work="no"), "cto", "cto",
        "clear",
    ),
    "an AI wish where nobody owns technology": (
        yes("no_technical_leadership", "asks_how_to_use_ai", "ai_is_the_priority"), "cto", "cto", "clear",
    ),
    "an AI wish on working systems that nobody owns": (
        yes("core_systems_work", "no_technical_leadership", "asks_how_to_use_ai", "ai_is_the_priority"), "ai", "ai",
        "leaning",
    ),
    "a stray technology yes among AI": (
        yes("core_systems_work", "asks_how_to_use_ai", "siloed_ai_tools", "asks_what_technology"), "ai", "ai",
        "leaning",
    ),
    "a stray AI yes among technology, with working systems": (
        yes("core_systems_work", "asks_how_to_use_ai", "asks_what_technology", "engineering_team_needs_structure"),
        "cto", "cto", "leaning",
    ),
    "one technology yes": (yes("engineering_team_needs_structure"), "cto", "cto", "leaning"),
    "one AI yes": (yes("needs_ai_governance"), "ai", "ai", "leaning"),
    "working systems alone": (yes("core_systems_work"), "unclear", None, "none"),
    "working systems and no to everything else": (
        dict.fromkeys(BY_KEY, "no") | yes("core_systems_work"), "unclear", None, "none",
    ),
    "a foundation denied and nothing else": ({"core_systems_work": "no"}, "cto", "cto", "leaning"),
    "one yes of the same weight on each side": (
        yes("asks_what_technology", "asks_how_to_use_ai"), "unclear", None, "none",
    ),
    "systems that work and are missing": (yes("no_core_systems", "core_systems_work"), "unclear", None, "none"),
    "no answer": ({}, "unclear", None, "none"),
    "no to everything": (dict.fromkeys(BY_KEY, "no"), "unclear", None, "none"),
    "unsure about everything": (dict.fromkeys(BY_KEY, "unsure"), "unclear", None, "none"),
    "no to technology, unsure about AI": (
        dict.fromkeys(CTO_KEYS, "no") | dict.fromkeys(AI_KEYS, "unsure"), "unclear", None, "none",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("answers", "gap", "primary", "confidence"), VERDICTS.values(), ids=VERDICTS)
def test_it_names_the_gap(answers: dict[str, str], gap: str, primary: str | None, confidence: str) -> None:
    decision = judge(answers)

    assert (decision.gap, decision.primary, decision.confidence) == (gap, primary, confidence)


ENGAGEMENTS = [
    *[("technology at large", size, "fractional_cto") for size in (None, "1-10", "1000+")],
    *[("working systems and scattered AI tools", size, "fractional_ai_officer") for size in (None, "1-10", "1000+")],
    *[("items of both columns", size, "one_leader_for_both") for size in (None, "1-10", "11-50", "51-200")],
    *[("items of both columns", size, "cto_and_ai_officer") for size in ("201-1000", "1000+")],
    *[("working systems alone", size, "discovery") for size in (None, "51-200", "201-1000")],
]


@pytest.mark.parametrize(("case", "company_size", "engagement"), ENGAGEMENTS)
def test_it_names_the_engagement_by_gap_and_size(case: str, company_size: str | None, engagement: str) -> None:
    decision = judge(VERDICTS[case][0], company_size=company_size)

    assert decision.engagement == engagement


@pytest.mark.parametrize("asked_for", [None, "cto", "ai", "both", "not_sure"])
def test_it_keeps_what_was_asked_for_and_is_not_swayed_by_it(asked_for: str | None) -> None:
    answers = VERDICTS["working systems and scattered AI tools"][0]

    decision = judge(answers, asked_for=asked_for)

    assert decision.asked_for == asked_for
    assert decision.as_dict() | {"asked_for": None} == judge(answers).as_dict()


def test_it_lowers_confidence_at_a_contradiction_and_tells_it() -> None:
    answers = yes("core_systems_work", "siloed_ai_tools", "asks_how_to_use_ai")

    plain, contradictory = judge(answers), judge(yes(*answers, "no_core_systems"))

    assert (plain.gap, plain.confidence) == ("ai", "clear")
    assert (contradictory.gap, contradictory.confidence) == ("ai", "leaning")
    first = contradictory.reasons[0]
    assert (first.signal, first.direction, first.weight) == ("no_core_systems", "against", 0.0)
    assert "both that the core systems work and that they are missing" in first.text


WAITING = [
    (yes("no_core_systems", "asks_how_to_use_ai"), "no_core_systems"),
    (yes("asks_how_to_use_ai", core_systems_work="no"), "core_systems_work"),
    (yes("no_technical_leadership", "wants_strategic_ai"), "no_technical_leadership"),
]


@pytest.mark.parametrize(("answers", "signal"), WAITING)
def test_it_says_that_ai_comes_after_the_missing_foundation(answers: dict[str, str], signal: str) -> None:
    decision = judge(answers)

    first = decision.reasons[0]
    assert decision.gap == "cto"
    assert (first.signal, first.side, first.direction, first.weight) == (signal, "cto", "for", 0.0)
    assert "technology comes first, AI after it" in first.text


def test_it_tells_yes_of_everything_and_no_of_the_quick_check_heaviest_first() -> None:
    answers = {
        "needs_ai_governance": "no",
        "ai_across_departments": "yes",
        "between_ctos": "no",
        "asks_how_to_use_ai": "yes",
        "siloed_ai_tools": "unsure",
    }

    reasons = judge(answers).reasons

    assert [(reason.signal, reason.direction, reason.source, reason.quote) for reason in reasons] == [
        ("asks_how_to_use_ai", "for", "answer", None),
        ("ai_across_departments", "for", "answer", None),
        ("needs_ai_governance", "against", "answer", None),
    ]
    assert [reason.text for reason in reasons] == [
        BY_KEY["asks_how_to_use_ai"].affirmed,
        BY_KEY["ai_across_departments"].affirmed,
        BY_KEY["needs_ai_governance"].denied,
    ]


def test_unsure_weighs_more_than_no_and_far_less_than_yes() -> None:
    no, unsure, sure = (judge({"asks_how_to_use_ai": answer}).scores["ai"] for answer in ("no", "unsure", "yes"))

    assert no == 0
    assert 0 < unsure < sure / 4


def test_it_asks_the_heaviest_open_statement_of_each_side_while_it_is_not_sure() -> None:
    open_case = judge(yes("asks_what_technology", "asks_how_to_use_ai"))
    clear_case = judge(VERDICTS["technology at large"][0])
    answered = judge(dict.fromkeys(BY_KEY, "no"))

    assert open_case.tie_breaks == ("no_core_systems", "siloed_ai_tools")
    assert clear_case.tie_breaks == ()
    assert answered.tie_breaks == ()


def test_answers_alone_leave_nothing_to_guess() -> None:
    for answers in ({"asks_what_technology": "unsure"}, {}, yes("needs_ai_governance")):
        decision = judge(answers)

        assert decision.best_guess == decision.gap


def test_it_refuses_a_statement_and_an_answer_that_it_does_not_know() -> None:
    with pytest.raises(KeyError):
        judge({"likes_tea": "yes"})
    with pytest.raises(KeyError):
        judge({"siloed_ai_tools": "perhaps"})


# --- whatever the answers are ---------------------------------------------------------------------------

ANSWERS = st.dictionaries(st.sampled_from(list(BY_KEY)), st.sampled_from(OPTIONS))
# A random case is seldom a single yes or a nearly empty one, where the rules of thumb are decided.
FEW = st.dictionaries(st.sampled_from(list(BY_KEY)), st.sampled_from(OPTIONS), max_size=5)
ANY = ANSWERS | FEW | st.lists(st.sampled_from(list(BY_KEY)), max_size=8).map(lambda keys: yes(*keys))
SIZES = st.sampled_from([None, *COMPANY_SIZES])
many = settings(max_examples=150, deadline=None)


@many
@given(ANY, SIZES, st.randoms())
def test_the_order_of_the_answers_never_matters(answers: dict[str, str], size: str | None, random: Any) -> None:
    shuffled = list(answers.items())
    random.shuffle(shuffled)

    first, second = judge(answers, company_size=size), judge(dict(shuffled), company_size=size)

    assert json.dumps(first.as_dict()) == json.dumps(second.as_dict())


@many
@given(ANY, st.sampled_from(list(BY_KEY)))
def test_one_more_yes_never_lowers_the_score_of_its_side(answers: dict[str, str], key: str) -> None:
    before, after = judge(answers), judge({**answers, key: "yes"})

    side = BY_KEY[key].side
    assert after.scores[side] >= before.scores[side]


@many
@given(ANY, SIZES)
def test_the_record_survives_json_and_is_the_same_every_time(answers: dict[str, str], size: str | None) -> None:
    record = judge(answers, company_size=size, asked_for="both").as_dict()

    again = judge(answers, company_size=size, asked_for="both").as_dict()

    assert json.loads(json.dumps(record)) == record
    assert json.dumps(record) == json.dumps(again)
    assert record["ruleset"] == RULESET


@many
@given(ANY, SIZES)
def test_every_record_is_whole(answers: dict[str, str], size: str | None) -> None:
    decision = judge(answers, company_size=size)

    assert {"cto", "ai"} == set(decision.scores)
    assert all(0 <= score <= 1 for score in (*decision.scores.values(), decision.margin))
    assert all(reason.text for reason in decision.reasons)
    assert {reason.signal for reason in decision.reasons} <= set(answers)
    assert (decision.confidence == "none") == (decision.gap == "unclear") == (decision.engagement == "discovery")
    assert decision.primary == decision.gap or decision.gap in {"both", "unclear"}
    assert len(decision.tie_breaks) <= 2
    assert not {key for key in decision.tie_breaks if answers.get(key) in {"yes", "no"}}


@many
@given(ANY)
def test_what_would_change_the_verdict_really_does(answers: dict[str, str]) -> None:
    decision = judge(answers)

    assert len(decision.would_change) <= 3
    for sentence in decision.would_change:
        match = re.fullmatch(r"(Yes|No) to “(.+)” would point to (.+)\.", sentence)
        assert match
        said, gap = match[1].lower(), GAP_BY_NAME[match[3]]
        changes = {KEY_BY_TEXT[text]: said for text in re.split(r"”(?:,| and) “", match[2])}
        assert not any(answers.get(key) == said for key in changes)
        assert judge({**answers, **changes}).gap == gap != decision.gap


@many
@given(ANY)
def test_a_single_yes_beside_the_foundation_never_makes_it_both(answers: dict[str, str]) -> None:
    for side in (AI_KEYS, CTO_KEYS):
        foundation = {"core_systems_work", "no_core_systems"}
        alone = {k: v for k, v in answers.items() if k not in side or v == "no"}
        for key in set(side) - foundation:
            with_stray = alone | {key: "yes", "core_systems_work": "yes", "no_core_systems": "no"}

            assert judge(with_stray).gap != "both"
