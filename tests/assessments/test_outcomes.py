"""How right the judge was: what is recorded, what outweighs what, and the counts that follow."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from assessments import outcomes, services
from assessments.evidence import Evidence, Reading
from assessments.judge import judge
from assessments.models import Assessment, Outcome
from assessments.outcomes import Found, Rate, rule_of

NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)
AI = {"core_systems_work": "yes", "siloed_ai_tools": "yes", "asks_how_to_use_ai": "yes"}
CTO = {"no_core_systems": "yes", "asks_what_technology": "yes"}
READ = Reading(
    reader="test",
    gaps={"cto": 0.05, "ai": 0.9, "both": 0.04, "unclear": 0.01},
    evidence=(Evidence("needs_ai_governance", "supports", 0.9, "Who decides what AI may do?"),
              Evidence("no_core_systems", "denies", 0.9, "The systems run.")),
)  # fmt: skip

pytestmark = pytest.mark.django_db


def judged(answers: dict[str, str], *, reading: Reading | None = None) -> Assessment:
    version = services.publish_default(now=NOW)
    return services.keep(services.assess(version, answers=answers, reading=reading), now=NOW)


def proved(answers: dict[str, str], real: str, *, reading: Reading | None = None, **over: Any) -> Outcome:
    return outcomes.record(judged(answers, reading=reading), Found(real), now=NOW, **over)


# --- recorded -------------------------------------------------------------------------------------------


def test_it_is_recorded_once_and_again_overwrites_it() -> None:
    assessment, ada = judged(AI), User.objects.create_user("ada")

    outcomes.record(assessment, Found("both", primary="ai", note="Both, really."), by=ada, now=NOW)
    outcomes.record(assessment, Found("ai", note="No: AI."), now=NOW + timedelta(days=1))

    outcome = Outcome.objects.get()
    assert (outcome.gap, outcome.primary, outcome.note) == ("ai", "", "No: AI.")
    assert (outcome.source, outcome.recorded_by) == ("conversation", None)
    assert outcome.recorded_at == NOW + timedelta(days=1)


def test_what_a_conversation_showed_outweighs_a_correction() -> None:
    first, second = judged(AI), judged(CTO)
    outcomes.record(first, Found("ai"), now=NOW)
    outcomes.record(second, Found("ai"), source="correction", now=NOW)

    outcomes.record(first, Found("cto"), source="correction", now=NOW)
    outcomes.record(second, Found("both"), now=NOW)

    assert list(Outcome.objects.order_by("assessment_id").values_list("gap", "source")) == [
        ("ai", "conversation"), ("both", "conversation"),
    ]  # fmt: skip


def test_withdrawing_corrections_leaves_conversations_and_others_alone() -> None:
    corrected, met, other = judged(AI), judged(AI), judged(AI)
    for assessment, source in ((corrected, "correction"), (met, "conversation"), (other, "correction")):
        outcomes.record(assessment, Found("ai"), source=source, now=NOW)

    outcomes.withdraw_corrections([corrected.pk, met.pk])

    assert set(Outcome.objects.values_list("assessment_id", flat=True)) == {met.pk, other.pk}


@pytest.mark.parametrize(
    ("gap", "primary", "named"),
    [("cfo", "", "gap"), ("", "", "gap"), ("ai", "ai", "primary"), ("both", "both", "primary")],
)
def test_what_cannot_be_is_named(gap: str, primary: str, named: str) -> None:
    with pytest.raises(ValueError, match=rf"^{named}: "):
        Found(gap, primary=primary)


def test_the_database_refuses_what_cannot_be() -> None:
    outcome = proved(AI, "ai")

    for over, constraint in (({"gap": "cfo"}, "outcome_gap_known"), ({"primary": "ai"}, "outcome_primary_of_both")):
        with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
            Outcome.objects.filter(pk=outcome.pk).update(**over)


# --- counted --------------------------------------------------------------------------------------------


def test_the_matrix_counts_judged_against_real() -> None:
    for answers, real in ((AI, "ai"), (AI, "ai"), (AI, "both"), (CTO, "cto"), ({"core_systems_work": "yes"}, "ai")):
        proved(answers, real)

    report = outcomes.confusion()

    assert report.matrix == {
        "cto": {"cto": 1, "ai": 0, "both": 0, "unclear": 0},
        "ai": {"cto": 0, "ai": 2, "both": 1, "unclear": 0},
        "both": {"cto": 0, "ai": 0, "both": 0, "unclear": 0},
        "unclear": {"cto": 0, "ai": 1, "both": 0, "unclear": 0},
    }
    assert (report.overall.right, report.overall.of, report.overall.percent) == (3, 5, 60)


def test_a_signal_is_right_where_the_real_gap_has_its_side() -> None:
    proved({"siloed_ai_tools": "yes", "between_ctos": "no"}, "ai")
    proved({"siloed_ai_tools": "yes", "asks_what_technology": "unsure"}, "both")
    proved({"siloed_ai_tools": "yes", "asks_what_technology": "yes"}, "cto")
    proved({"core_systems_work": "yes"}, "cto", reading=READ)

    report = outcomes.confusion()

    assert {key: (rate.right, rate.of) for key, rate in report.signals.items()} == {
        "asks_what_technology": (1, 1),
        "siloed_ai_tools": (2, 3),
        "core_systems_work": (0, 1),
        "needs_ai_governance": (0, 1),  # read out of the message; what the message denies is not counted
    }
    assert list(report.signals) == [
        "siloed_ai_tools",
        "core_systems_work",
        "needs_ai_governance",
        "asks_what_technology",
    ]


RULES = [
    ("clear", AI, None),
    ("leaning", {"siloed_ai_tools": "yes"}, None),
    ("ai_waits", {"no_core_systems": "yes", "asks_how_to_use_ai": "yes"}, None),
    ("contradiction", {"no_core_systems": "yes", "core_systems_work": "yes", "asks_what_technology": "yes"}, None),
    ("too_little", {"core_systems_work": "yes"}, None),
    ("message", {}, READ),
    ("message", {"siloed_ai_tools": "yes"}, READ),
    ("clear", AI, READ),
]


@pytest.mark.parametrize(("rule", "answers", "reading"), RULES)
def test_the_record_says_which_rule_decided(rule: str, answers: dict[str, str], reading: Reading | None) -> None:
    decision = judge(answers, reading=reading).as_dict()

    assert rule_of(decision, was_read=reading is not None) == rule


def test_a_message_that_points_nowhere_is_the_messages_doing() -> None:
    nowhere = Reading(reader="test", gaps={"cto": 0.2, "ai": 0.2, "both": 0.2, "unclear": 0.4})

    assert rule_of(judge({}, reading=nowhere).as_dict(), was_read=True) == "message"


def test_rules_are_counted_by_how_often_the_gap_was_right() -> None:
    proved(AI, "ai")
    proved(CTO, "ai")
    proved({"core_systems_work": "yes"}, "unclear")

    rules = outcomes.confusion().rules

    assert {key: (rate.right, rate.of) for key, rate in rules.items() if rate.of} == {
        "clear": (1, 2),
        "too_little": (1, 1),
    }


def test_counting_more_costs_no_more_queries() -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            outcomes.confusion()
        return len(captured)

    proved(AI, "ai")
    with_one = queries()
    for _ in range(10):
        proved(CTO, "cto", reading=READ)

    assert (with_one, queries()) == (2, 2)


@pytest.mark.parametrize(
    ("right", "of", "low", "high"), [(0, 0, 0, 100), (1, 1, 21, 100), (3, 5, 23, 88), (90, 100, 83, 94)]
)
def test_a_rate_tells_how_little_is_known(right: int, of: int, low: int, high: int) -> None:
    """Wilson's interval, against published values."""
    rate = Rate("x", right=right, of=of)

    assert (rate.low, rate.high) == (low, high)


