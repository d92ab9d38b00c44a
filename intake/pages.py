"""The self-assessment page at `/`: works without JavaScript, posts to the same door as every website.

`intake.api` shows it again, with everything kept, when a plain form was wrong.
"""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from rest_framework.exceptions import ValidationError

from assessments import services as assessments
from assessments.signals import COMPANY_SIZES
from intake.models import Firm

ASKED_FOR = (
    ("cto", "A fractional CTO"),
    ("ai", "A fractional AI officer"),
    ("both", "Both"),
    ("not_sure", "Not sure"),
)


def assessment(request: HttpRequest) -> HttpResponse:
    return _form(request, fields={}, errors={})


def form_again(request: HttpRequest, *, fields: dict[str, Any], error: ValidationError) -> HttpResponse:
    """The page with status 400: what was typed stays, each error stands beside its field."""
    detail = error.detail if isinstance(error.detail, dict) else {"non_field_errors": error.detail}
    errors = {name: _first_text(messages) for name, messages in detail.items()}
    return _form(request, fields=fields, errors=errors, status=400)


def _first_text(messages: Any) -> str:
    while isinstance(messages, dict | list):
        messages = next(iter(messages.values() if isinstance(messages, dict) else messages), "")
    return str(messages)


def _form(request: HttpRequest, *, fields: dict[str, Any], errors: dict[str, str], status: int = 200) -> HttpResponse:
    version = assessments.published()
    given = fields.get("answers")
    answers = given if isinstance(given, dict) else {}
    statements = [
        {**statement, "answer": answers.get(statement["key"], "")}
        for statement in (version.statements if version else [])
    ]
    context = {
        "firm": Firm.get(),
        "quick": [s for s in statements if s["group"] == "quick"],
        "more": [s for s in statements if s["group"] != "quick"],
        "fields": fields,
        "errors": errors,
        "company_sizes": COMPANY_SIZES,
        "asked_for": ASKED_FOR,
    }
    return render(request, "intake/assessment.html", context, status=status)
