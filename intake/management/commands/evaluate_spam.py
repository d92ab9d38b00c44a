"""Prints how many of the labelled messages would be set aside as spam."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from assessments import reading
from intake import spam_figures


class Command(BaseCommand):
    help = "Looks at the labelled messages as the door would, and prints what would be set aside, by what was meant."
    requires_system_checks = []  # the labelled sets need neither database nor secret

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--split", choices=("train", "dev", "test", "all"), default="all")

    def handle(self, *args: Any, **options: Any) -> None:
        splits = () if options["split"] == "all" else (options["split"],)
        self.stdout.write(f"Reader {reading.current().version}, split {options['split']}")
        self.stdout.write("\n".join(spam_figures.lines(spam_figures.measure(*splits))))
