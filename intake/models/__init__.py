"""People and what they sent: Lead (the person), Submission (one enquiry), Correction (what staff know better), Firm.

Site (where an enquiry came from), ApiKey (who may ask for it), Block and UsedChallenge (what is set aside) stand
beside them. Written by `intake.services`,
`intake.reassess` and `intake.corrections`. Upper rooms (scheduling, notifications) point at these rows.
"""

from intake.models.blocks import Block
from intake.models.challenges import UsedChallenge
from intake.models.erasures import Erasure
from intake.models.firm import Firm
from intake.models.keys import ApiKey
from intake.models.leads import Correction, Lead, LeadAlias, StaleTransition
from intake.models.sifting import Quarantined, Sifting
from intake.models.sites import Site
from intake.models.submissions import Submission, signer

__all__ = [
    "ApiKey", "Block", "Correction", "Erasure", "Firm", "Lead", "LeadAlias", "Quarantined", "Sifting", "Site",
    "StaleTransition", "Submission", "UsedChallenge", "signer",
]  # fmt: skip
