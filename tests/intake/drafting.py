"""How the tests of this room edit a draft: its addresses, its form as a browser sends it, and what came of it."""

from dataclasses import asdict
from typing import Any

from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse

from assessments import drafts, services
from assessments.models import Questionnaire, QuestionnaireVersion
from assessments.rulesets import Signal

PAGES = ("draft", "check_draft")
MOVES = ("open_draft", "discard_draft", "publish_draft")
NAMES = ("key", "side", "weight", "quick", "wish", "text", "help", "affirmed", "denied")


def url(page: str, *args: Any) -> str:
    return reverse(f"admin:assessments_questionnaire_{page}", args=[questionnaire().pk, *args])


def questionnaire() -> Questionnaire:
    return Questionnaire.objects.get()


def draft() -> QuestionnaireVersion:
    """Opened if there is none."""
    return drafts.open_draft(questionnaire())[0]


def shipped() -> list[Signal]:
    version = QuestionnaireVersion.objects.get(number=1)
    return services.signals_of(version)


def rows(signals: list[Signal], **over: str) -> dict[str, str]:
    """The fields of the form as a browser sends them; `over` names one as `row-3-key` with underscores for dashes."""
    fields = {"row-TOTAL_FORMS": str(len(signals)), "row-INITIAL_FORMS": "16", "seen": drafts.fingerprint(draft())}
    for number, signal in enumerate(signals):
        for name, value in asdict(signal).items():
            if value is not False:
                fields[f"row-{number}-{name}"] = "on" if value is True else str(value)
        fields[f"row-{number}-ORDER"] = str(number + 1)
    return fields | over


def save(client: Client, fields: dict[str, str], **also: str) -> Any:
    return client.post(url("draft"), fields | also)


def saved() -> list[Signal]:
    return services.signals_of(draft())


def errors(response: Any) -> dict[str, list[str]]:
    """Field → what stands beside it."""
    assert response.status_code == 400
    return {
        f"{form.prefix}-{name}": list(map(str, messages))
        for form in response.context["formset"]
        for name, messages in form.errors.items()
    }


def log() -> list[str]:
    return list(LogEntry.objects.order_by("pk").values_list("change_message", flat=True))
