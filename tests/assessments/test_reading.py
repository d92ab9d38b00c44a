"""Messages as people write them: what is found, what is quoted, and that no text can break or stall the reader."""

import json
import subprocess
import sys
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assessments import evaluation_sets, reading, training
from assessments.evidence import GAPS, INTENTS, Reading
from assessments.reading import asks, linear, text
from assessments.rulesets import current
from tests.config.runs import ROOT, environment

# message, gap, who writes, and a sentence that must be quoted for a signal
READINGS = {
    "a CTO who left": (
        "Our CTO left in March. The developers have had no lead since, and the migration is stuck.",
        "cto", "prospect", ("between_ctos", "supports", "Our CTO left in March."),
    ),
    "a request for a CTO that describes an AI gap": (
        "We are told to look for a fractional CTO. Our systems run fine and IT is in good hands. But sales, finance "
        "and support have each bought their own AI tools, and nobody connects them.",
        "ai", "prospect", ("core_systems_work", "supports", "Our systems run fine and IT is in good hands."),
    ),
    "a list of both": (
        "Two things:\n- the platform is 15 years old and has to be rebuilt, and nobody leads the engineers\n"
        "- compliance wants rules for AI, since nine departments use it without any",
        "both", "prospect", None,
    ),
    "another language": (
        "Unsere IT läuft stabil. Jede Abteilung hat aber eigene KI-Werkzeuge gekauft, es gibt keine Regeln und keine "
        "Schulung.", "ai", "prospect", ("core_systems_work", "supports", "Unsere IT läuft stabil."),
    ),
    "a vendor with the whole vocabulary": (
        "We help firms like yours with siloed AI tools and missing governance. Our platform connects them all; I would "
        "love to show you a demo. Partner margin is 30%.", "unclear", "vendor", None,
    ),
    "a job seeker": (
        "I was CTO and AI lead at two scale-ups and am available from January. CV attached, are you hiring advisors?",
        "unclear", "job_seeker", None,
    ),
    "a pitch": (
        "Hello, we are a leading offshore development company with web and mobile app development at $15 per hour. "
        "Would you be interested in our services? Let me know a good time for a call.",
        "unclear", "vendor", None,
    ),
    "a pitch in another language": (
        "Wir sind eine Agentur für Webentwicklung und bieten Ihnen unsere Dienstleistungen an.",
        "unclear", "vendor", None,
    ),
    "see above": ("see above", "unclear", "prospect", None),
    "SQL": ("'; DROP TABLE leads; --", "unclear", "prospect", None),
    "buzzwords": ("digital transformation, innovation, whatever you think, call me", "unclear", "prospect", None),
}  # fmt: skip


@pytest.mark.parametrize(("message", "gap", "intent", "quoted"), READINGS.values(), ids=READINGS)
def test_it_finds_the_gap_who_writes_and_the_sentence(message, gap, intent, quoted):
    found = reading.linear_reader().read(message)

    assert max(GAPS, key=found.gaps.__getitem__) == gap
    assert found.intent == intent
    assert found.reader == reading.LINEAR
    if quoted:
        assert quoted in [(e.signal, e.polarity, e.quote) for e in found.evidence]


@pytest.mark.parametrize("nothing", ["", "   \n\t ", "😀😀😀", "!!! ... ---", "\u200b\u202e", "no", "ok", "x"])
def test_it_reads_nothing_where_nothing_is_written(nothing):
    assert reading.read(nothing) is None


ASKED = {
    "We need a fractional CTO two days a week.": "cto",
    "we are looking for a part-time Head of Technology": "cto",
    "Wir suchen einen KI-Beauftragten für unsere Werke.": "ai",
    "Nous cherchons un directeur technique à temps partiel": "cto",
    "I want to hire a Chief AI Officer": "ai",
    "We need a CTO and an AI officer.": "both",
    "We do not need a CTO.": None,
    "Our CTO left in March.": None,
    "We need a plan. The CTO is on holiday.": None,
    "No AI officer, please; we are looking for a CTO": "cto",
}


@pytest.mark.parametrize(("message", "role"), ASKED.items())
def test_it_hears_which_role_is_asked_for_by_name(message, role):
    assert asks.asked_for(message) == role


HOSTILE = {
    "one letter": "a" * 5000,
    "one word": "need " * 1000,
    "lines": "x.\n" * 1666,
    "asking": "we need cto. " * 384,
    "nearly asking": "need " * 800 + "cto",
    "spaces between two letters": "a" + " " * 4990 + "b",
    "wide spaces and tabs": "a" + "\u3000\t" * 2490 + "b",
    "empty lines": "a" + "\r\n" * 2490 + "b",
    "commas": ", ".join(f"ab{number}" for number in range(900)),
    "conjunctions": "and " * 1250,
    "rare letters": "".join(chr(0x4E00 + number) for number in range(5000)),
    "combining marks": ("a" + "\u0301" * 50) * 98,
    "ligatures that unfold": "\ufdfa" * 5000,
    "code": "if (a[0] < b) { return `${x}`; } // TODO\n" * 120,
    "right to left": "\u202e" + "كلمة " * 900,
    "null": "\x00" * 5000,
    "lone surrogate": "\ud800 we need AI rules" * 200,
    "all the vocabulary": " ".join(row["text"] for row in evaluation_sets.messages("dev"))[:5000],
}


@pytest.mark.parametrize("message", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_message_is_read_like_any_other(message):
    assert sound(reading.linear_reader().read(message), message)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=600) | st.text(alphabet="aeiou .,!?\n-•CTOAI", max_size=2000))
def test_no_text_breaks_the_reader(message):
    assert sound(reading.linear_reader().read(message), message)


