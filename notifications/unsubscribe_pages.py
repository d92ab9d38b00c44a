"""The page at /u/TOKEN/: only POST changes anything, since mail scanners open every link.

A mail program posts `List-Unsubscribe=One-Click` here (RFC 8058), without a cookie and without a page before it;
the token is the whole authority. Whoever cannot be understood wants no more follow-ups at all.
"""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from intake.limits import limited
from intake.models import Firm, Lead
from notifications import suppressions, unsubscribing
from notifications.models import Sequence
from scheduling.tokens import private


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    if request.method == "POST":
        return _unsubscribe(request, token)
    return _show(request, token)


def _unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """Not limited: mail programs post for many people from few addresses, and nobody guesses a token."""
    lead, sequence = _of(token)
    wish = request.POST.get("wish", "all")
    if wish == "again":
        suppressions.subscribe_again(lead)
    else:
        suppressions.unsubscribe(lead, now=timezone.now(), sequence=sequence if wish == "series" else None)
    return _page(request, lead, sequence, did=wish)


@limited
def _show(request: HttpRequest, token: str) -> HttpResponse:
    return _page(request, *_of(token))


def _of(token: str) -> tuple[Lead, Sequence]:
    found = unsubscribing.opened_by(token)
    if found is None:
        raise Http404
    return found


def _page(request: HttpRequest, lead: Lead, sequence: Sequence, *, did: str = "") -> HttpResponse:
    context = {"firm": Firm.get(), "state": suppressions.unsubscribed_from(lead, sequence), "did": did}
    return private(render(request, "notifications/unsubscribe.html", context))
