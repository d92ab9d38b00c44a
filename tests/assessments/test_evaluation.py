"""The labelled answer sets, judged as anybody can: through `manage.py assess`, with neither database nor secret."""

import json
import subprocess
import sys
from pathlib import Path

from tests.config.runs import ROOT, environment

SETS = ROOT / "assessments" / "evaluation"
# Measured when the sets were written, before anything was tuned to them: 0.99 on gap.
GAP_FLOOR = 0.97
ENGAGEMENT_FLOOR = 0.98


def assess(lines):
    return subprocess.run(
        [sys.executable, "manage.py", "assess"], cwd=ROOT, input="\n".join(lines), capture_output=True, text=True,
        env=environment(DATA_DIR="/nonexistent/truegap"), timeout=60,
    )  # fmt: skip


def rows(name: str):
    return [json.loads(line) for line in Path(SETS / name).read_text().splitlines()]


def test_answer_sets_are_judged_right():
    cases = [case for case in rows("answers.jsonl") if case["split"] != "test"]

    ended = assess(json.dumps(case) for case in cases)
    records = [json.loads(line) for line in ended.stdout.splitlines()]

    right = [(case, record) for case, record in zip(cases, records, strict=True) if case["gap"] == record["gap"]]
    engaged = [case for case, record in right if case["engagement"] == record["engagement"]]
    assert (ended.returncode, ended.stderr) == (0, "")
    assert len(right) / len(cases) >= GAP_FLOOR
    assert len(engaged) / len(right) >= ENGAGEMENT_FLOOR


def test_line_that_cannot_be_judged_is_named_and_the_others_go_on():
    ended = assess(
        ['{"answers": {"core_systems_wrok": "yes"}}', "not json", '{"answers": {}}', '{"company_size": "9"}']
    )

    first, second, third, fourth = map(json.loads, ended.stdout.splitlines())
    assert ended.returncode == 1
    assert first == {"error": "line 1: answers: there is no statement “core_systems_wrok”"}
    assert second["error"].startswith("line 2: ")
    assert (third["gap"], third["intent"], third["best_guess"]) == ("unclear", "prospect", "unclear")
    assert fourth["error"].startswith("line 4: company_size: must be one of 1-10,")


def test_labelled_sets_are_whole():
    answers, messages, sentences = rows("answers.jsonl"), rows("messages.jsonl"), rows("sentences.jsonl")

    assert (len(answers), len(messages), len(sentences)) == (200, 1040, 1040)
    assert len({" ".join(row["text"].split()) for row in messages}) == 1040
    assert {row["split"] for row in messages} == {"train", "dev", "test"}
    for row in [*answers, *messages]:
        assert (
            row["primary"] in {"cto": {"cto"}, "ai": {"ai"}, "both": {"cto", "ai", None}, "unclear": {None}}[row["gap"]]
        )