def sound(found: Reading | None, message: str) -> bool:
    if found is None:
        return True
    assert sum(found.gaps.values()) == pytest.approx(1, abs=0.01)
    assert all(0 <= share <= 1 for share in (*found.gaps.values(), found.primary_cto, found.intent_strength))
    assert found.intent in INTENTS
    for evidence in found.evidence:
        assert evidence.quote in " ".join(message.split())
        assert evidence.signal in current().by_key
        assert 0 < evidence.strength <= 1
    return Reading.from_dict(json.loads(json.dumps(found.as_dict()))) == found


def test_a_sentence_that_never_ends_is_cut_at_its_commas_and_nothing_is_lost():
    run_on = ", ".join(f"and then we bought system number {number}" for number in range(40))

    pieces = text.sentences(run_on)

    assert max(map(len, pieces)) <= text.LONGEST_SENTENCE
    assert " ".join(pieces) == run_on


def test_list_items_and_sentences_are_taken_apart():
    message = "Hello,\nwe have two needs:\n- a CTO • an AI plan\n\n3 sites. All fine! Really?\r\nYours"

    assert text.sentences(message) == [
        "Hello,", "we have two needs:", "a CTO", "an AI plan", "3 sites.", "All fine!", "Really?", "Yours",
    ]  # fmt: skip


# --- weights --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", [reading.LINEAR, reading.EMBEDDINGS])
def test_the_committed_weights_are_as_new_as_the_labelled_sets(version):
    labelled = [*evaluation_sets.messages("train", "dev"), *evaluation_sets.sentences()]

    weights = linear.load(reading.weights_of(version))

    assert weights.about["version"] == version
    assert weights.about["trained_on"] == training.fingerprint(labelled), "run: manage.py train_reader --embeddings"


def test_training_makes_weights_that_read(tmp_path):
    messages, bank = evaluation_sets.messages("train")[::12], evaluation_sets.sentences()[::8]

    linear.save(training.train(messages, bank, version="small"), tmp_path / "small.npz")

    reader = training.LinearReader(linear.load(tmp_path / "small.npz"), training.sides())
    read = [(row, found) for row in messages if (found := reader.read(row["text"])) is not None]
    right = [row for row, found in read if row["gap"] == max(GAPS, key=found.gaps.__getitem__)]
    assert {found.reader for _, found in read} == {"small"}
    assert len(read) > 0.9 * len(messages)
    assert len(right) / len(read) > 0.9  # of what it has seen


def test_no_worker_loads_what_only_reading_needs():
    probe = "import sys, config.celery, intake.services, notifications.replies; print('numpy' in sys.modules)"

    ended = subprocess.run(
        [sys.executable, "-c", f"import django; django.setup(); {probe}"], cwd=ROOT, capture_output=True, text=True,
        env=environment(DJANGO_SETTINGS_MODULE="config.settings", SECRET_KEY="x" * 50, DATABASE_URL="postgres://x/x"),
        timeout=60,
    )  # fmt: skip

    assert (ended.stdout.strip(), ended.returncode) == ("False", 0), ended.stderr


# --- with embeddings ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def with_embeddings():
    return reading.embedding_reader()


def test_embeddings_join_the_linear_reader(with_embeddings):
    message = "Could somebody look at our shop and tell us if the bots or the old till are what holds us back?"

    found, by_words = with_embeddings.read(message), reading.linear_reader().read(message)

    assert found.reader == f"{reading.LINEAR}+{reading.EMBEDDINGS}"
    assert found.gaps != by_words.gaps
    assert found == with_embeddings.read(message)


def test_the_encoder_has_no_say_in_languages_that_it_does_not_know(with_embeddings):
    message = "Unsere Kasse ist alt und jede Abteilung benutzt eigene KI-Werkzeuge ohne Regeln."

    found, by_words = with_embeddings.read(message), reading.linear_reader().read(message)

    assert (found.gaps, found.evidence) == (by_words.gaps, by_words.evidence)


def test_of_a_long_message_the_encoder_sees_only_what_tells_most(with_embeddings):
    telling, aside = ["Nobody leads the developers and the old shop breaks every week."] * 12, "Greetings from Ghent."

    def vector(*sentences: str) -> list[float]:
        return with_embeddings.encoder.encode(sentences, np.array([1.0 + (s != aside) for s in sentences])).tolist()

    assert vector(aside, *telling) == vector(*telling) == vector(*telling, *telling)
    assert vector(aside, *telling[:2]) != vector(*telling[:2])


@pytest.mark.parametrize("message", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_message_is_read_with_embeddings_too(with_embeddings, message):
    assert sound(with_embeddings.read(message), message)


@pytest.fixture
def at_work(monkeypatch):
    monkeypatch.setattr(reading, "_at_work", None)


def test_the_linear_reader_reads_until_the_better_one_has_loaded(at_work):
    assert reading.current().version == reading.LINEAR

    reading.load_best_in_background()

    deadline = time.monotonic() + 60
    while reading.current().version == reading.LINEAR and time.monotonic() < deadline:
        assert reading.read("We need rules for AI.") is not None
    assert reading.current().version == f"{reading.LINEAR}+{reading.EMBEDDINGS}"


def test_a_broken_reader_is_told_and_done_without(at_work, monkeypatch, caplog, tmp_path):
    (tmp_path / f"{reading.EMBEDDINGS}.npz").write_bytes(b"PK\x03\x04 half a file")
    monkeypatch.setattr(reading, "WEIGHTS", tmp_path)

    reading.use_best()

    assert "messages are read without it" in caplog.text
    assert reading.current().version == reading.LINEAR
