"""Websites that are known here: which one an enquiry names, which may read our answers, where a form leads afterwards.

Asked by the door (`intake.api`) and by CORS; staff keep the rows in the admin (`intake.site_desk`). A site that nobody
knows costs no enquiry: it is passed over, and what was sent shows it to staff.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from corsheaders.signals import check_request_enabled
from django.conf import settings
from django.db.models import Q
from django.http import HttpRequest

from intake.models import Site

# What a site's owner is told is worth a write now and then, not one for each enquiry.
NOTED_EVERY = timedelta(seconds=10)
DEFAULT_PORTS = {"http": 80, "https": 443}


def named(data: Any) -> Site | None:
    """The active site that a post names by its public key; None for none, an unknown or a wrong one."""
    key = data.get("site") if isinstance(data, dict) else None
    if not isinstance(key, str) or not key or len(key) > 32 or "\x00" in key:
        return None
    return Site.objects.filter(key=key, active=True).first()


# --- origins --------------------------------------------------------------------------------------------


def origin_of(text: str) -> str:
    """Scheme, host and port of an address, as browsers write an origin. Raises ValueError that says what is wrong."""
    parts = urlsplit(text.strip())
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname:
        raise ValueError("That is no address of a website. Use a form like https://www.example.com.")
    if parts.username or parts.password:
        raise ValueError("An address with a name or password in it is no origin.")
    host = parts.hostname.encode("idna").decode() if not parts.hostname.isascii() else parts.hostname
    port = "" if parts.port in {None, DEFAULT_PORTS[parts.scheme]} else f":{parts.port}"
    bracketed = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{bracketed}{port}"


def may_read(sender: Any, request: HttpRequest, **_: Any) -> bool:
    """For CORS: whether the page that asks belongs to a site of ours. Exactly, not by how it begins."""
    origin = request.headers.get("Origin", "")
    return Site.objects.filter(active=True, origins__contains=[origin]).exists() if origin else False


def connect() -> None:
    """Has django-cors-headers ask here, beside its own list; once, when the addresses are loaded."""
    check_request_enabled.connect(may_read, dispatch_uid="intake.sites")


# --- afterwards -----------------------------------------------------------------------------------------


def leads_to(wish: Any, site: Site | None) -> str:
    """Where a plain form leads: where it asks to, if that is allowed; else where its site says; else nowhere named."""
    if isinstance(wish, str) and _is_allowed(wish, site):
        return wish
    return site.redirect_url if site else ""


def _is_allowed(wish: str, site: Site | None) -> bool:
    """Only a whole address whose origin is known; what browsers would read in another way than we do is none."""
    if not wish.isprintable() or "\\" in wish or " " in wish or len(wish) > 2000:
        return False
    try:
        parts = urlsplit(wish)
        origin = origin_of(wish)
    except ValueError:
        return False
    # `https:evil` and the like: two readers, two hosts.
    return wish.startswith(f"{parts.scheme}://") and origin in _allowed(site)


def _allowed(site: Site | None) -> set[str]:
    ours = {origin_of(settings.PUBLIC_BASE_URL), *settings.CORS_ALLOWED_ORIGINS}
    return ours | set(site.origins if site else ())


# --- what its owner is told -----------------------------------------------------------------------------


def note_accepted(site: Site, *, now: datetime) -> None:
    due = Q(last_accepted_at=None) | Q(last_accepted_at__lt=now - NOTED_EVERY)
    Site.objects.filter(due, pk=site.pk).update(last_accepted_at=now)


def note_refused(site: Site, why: Iterable[str], *, now: datetime) -> None:
    """`why` are fields and codes: nothing that somebody typed."""
    told = ", ".join(why)[:300]
    due = Q(last_refused_at=None) | Q(last_refused_at__lt=now - NOTED_EVERY) | ~Q(last_refusal=told)
    Site.objects.filter(due, pk=site.pk).update(last_refused_at=now, last_refusal=told)
