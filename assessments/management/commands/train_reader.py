"""Trains the reader of messages from the labelled sets and writes its weights: one small file, used from then on."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from assessments import evaluation_sets, reading


class Command(BaseCommand):
    help = "Trains the reader on the train and dev splits. Takes about a minute; needs the extra `training`."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--to", type=Path, default=reading.WEIGHTS / f"{reading.VERSION}.npz")
        parser.add_argument(
            "--leave-out", action="store_true", help="write nothing; print how right it is on writers it never saw"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            from assessments import training
            from assessments.reading import linear
        except ModuleNotFoundError as error:
            raise CommandError(f"{error.name} is missing. Install the extra: pip install truegap[training]") from error
        messages, bank = evaluation_sets.messages("train", "dev"), evaluation_sets.sentences()
        if options["leave_out"]:
            for line in training.leave_out(messages, bank):
                self.stdout.write(line)
            return
        weights = training.train(messages, bank, version=reading.VERSION)
        linear.save(weights, options["to"])
        size = options["to"].stat().st_size
        self.stdout.write(f"{options['to'].name}: {len(messages)} messages, {len(bank)} sentences, {size / 1e6:.2f} MB")
