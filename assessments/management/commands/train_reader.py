"""Trains the reader of messages from the labelled sets and writes its weights: one small file, used from then on."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from assessments import evaluation_sets, reading


class Command(BaseCommand):
    help = (
        "Trains the reader on the train and dev splits: a minute, with the extra `training`. With --embeddings also "
        "the part that the extra `embeddings` adds, which takes another minute or two."
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--to", type=Path, default=reading.WEIGHTS, help="the folder of the weights")
        parser.add_argument("--embeddings", action="store_true", help="train the embeddings' part as well")
        parser.add_argument(
            "--leave-out", action="store_true", help="write nothing; print how right it is on writers it never saw"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self._train(**options)
        except ModuleNotFoundError as error:
            raise CommandError(
                f"{error.name} is missing. Install the extras: pip install 'truegap[training,embeddings]'"
            ) from error

    def _train(self, **options: Any) -> None:
        from assessments import training

        messages, bank = evaluation_sets.messages("train", "dev"), evaluation_sets.sentences()
        if options["leave_out"]:
            for line in training.leave_out(messages, bank):
                self.stdout.write(line)
            return
        weights = training.train(messages, bank, version=reading.LINEAR)
        self._write(weights, options["to"] / f"{reading.LINEAR}.npz")
        if options["embeddings"]:
            from assessments.reading.embeddings import EmbeddingReader, Encoder

            # It joins the linear weights that were just trained; its own come out.
            reader = EmbeddingReader(weights, weights, Encoder(reading.ENCODER_WORDS), training.sides())
            joined = training.train_joined(reader, messages, version=reading.EMBEDDINGS)
            self._write(joined, options["to"] / f"{reading.EMBEDDINGS}.npz")

    def _write(self, weights: Any, path: Path) -> None:
        from assessments.reading import linear

        linear.save(weights, path)
        self.stdout.write(f"{path.name}: {weights.about['messages']} messages, {path.stat().st_size / 1e6:.2f} MB")
