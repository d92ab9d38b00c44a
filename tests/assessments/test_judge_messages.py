"""The decision with a message beside or instead of answers: it adds, it never overrules, and it is quoted."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assessments.evidence import GAPS, INTENTS, Evidence, Reading
from assessments.judge import Decision, judge
from assessments.rulesets import COMPANY_SIZES, OPTIONS, current

SIGNALS, BY_KEY, REMARKS = current().signals, current().by_key, current().remarks
CLEAR_CTO = dict.fromkeys(("no_core_systems", "asks_what_technology", "engineering_team_needs_structure"), "yes")
CLEAR_AI = dict.fromkeys(("core_systems_work", "siloed_ai_tools", "asks_how_to_use_ai"), "yes")


def read(cto: float = 0.0, ai: float = 0.0, both: float = 0.0, *evidence: Evidence, **other: Any) -> Reading:
    gaps = {"cto": cto, "ai": ai, "both": both, "unclear": round(1 - cto - ai - both, 3)}
    return Reading("by hand", gaps, evidence=evidence, **other)


def says(signal: str, quote: str = "As I wrote.", *, strength: float = 0.8, denies: bool = False) -> Evidence:
    return Evidence(signal, "denies" if denies else "supports", strength, quote)


TOLD_CTO, TOLD_AI = says("technology_transformation"), says("siloed_ai_tools")


def from_message(decision: Decision) -> list[tuple[str, str, str | None]]:
    return [(r.signal, r.direction, r.quote) for r in decision.reasons if r.source == "message"]


ALONE = {
    "surely AI": (read(0.0, 0.9, 0.0, TOLD_AI), "ai", "ai", "clear"),
    "surely AI, and no sentence says so": (read(0.0, 0.9, 0.0, TOLD_CTO), "ai", "ai", "leaning"),
    "rather technology": (read(cto=0.6, ai=0.3), "cto", "cto", "leaning"),
    "both, technology heavier": (read(0.0, 0.0, 0.85, TOLD_AI, primary_cto=0.8), "both", "cto", "clear"),
    "both, AI heavier": (read(both=0.6, primary_cto=0.2), "both", "ai", "leaning"),
    "both alike": (read(0.0, 0.0, 0.9, TOLD_CTO, primary_cto=0.52), "both", None, "clear"),
    "not sure enough": (read(cto=0.4, ai=0.35), "unclear", None, "none"),
    "surely nothing": (read(cto=0.1), "unclear", None, "none"),
    "a vendor": (read(intent="vendor", intent_strength=0.9), "unclear", None, "none"),
    "perhaps a vendor": (read(ai=0.7, intent="vendor", intent_strength=0.4), "ai", "ai", "leaning"),
}


@pytest.mark.parametrize(("reading", "gap", "primary", "confidence"), ALONE.values(), ids=ALONE)
@pytest.mark.parametrize("answers", [{}, dict.fromkeys(BY_KEY, "no")], ids=["no answers", "all no"])
def test_a_message_alone_is_judged_by_what_it_surely_says(answers, reading, gap, primary, confidence):
    decision = judge(answers, reading=reading)

    assert (decision.gap, decision.primary, decision.confidence) == (gap, primary, confidence)


def test_the_guess_before_low_confidence_is_kept():
    decision = judge({}, reading=read(cto=0.4, ai=0.35))

    assert (decision.gap, decision.best_guess) == ("unclear", "cto")
    assert len(decision.tie_breaks) == 2


@pytest.mark.parametrize("answers", [CLEAR_CTO, CLEAR_AI], ids=["cto", "ai"])
@pytest.mark.parametrize("reading", [read(cto=1), read(ai=1), read(both=1), read()], ids=GAPS)
def test_a_message_never_overrules_clear_answers(answers, reading):
    assert judge(answers, reading=reading).gap == judge(answers).gap


def test_where_message_and_clear_answers_differ_the_record_says_so():
    agrees = judge(CLEAR_CTO, reading=read(cto=0.95))
    differs = judge(CLEAR_CTO, reading=read(0.0, 0.95, 0.0, TOLD_AI))
    untold = judge(CLEAR_CTO, reading=read(ai=0.95))

    assert (untold.gap, untold.confidence) == ("cto", "clear")
    assert (agrees.gap, agrees.confidence, from_message(agrees)) == ("cto", "clear", [])
    assert (differs.gap, differs.confidence) == ("cto", "leaning")
    assert REMARKS["message_differs"] in [reason.text for reason in differs.reasons]
    assert differs.tie_breaks


def test_a_message_settles_answers_that_only_lean():
    answers = {"asks_what_technology": "yes", "asks_how_to_use_ai": "yes"}

    assert judge(answers).gap == "unclear"
    assert judge(answers, reading=read(ai=0.9)).gap == "ai"
    assert judge(answers, reading=read(both=0.9)).gap == "both"


@pytest.mark.parametrize("answers", [{"needs_ai_governance": "yes"}, {"engineering_team_needs_structure": "yes"}])
def test_a_message_that_says_nothing_takes_nothing_away(answers):
    alone, with_message = judge(answers), judge(answers, reading=read(cto=0.2, ai=0.1))

    assert alone.confidence == "leaning"
    assert (with_message.gap, with_message.confidence) == (alone.gap, alone.confidence)


def test_ai_wishes_in_a_message_wait_for_a_foundation_that_the_answers_deny():
    wish, in_use = read(ai=0.95), read(0.0, 0.95, 0.0, says("siloed_ai_tools"))

    waiting, burdened = (judge({"no_core_systems": "yes"}, reading=reading) for reading in (wish, in_use))

    assert (waiting.gap, waiting.reasons[0].text) == ("cto", REMARKS["ai_waits"])
    assert burdened.gap == "both"


def test_who_is_no_prospect_is_told_nothing_of_it():
    vendor = read(0.0, 0.3, 0.0, says("siloed_ai_tools"), intent="vendor", intent_strength=0.7)

    decision = judge({"needs_ai_governance": "yes"}, reading=vendor)

    assert (decision.gap, decision.engagement, decision.intent) == ("unclear", "discovery", "vendor")
    assert from_message(decision) == []


def test_whoever_gave_clear_answers_is_a_prospect_unless_the_message_is_very_sure():
    unsure, sure = (read(intent="vendor", intent_strength=strength) for strength in (0.7, 0.95))

    assert (judge(CLEAR_AI, reading=unsure).intent, judge(CLEAR_AI, reading=unsure).gap) == ("prospect", "ai")
    assert (judge(CLEAR_AI, reading=sure).intent, judge(CLEAR_AI, reading=sure).gap) == ("vendor", "ai")


@pytest.mark.parametrize(
    ("ticked", "written", "kept"),
    [(None, "cto", "cto"), ("not_sure", "ai", "ai"), ("ai", "cto", "ai"), ("both", None, "both"), (None, None, None)],
)
def test_the_role_that_was_ticked_goes_before_the_one_that_was_written(ticked, written, kept):
    assert judge({}, reading=read(asked_for=written), asked_for=ticked).asked_for == kept


# --- quotes ---------------------------------------------------------------------------------------------


def test_each_signal_is_quoted_once_the_surest_sentence_heaviest_first():
    reading = read(
        0.0, 0.9, 0.0,
        says("core_systems_work", "All runs."),
        says("siloed_ai_tools", "Perhaps.", strength=0.6),
        says("siloed_ai_tools", "Everyone bought one.", strength=0.9),
    )  # fmt: skip

    whole, *quoted = from_message(judge({}, reading=reading))

    assert whole == ("message", "for", None)
    assert quoted == [
        ("siloed_ai_tools", "for", "Everyone bought one."),
        ("core_systems_work", "for", "All runs."),
    ]


def test_what_was_answered_alike_is_not_told_twice_and_what_was_answered_otherwise_is_asked():
    reading = read(0.0, 0.9, 0.0, says("siloed_ai_tools", "Nobody connects them."))

    alike = judge({"siloed_ai_tools": "yes"}, reading=reading)
    otherwise = judge({"siloed_ai_tools": "no"}, reading=reading)

    assert "siloed_ai_tools" not in [signal for signal, _, _ in from_message(alike)]
    doubted = next(r for r in otherwise.reasons if r.signal == "siloed_ai_tools" and r.source == "message")
    assert (doubted.weight, doubted.text, doubted.quote) == (0.0, REMARKS["message_doubts"], "Nobody connects them.")


def test_a_denial_in_a_message_that_speaks_for_the_same_side_is_a_misread_no():
    reading = read(
        0.0, 0.9, 0.0, says("needs_ai_governance", "Without rules it is forbidden.", strength=0.99, denies=True)
    )

    assert "needs_ai_governance" not in [signal for signal, _, _ in from_message(judge({}, reading=reading))]


@pytest.mark.parametrize(("strength", "told"), [(0.85, False), (0.95, True)])
def test_a_sentence_against_the_verdict_is_told_where_the_reader_is_very_sure(strength, told):
    reading = read(0.0, 0.9, 0.0, says("technology_transformation", "We migrate in May.", strength=strength))

    assert (
        "technology_transformation" in [signal for signal, _, _ in from_message(judge({}, reading=reading))]
    ) is told


def test_what_was_written_is_not_asked_again():
    plain, written = read(cto=0.6), read(0.6, 0.0, 0.0, says("no_core_systems"))

    assert "no_core_systems" in judge({}, reading=plain).tie_breaks
    assert "no_core_systems" not in judge({}, reading=written).tie_breaks


def test_evidence_for_a_statement_that_this_questionnaire_lacks_is_passed_over():
    shorter = current().with_signals([s for s in SIGNALS if s.key != "siloed_ai_tools"], name="shorter@2")

    decision = judge({}, reading=read(0.0, 0.9, 0.0, says("siloed_ai_tools")), ruleset=shorter)

    assert [signal for signal, _, _ in from_message(decision)] == ["message"]


# --- whatever was answered and read ---------------------------------------------------------------------

ANSWERS = st.dictionaries(st.sampled_from(list(BY_KEY)), st.sampled_from(OPTIONS), max_size=8)
SHARES = st.lists(st.integers(0, 100), min_size=4, max_size=4).filter(any)
EVIDENCE = st.builds(
    Evidence, st.sampled_from(list(BY_KEY)), st.sampled_from(["supports", "denies"]),
    st.integers(550, 1000).map(lambda share: share / 1000), st.text(min_size=1, max_size=40),
)  # fmt: skip


@st.composite
def readings(draw: Any) -> Reading:
    shares = draw(SHARES)
    return Reading(
        reader="drawn",
        gaps={gap: round(share / sum(shares), 3) for gap, share in zip(GAPS, shares, strict=True)},
        intent=draw(st.sampled_from(INTENTS)),
        intent_strength=draw(st.integers(0, 1000)) / 1000,
        primary_cto=draw(st.integers(0, 1000)) / 1000,
        asked_for=draw(st.sampled_from([None, "cto", "ai", "both"])),
        evidence=tuple(draw(st.lists(EVIDENCE, max_size=5))),
    )


many = settings(max_examples=200, deadline=None)


@many
@given(ANSWERS, readings(), st.sampled_from([None, *COMPANY_SIZES]), st.randoms())
def test_a_stored_reading_gives_the_same_bytes_in_any_order_of_answers(answers, reading, size, random):
    record = judge(answers, reading=reading, company_size=size).as_dict()
    shuffled = list(answers.items())
    random.shuffle(shuffled)
    stored = Reading.from_dict(json.loads(json.dumps(reading.as_dict(), sort_keys=True)))

    again = judge(dict(shuffled), reading=stored, company_size=size).as_dict()

    assert json.dumps(again) == json.dumps(record)
    assert json.loads(json.dumps(record)) == record


@many
@given(ANSWERS, readings())
def test_every_record_is_whole(answers, reading):
    decision = judge(answers, reading=reading)

    assert all(0 <= score <= 1 for score in (*decision.scores.values(), decision.margin))
    assert (decision.confidence == "none") == (decision.gap == "unclear") == (decision.engagement == "discovery")
    assert decision.primary == decision.gap or decision.gap in {"both", "unclear"}
    assert decision.best_guess == decision.gap or decision.gap == "unclear"
    assert all(reason.text for reason in decision.reasons)
    assert not {key for key in decision.tie_breaks if answers.get(key) in {"yes", "no"}}
    assert decision.intent == "prospect" or decision.intent == reading.intent


@many
@given(ANSWERS, readings(), st.sampled_from(list(BY_KEY)))
def test_one_more_yes_never_lowers_the_score_of_its_side(answers, reading, key):
    before, after = judge(answers, reading=reading), judge({**answers, key: "yes"}, reading=reading)

    side = BY_KEY[key].side
    contradicts = {"core_systems_work", "no_core_systems"}
    if not (key in contradicts and contradicts & {k for k, answer in answers.items() if answer == "yes"}):
        assert after.scores[side] >= before.scores[side]


@many
@given(ANSWERS, readings(), st.sampled_from(["cto", "ai"]))
def test_a_message_that_points_more_to_a_side_never_lowers_its_score(answers, reading, side):
    more = dict.fromkeys(GAPS, 0.0) | {side: 1.0}

    before, after = judge(answers, reading=reading), judge(answers, reading=replace(reading, gaps=more))

    assert after.scores[side] >= before.scores[side]