# --- as text --------------------------------------------------------------------------------------------


def test_nothing_recorded_is_said_in_one_line() -> None:
    assert outcomes.lines() == ["No outcome has been recorded yet."]


def test_lines_tell_the_same_as_the_report() -> None:
    proved(AI, "ai")
    proved(AI, "both", source="correction")

    text = "\n".join(outcomes.lines())

    assert text.startswith(
        "2 outcomes (1 conversation, 1 correction); the gap was judged right in 1 of 2 (50%, 9 to 91)."
    )
    assert "Only 2 so far: too few to change a weight by." in text
    assert re.search(r"^ai +0 +1 +1 +0$", text, re.MULTILINE)
    assert re.search(r"^Clear answers +1 of 2 ", text, re.MULTILINE)
    assert re.search(r"^The message +no case yet$", text, re.MULTILINE)
    assert re.search(r"^ai +siloed_ai_tools +2 of 2 \(100%, ", text, re.MULTILINE)


def test_with_many_outcomes_the_caveat_says_only_what_they_are() -> None:
    for _ in range(outcomes.FEW):
        proved(AI, "ai")

    assert outcomes.confusion().caveat.startswith("These are no sample")


def test_the_command_prints_what_conversations_showed(capsys: pytest.CaptureFixture[str]) -> None:
    proved(AI, "both")

    call_command("evaluate_assessments", "--outcomes")

    assert capsys.readouterr().out.splitlines() == outcomes.lines()
