"""What an enquiry looks like: gathers the facts that `intake.suspicion` decides by.

Called by `intake.services` in the transaction that stores the enquiry, after a replay of an earlier one was ruled out.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from disposable_email_domains import blocklist as throwaway_domains

from intake import blocklist, challenges, form_tokens
from intake.suspicion import Facts
from intake.volume import Volume


@dataclass(frozen=True)
class Sender:
    """Where an enquiry came from: the client's address, who it says to be, whether its form asks for proof of work."""

    client: str
    email_key: str
    has_to_solve: bool


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
        proof=challenges.objection(fields["altcha"], now=now) if sender.has_to_solve else "",
        is_throwaway=is_throwaway(sender.email_key),
        is_forged=shown.is_forged,
        seconds_to_fill=shown.seconds,
        from_client=before.from_client,
        from_address=before.from_address,
    )


def is_throwaway(email_key: str) -> bool:
    return email_key.rpartition("@")[2] in throwaway_domains
