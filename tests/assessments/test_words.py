"""The verdict in words: what speaks for it and what against it."""

from assessments import words
from assessments.judge import judge
from assessments.rulesets import current


def told(answers, **over):
    backing, opposing = words.reasons(judge(answers, **over).as_dict())
    return [r["signal"] for r in backing], [r["signal"] for r in opposing]


def test_stray_yes_on_the_other_side_speaks_against_the_verdict():
    backing, opposing = told(
        {"asks_how_to_use_ai": "yes", "siloed_ai_tools": "yes", "core_systems_work": "yes", "between_ctos": "yes"}
    )

    assert backing == ["asks_how_to_use_ai", "siloed_ai_tools", "core_systems_work"]
    assert opposing == ["between_ctos"]


def test_no_on_the_other_side_speaks_for_the_verdict():
    backing, opposing = told({"asks_how_to_use_ai": "yes", "siloed_ai_tools": "no", "asks_what_technology": "no"})

    assert backing == ["asks_how_to_use_ai", "asks_what_technology"]
    assert opposing == ["siloed_ai_tools"]


def test_working_systems_do_not_speak_for_needing_both_roles():
    both = dict.fromkeys(
        ("engineering_team_needs_structure", "asks_what_technology", "siloed_ai_tools", "needs_ai_governance"), "yes"
    )

    backing, opposing = told({**both, "core_systems_work": "yes"})

    assert set(backing) == set(both)
    assert opposing == ["core_systems_work"]


def test_contradiction_is_a_remark_against_the_verdict_whichever_it_is():
    contradiction = {"no_core_systems": "yes", "core_systems_work": "yes"}

    for more in ({"siloed_ai_tools": "yes", "asks_how_to_use_ai": "yes"}, {"asks_what_technology": "yes"}):
        _, opposing = words.reasons(judge({**contradiction, **more}).as_dict())
        assert current().remarks["contradiction"] in [reason["text"] for reason in opposing]


def test_ai_that_has_to_wait_speaks_for_technology_first():
    backing, _ = words.reasons(judge({"no_core_systems": "yes", "asks_how_to_use_ai": "yes"}).as_dict())

    assert backing[0]["text"] == current().remarks["ai_waits"]


def test_where_no_side_won_yes_and_no_stand_as_they_are():
    assert told({"core_systems_work": "yes", "no_core_systems": "no"}) == (["core_systems_work"], ["no_core_systems"])


def test_costs_are_the_published_rows_with_their_source():
    for wording in words.BY_ENGAGEMENT.values():
        assert wording.cost.startswith("Industry ranges")
    assert "premium" in words.BY_ENGAGEMENT["one_leader_for_both"].cost
