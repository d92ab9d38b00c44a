"""What stands in the way of publishing: a sentence for each, with the statement's name and the way out."""

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from assessments import publishing
from assessments.judge import judge
from assessments.rulesets import Ruleset, Signal, current
from assessments.weighing import weigh

SHIPPED = current()


def changed(which: str, **over: Any) -> Ruleset:
    """The shipped statements, one of them otherwise."""
    return draft(replace(s, **over) if s.key == which else s for s in SHIPPED.signals)


def draft(signals: Any) -> Ruleset:
    return SHIPPED.with_signals(signals, name="draft")


def one(ruleset: Ruleset) -> str:
    (problem,) = publishing.problems(ruleset, answer_sets=200)
    return problem


def new(number: int, **over: Any) -> Signal:
    words = {name: f"{name} {number}." for name in ("text", "affirmed", "denied")}
    return Signal(**{"key": f"new_{number}", "side": "ai", "weight": 0.3, **words, **over})


def test_what_the_program_ships_may_be_published():
    assert publishing.problems(SHIPPED) == []


def test_new_statements_and_other_weights_may_be_published():
    lighter = [replace(s, weight=s.weight * 0.9) for s in SHIPPED.signals if s.key != "siloed_ai_tools"]

    assert publishing.problems(draft([*lighter, new(1), new(2, side="cto", quick=True)]), answer_sets=2000) == []


@pytest.mark.parametrize(
    ("over", "said"),
    [
        ({"weight": 0.0}, "Give a weight between 0 and 1"),
        ({"weight": 1.0}, "Give a weight between 0 and 1"),
        ({"weight": -0.2}, "Give a weight between 0 and 1"),
        ({"weight": float("nan")}, "Give a weight between 0 and 1"),
        ({"text": " "}, "Write the statement"),
        ({"affirmed": ""}, "Write what a yes is told back as"),
        ({"denied": "\n"}, "Write what a no is told back as"),
        ({"text": "x" * 201}, "Shorten it to 200 characters; it has 201."),
        ({"help": "x" * 301}, "Shorten it to 300 characters"),
        ({"affirmed": "x" * 301}, "Shorten it to 300 characters"),
        ({"denied": "x" * 301}, "Shorten it to 300 characters"),
        ({"side": "hr"}, "Choose CTO or AI."),
        ({"side": "cto", "wish": True}, "Take the tick away"),
    ],
)
def test_wrong_field_is_named_with_its_statement(over, said):
    problem = next(p for p in publishing.problems(changed("siloed_ai_tools", **over)) if said in p)

    assert problem.startswith("“siloed_ai_tools”: ")


@pytest.mark.parametrize("over", [{"weight": 0.001}, {"text": "x" * 200, "help": "x" * 300, "denied": "x" * 300}])
def test_field_at_its_limit_is_fine(over):
    assert publishing.flaws(replace(SHIPPED.signals[0], **over)) == {}


@pytest.mark.parametrize("key", ["", "ab", "x" * 51, "1st", "_a_b", "Data", "a-b-c", "a.b.c", "data_ready\n", "ключ"])
def test_key_that_no_form_could_send_is_refused(key):
    assert one(changed("siloed_ai_tools", key=key)).startswith(f"“{key}”: Give a key of 3 to 50 small letters")


@pytest.mark.parametrize("key", ["abc", "x" * 50, "a1_", "data__2"])
def test_key_within_the_pattern_is_fine(key):
    assert publishing.flaws(new(1, key=key)) == {}


def test_key_that_means_the_whole_message_is_refused():
    assert "means the message as a whole" in one(changed("siloed_ai_tools", key="message"))


@pytest.mark.parametrize(
    ("key", "side"), [("no_core_systems", "ai"), ("no_technical_leadership", "ai"), ("core_systems_work", "cto")]
)
def test_statement_of_a_house_rule_stays_on_its_side(key, side):
    problem = next(iter(publishing.problems(changed(key, side=side))))

    assert problem.startswith(f"“{key}”: A rule of the house reads this answer for")


def test_key_and_wording_stand_there_once():
    assert one(draft([*SHIPPED.signals, new(1), new(2, key="new_1")])).startswith("“new_1”: This key is there twice.")
    assert one(draft([*SHIPPED.signals, new(1), new(2, text="text 1.")])) == (
        "“new_2”: It reads like “new_1”. Word or remove one of the two."
    )


def test_each_side_has_four_statements():
    three = [s for s in SHIPPED.signals if s.side == "ai"][:3]
    cto = [s for s in SHIPPED.signals if s.side == "cto"]

    assert one(draft([*three, *cto])) == "AI has 3 statements and needs at least 4: add 1 for AI."
    assert len(publishing.problems(draft([]))) == 2


