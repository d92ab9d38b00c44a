"""The pages under /me/TOKEN/: everything that is held about a person, for that person to read or erase.

The token came to their own mailbox, so it is the whole authority; no cookie is read. A look changes nothing.
"""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods

from intake import persons
from intake.limits import limited
from intake.models import Firm, Lead
from notifications import mailbox_links, suppressions
from scheduling.tokens import private

ERASE = "erase"


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@limited
def show(request: HttpRequest, token: str) -> HttpResponse:
    lead = _opened(token)
    wish = request.POST.get("wish", "") if request.method == "POST" else ""
    if wish == ERASE and request.POST.get("sure") == "yes":
        persons.erase(persons.of_lead(lead), now=timezone.now())
        return _page(request, None, did=ERASE)
    if wish == "unsubscribe":
        suppressions.unsubscribe(lead, now=timezone.now())
    elif wish == "again":
        suppressions.subscribe_again(lead)
    return _page(request, lead, did=wish)


@require_GET
@limited
def download(request: HttpRequest, token: str) -> HttpResponse:
    found = persons.export(persons.of_lead(_opened(token)))
    response = JsonResponse(found, json_dumps_params={"indent": 2, "ensure_ascii": False})
    response.headers["Content-Disposition"] = 'attachment; filename="what-we-hold-about-you.json"'
    return private(response)


def _opened(token: str) -> Lead:
    lead = mailbox_links.opened_by(token)
    if lead is None:
        raise Http404
    return lead


def _page(request: HttpRequest, lead: Lead | None, *, did: str) -> HttpResponse:
    context: dict[str, Any] = {"firm": Firm.get(), "did": did, "lead": lead}
    if lead is not None:
        context["found"] = persons.export(persons.of_lead(lead))
        context["is_unsubscribed"] = suppressions.of(lead.email).filter(reason="unsubscribed", sequence=None).exists()
        context["path"] = request.path
    return private(render(request, "notifications/me.html", context))
