"""/embed/v1.js: the self-assessment as an element of any website, `<truegap-assessment>`.

The script stands beside this (v1.js, v1.css); the words, the colour and the style are put into it here, so that they
are written once. It asks for the published questionnaire and posts to the same door as every form.
"""

import json
from functools import cache
from pathlib import Path

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.views.decorators.http import require_safe

from assessments import words
from intake import brand, etags, pages
from intake.models import Firm

FOLDER = Path(__file__).parent
SLOT = "/* filled in by the server */"


@require_safe
def script(request: HttpRequest) -> HttpResponse:
    """The script under its stable address: cached for an hour, then asked for again by its tag."""
    content = _script(Firm.get().accent)
    tag = etags.tag_of(content)
    is_known = etags.names(request.headers.get("If-None-Match", ""), tag)
    response = HttpResponseNotModified() if is_known else HttpResponse(content, content_type="text/javascript")
    response.headers["ETag"] = tag
    response.headers["Cache-Control"] = "public, max-age=3600"
    # Any website may load it, those that keep themselves apart from others included.
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


@cache
def _script(accent: str) -> str:
    colours = brand.palette(accent)
    style = (FOLDER / "v1.css").read_text() + (
        f":host{{--firm-accent:{colours.accent};--firm-on-accent:{colours.on_accent}}}"
    )
    content = (FOLDER / "v1.js").read_text()
    return content.replace(f"{SLOT} {{}}", json.dumps(_words())).replace(f'{SLOT} ""', json.dumps(style))


def _words() -> dict[str, object]:
    return {
        "consent": pages.CONSENT,
        "asked_for": pages.ASKED_FOR,
        "missing": {f"/{name}:{code}": text for name, text in pages.MISSING.items() for code in ("required", "blank")},
        "engagements": {
            name: {"headline": wording.headline, "meaning": wording.meaning}
            for name, wording in words.BY_ENGAGEMENT.items()
        },
    }
