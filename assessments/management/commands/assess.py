"""Judges self-assessments given as JSON lines on standard input: one decision record a line, in the same order."""

import json
import sys
from collections.abc import Iterable, Iterator
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from assessments import reading
from assessments.judge import judge
from assessments.rulesets import ASKED_FOR, COMPANY_SIZES, OPTIONS, current


class Command(BaseCommand):
    help = (
        'Reads lines of {"answers": {…}, "company_size": …, "message": …, "asked_for": …}, writes one decision record '
        'a line. A line that cannot be judged gives {"error": …}, and the exit code is 1 at the end.'
    )
    requires_system_checks = []  # needs neither database nor secret

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.MESSAGE_READER == "auto":
            reading.use_best()
        failed = False
        for record in records(sys.stdin):
            failed |= "error" in record
            self.stdout.write(json.dumps(record, ensure_ascii=False))
        if failed:
            sys.exit(1)


def records(lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    """One record for each line that is not empty."""
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                yield _judged(json.loads(line))
            except ValueError as error:
                yield {"error": f"line {number}: {error}"}


def _judged(case: Any) -> dict[str, Any]:
    """The record. Raises ValueError that names the field and the way out."""
    if not isinstance(case, dict):
        raise ValueError("give a JSON object")
    message = case.get("message") or ""
    if not isinstance(message, str):
        raise ValueError("message: must be text")
    decision = judge(
        _answers(case.get("answers") or {}),
        reading=reading.read(message),
        company_size=_one_of("company_size", COMPANY_SIZES, case),
        asked_for=_one_of("asked_for", ASKED_FOR, case),
    )
    return decision.as_dict()


def _answers(answers: Any) -> dict[str, str]:
    if not isinstance(answers, dict):
        raise ValueError("answers: give an object: statement to yes, no or unsure")
    for key, answer in answers.items():
        if key not in current().by_key:
            raise ValueError(f"answers: there is no statement “{key}”")
        if answer not in OPTIONS:
            raise ValueError(f"answers: “{key}” must be yes, no or unsure")
    return answers


def _one_of(field: str, choices: tuple[str, ...], case: dict[str, Any]) -> str | None:
    value = case.get(field) or None
    if value is not None and value not in choices:
        raise ValueError(f"{field}: must be one of {', '.join(choices)}")
    return value
