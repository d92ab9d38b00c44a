"""Real people are not set aside for their words: measured on the labelled messages that nothing was trained on."""

from io import StringIO

import pytest
from django.core.management import call_command

from intake import spam_figures

GENUINE = ("prospect", "job_seeker", "support", "student", "other")


@pytest.fixture(scope="module")
def measured():
    return spam_figures.measure("dev", "test")


@pytest.mark.parametrize("aside", spam_figures.ASIDES)
def test_nobody_genuine_is_set_aside_even_with_one_more_sign(measured, aside):
    assert {intent: measured[aside][intent][1] for intent in GENUINE} == dict.fromkeys(GENUINE, 0)


def test_most_spam_is_caught_by_its_words_alone_and_nearly_all_with_one_more_sign(measured):
    caught = [measured[aside]["spam"][1] / measured[aside]["spam"][0] for aside in spam_figures.ASIDES]

    assert caught[0] >= 0.6
    assert caught[1] >= 0.85


def test_command_prints_it():
    out = StringIO()
    call_command("evaluate_spam", "--split", "test", stdout=out)

    assert "With nothing else, set aside:\n  prospect         0 of   166 (0.0%)" in out.getvalue()
