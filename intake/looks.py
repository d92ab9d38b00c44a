"""What an enquiry looks like: gathers the facts that `intake.suspicion` decides by.

Called by `intake.services` in the transaction that stores the enquiry, after a replay of an earlier one was ruled out.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from disposable_email_domains import blocklist as throwaway_domains

from intake import addresses, blocklist, challenges, form_tokens
from intake.models import Site
from intake.suspicion import Facts
from intake.volume import Volume


@dataclass(frozen=True)
class Sender:
    """Where an enquiry came from: the client's address, the site that it names, and who it says to be."""

    client: str
    site_key: Any
    email_key: str
    is_keyed: bool  # a server that posts with a key of ours: its form is none that a visitor could have solved

    @classmethod
    def of(cls, fields: dict[str, Any], *, client: str, site_key: Any, is_keyed: bool) -> "Sender":
        return cls(client, site_key, addresses.normalise(fields["email"])[1], is_keyed)


def facts(fields: dict[str, Any], sender: Sender, *, before: Volume, intent: str, now: datetime) -> Facts:
    """`before` is what came from this sender within the hour."""
    shown = form_tokens.read(fields["form_token"], now=now)
    text = " ".join((fields["name"], fields["company"], fields["message"]))
    return Facts(
        name=fields["name"],
        message=fields["message"],
        intent=intent,
        trapped=bool(fields["contact_fax_ext"]),
        blocked=blocklist.matches(email_key=sender.email_key, client=sender.client, text=text),
        proof="" if sender.is_keyed else _objection(fields["altcha"], sender.site_key, now=now),
        is_throwaway=is_throwaway(sender.email_key),
        is_forged=shown.is_forged,
        seconds_to_fill=shown.seconds,
        from_client=before.from_client,
        from_address=before.from_address,
    )


def _objection(proof: Any, site_key: Any, *, now: datetime) -> str:
    asked = isinstance(site_key, str) and Site.objects.filter(key=site_key, active=True, proof_of_work=True).exists()
    return challenges.objection(proof, now=now) if asked else ""


def is_throwaway(email_key: str) -> bool:
    return email_key.rpartition("@")[2] in throwaway_domains
