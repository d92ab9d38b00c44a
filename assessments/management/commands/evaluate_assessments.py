"""Prints how right the judgement is, on the labelled sets or on what advisors found in real conversations."""

import sys
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from assessments import outcomes, reading, rulesets, scoring


class Command(BaseCommand):
    help = (
        "Judges the labelled sets and prints accuracy, confusion and calibration; with --check the exit code is 1 "
        "where a committed floor is missed."
    )
    requires_system_checks = []  # the labelled sets need neither database nor secret

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--split", choices=("train", "dev", "test"), default="test")
        parser.add_argument("--set", choices=tuple(scoring.SETS), action="append", help="only this; may be repeated")
        parser.add_argument("--check", action="store_true", help="compare with the floors of the test split")

        parser.add_argument("--outcomes", action="store_true", help="what conversations showed, from the database")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["outcomes"]:
            self.stdout.write("\n".join(outcomes.lines()))
            return
        if settings.MESSAGE_READER == "auto":
            reading.use_best()
        self.stdout.write(f"Ruleset {rulesets.CURRENT}, reader {reading.current().version}, split {options['split']}")
        missed: list[str] = []
        for name in options["set"] or scoring.SETS:
            cases = scoring.score(name, options["split"])
            if cases:
                self.stdout.write("\n".join(["", *scoring.report(name, cases)]))
                missed += scoring.missed(name, scoring.figures(cases)) if options["check"] else []
        if missed:
            self.stderr.write("\n".join(missed))
            sys.exit(1)
