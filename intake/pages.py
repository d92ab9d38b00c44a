"""The self-assessment page at `/`: works without JavaScript, posts to the same door as every website.

`intake.api` shows it again, with everything kept, when a plain form was wrong.
"""

import re
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone
from rest_framework.exceptions import ValidationError

from assessments import services as assessments
from assessments.rulesets import COMPANY_SIZES
from intake import brand, form_tokens, sites
from intake.models import Firm
from intake.zone_choices import ZONES

ASKED_FOR = (
    ("cto", "A fractional CTO"),
    ("ai", "A fractional AI officer"),
    ("both", "Both"),
    ("not_sure", "Not sure"),
)
TITLE = "Which leader does your company need?"  # before anything is published
CONSENT = "You may write to me again about this. I can stop that at any time."

# Where the form says it for a person, instead of “This field is required.”
MISSING = {"name": "Tell us your name.", "email": "Tell us the mail address for the answer."}
# Whoever had the page open while a new version was published may have answered what is no longer asked.
CHANGED = "The questions have changed since you opened the page. Look through your answers, then send it again."
OLD_FORM = "The page was open for more than a day. Look it through, then send it again."
LABELS = {
    "name": "Your name",
    "email": "Mail address",
    "company": "Company",
    "role": "Your role",
    "company_size": "People in the company",
    "timezone": "Your time zone",
    "message": "Your message",
    "asked_for": "The role you think you need",
}


def assessment(request: HttpRequest) -> HttpResponse:
    return _form(request, fields={}, errors={})


def form_again(
    request: HttpRequest, *, fields: dict[str, Any], error: ValidationError, afterwards: str = ""
) -> HttpResponse:
    """The page with status 400: what was typed stays, each error stands beside its field.

    `afterwards` is where the form leads in the end, if that is a website's own page.
    """
    detail = error.detail if isinstance(error.detail, dict) else {"non_field_errors": error.detail}
    errors = {name: _first_text(name, messages) for name, messages in detail.items()}
    response = _form(request, fields=fields, errors=errors, status=400)
    if afterwards:
        # Browsers hold a form to its page's policy through the redirect, too.
        response._csp_update = {"form-action": [sites.origin_of(afterwards)]}  # type: ignore[attr-defined]
    response.is_page = True  # type: ignore[attr-defined]  # else `config.errors` would answer in JSON under /api/
    return response


def refused(request: HttpRequest, *, status: int, detail: str) -> HttpResponse:
    """For a browser whose post could not be taken at all: too large, not readable, its key in use."""
    response = render(request, "intake/refused.html", {"firm": Firm.get(), "detail": detail}, status=status)
    response.is_page = True  # type: ignore[attr-defined]  # else `config.errors` would answer in JSON under /api/
    return response


def unavailable() -> HttpResponse:
    """The page without anything from the database, since that does not answer."""
    response = HttpResponse(render_to_string("503.html"), status=503, headers={"Retry-After": "5"})
    response.is_page = True  # type: ignore[attr-defined]  # as above
    return response


# What the form shows itself; everything else that another website sent goes along unseen.
SHOWN = {*LABELS, "answers", "consent", "form_token", "contact_fax_ext"}


PLAIN_NAME = re.compile(r"[a-z_]{1,40}")  # as all that the door knows; what it does not know need not come again


def unseen(fields: dict[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    """Names and values of the fields that our form does not show, as a form would post them again."""
    found: list[tuple[str, str]] = []
    for name, value in fields.items():
        if (name in SHOWN and not prefix) or not PLAIN_NAME.fullmatch(name):
            continue
        if isinstance(value, dict):
            found += unseen(value, f"{prefix}{name}.")
        else:
            values = value if isinstance(value, list) else [value]
            found += [(f"{prefix}{name}", str(one)) for one in values]
    return found


def _first_text(name: str, messages: Any) -> str:
    while isinstance(messages, dict | list):
        messages = next(iter(messages.values() if isinstance(messages, dict) else messages), "")
    code = getattr(messages, "code", "")
    if code == "unknown_statement":
        return CHANGED
    return MISSING.get(name, str(messages)) if code in {"required", "blank"} else str(messages)


def _problems(errors: dict[str, str]) -> list[dict[str, str]]:
    """The errors as the summary links them: to the field, or to the statements where they are about the whole."""
    return [
        {
            "anchor": name if name in LABELS else "statements",
            "text": text if text == MISSING.get(name) else f"{LABELS.get(name, '')}: {text}".removeprefix(": "),
        }
        for name, text in errors.items()
    ]


def brand_css(request: HttpRequest) -> HttpResponse:
    """The firm's colour for page.css: a strict policy lets no page carry it inside itself."""
    response = HttpResponse(brand.stylesheet(Firm.get().accent), content_type="text/css; charset=utf-8")
    # Pages ask for it with the colour in the query, so a new colour is seen at once.
    response.headers["Cache-Control"] = "public, max-age=3600"
    return response


def _form_token(fields: dict[str, Any], errors: dict[str, str]) -> str:
    """When the form was shown first: a slip that is corrected in a second was not filled in within one."""
    kept = fields.get("form_token")
    if isinstance(kept, str) and kept and "form_token" not in errors:
        return kept
    return form_tokens.issue(now=timezone.now())


def _form(request: HttpRequest, *, fields: dict[str, Any], errors: dict[str, str], status: int = 200) -> HttpResponse:
    version = assessments.published()
    given = fields.get("answers")
    answers = given if isinstance(given, dict) else {}
    public: dict[str, Any] = assessments.as_public(version) if version else {"title": TITLE, "statements": []}
    statements = [{**statement, "answer": answers.get(statement["key"], "")} for statement in public["statements"]]
    quick = [s for s in statements if s["group"] == "quick"] or statements  # without a quick check, all at once
    more = [s for s in statements if s not in quick]
    zone = str(fields.get("timezone", ""))  # a stranger may have sent anything
    context = {
        "firm": Firm.get(),
        "title": public["title"],
        "quick": quick,
        "more": more,
        "more_is_open": any(s["answer"] for s in more),
        "fields": fields,
        "errors": errors,
        "problems": _problems(errors),
        "company_sizes": COMPANY_SIZES,
        "asked_for": ASKED_FOR,
        "zones": ZONES,
        "other_zone": zone if all(zone not in dict(choices) for _, choices in ZONES) else "",
        "consent_text": CONSENT,
        "form_token": _form_token(fields, errors),
        # What was wrong with a field that nobody sees cannot be mended there: it is left out.
        "unseen": unseen({name: value for name, value in fields.items() if name not in errors}),
    }
    return render(request, "intake/assessment.html", context, status=status)
