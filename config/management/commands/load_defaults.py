"""Loads the questionnaire, the mail templates and the firm; run after `migrate`, safe to repeat."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from config import defaults


class Command(BaseCommand):
    help = "Loads the published questionnaire, the mail templates and the firm. Safe to repeat."

    def handle(self, *args: Any, **options: Any) -> None:
        defaults.load(now=timezone.now())
        self.stdout.write("Questionnaire, mail templates and firm are loaded.")