def test_more_than_forty_statements_are_refused():
    assert one(draft([*SHIPPED.signals, *(new(n, weight=0.01) for n in range(25))])) == (
        "There may be 40 statements: remove 1."
    )


def test_side_that_is_too_light_to_be_a_gap_is_refused():
    light = draft(replace(s, weight=0.02) if s.side == "ai" else s for s in SHIPPED.signals)

    assert one(light) == (
        "Yes to every AI statement and no to every CTO one gives “unclear”, not “ai”: "
        "raise the weights of “core_systems_work”, “asks_how_to_use_ai”, “siloed_ai_tools”."
    )


def test_unsure_of_everything_must_not_make_a_gap():
    heavy = draft([*SHIPPED.signals, *(new(n, weight=0.6) for n in range(20))])

    assert one(heavy) == (
        "“unsure” to every statement gives “ai”, not “unclear”: lower the weights of “new_0”, “new_1”, “new_2”, "
        "or remove some."
    )


# --- random answers: rules that no form can break are broken here by hand -------------------------------


def with_limits(**over: float) -> Ruleset:
    return replace(SHIPPED, thresholds=replace(SHIPPED.thresholds, **over))


def test_score_that_leaves_its_range_is_found():
    # Three times the weight for an unsure answer: a product of negative parts that no plain case shows.
    signals = [replace(s, weight=0.9) for s in SHIPPED.signals]
    wild = replace(with_limits(unsure=3.0, floor=1.5), signals=tuple(signals))

    found = list(publishing._of_random_answers(wild, 2000))

    assert len(found) == 1
    assert "the scores leave 0 to 1" in found[0]
    assert "Change their weights or texts." in found[0]


@pytest.mark.parametrize("remark", ["contradiction", "ai_waits"])
def test_reason_without_a_text_is_found_even_where_it_is_rare(remark):
    silent = replace(SHIPPED, remarks={**SHIPPED.remarks, remark: " "})

    assert "a reason has no text" in one(silent)


@pytest.mark.parametrize(
    ("over", "said"),
    [
        ({"scores": {"cto": 0.1, "ai": 1.1}}, "the scores leave 0 to 1"),
        ({"margin": 0.5}, "the margin is not the distance"),
        ({"confidence": "none"}, "confidence, gap and engagement disagree"),
        ({"engagement": "discovery"}, "confidence, gap and engagement disagree"),
        ({"tie_breaks": ("siloed_ai_tools",)}, "it asks for what was answered"),
        ({"tie_breaks": ("no_such_thing",)}, "it asks for what was answered"),
        ({"tie_breaks": ("between_ctos", "asks_how_to_use_ai", "no_core_systems")}, "it asks for what was answered"),
        ({"margin": float("nan")}, "the margin is not the distance"),
        ({"asked_for": ("cto",)}, "the record does not survive JSON"),
    ],
)
def test_record_that_is_not_sound_is_known(over, said):
    answers = {"siloed_ai_tools": "yes", "needs_ai_governance": "yes"}
    decision = judge(answers, ruleset=SHIPPED)

    assert publishing.unsound(decision, answers, SHIPPED) is None
    assert said in str(publishing.unsound(replace(decision, **over), answers, SHIPPED))


@pytest.mark.parametrize(
    ("over", "said"),
    [
        ({"gap": "hr"}, "gap and confidence disagree"),
        ({"confidence": "none"}, "gap and confidence disagree"),
        ({"primary": "cto"}, "the heavier side is not the one that is named"),
        ({"primary": None}, "the heavier side is not the one that is named"),
        ({"gap": "both", "primary": "cto"}, "the heavier side is not the one that is named"),
        ({"gap": "unclear", "confidence": "none"}, "the heavier side is not the one that is named"),
    ],
)
def test_verdict_that_is_not_sound_is_known(over, said):
    verdict = weigh({"siloed_ai_tools": "yes", "needs_ai_governance": "yes"}, None, SHIPPED)

    assert publishing._unsound(verdict) is None
    assert publishing._unsound(replace(verdict, **over)) == said


def test_random_answers_are_the_same_every_time_and_reach_every_kind_of_verdict():
    first = list(publishing.random_answers(SHIPPED, 5000))

    gaps = Counter(weigh(answers, None, SHIPPED).gap for answers in first)
    assert first == list(publishing.random_answers(SHIPPED, 5000))
    assert {len(answers) for answers in first} == set(range(17))
    assert min(gaps.values()) > 500
    assert set(gaps) == {"cto", "ai", "both", "unclear"}


def test_at_least_two_thousand_of_twenty_thousand_are_judged_in_full():
    assert publishing.ANSWER_SETS == 20_000
    assert publishing.ANSWER_SETS / publishing.FULL_EVERY >= 2_000
