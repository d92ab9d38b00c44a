"""People and what they sent: Lead (the person), Submission (one enquiry), Correction (what staff know better), Firm.

Site (where an enquiry came from) and ApiKey (who may ask for it) stand beside them. Written by `intake.services`,
`intake.reassess` and `intake.corrections`. Upper rooms (scheduling, notifications) point at these rows.
"""

from intake.models.erasures import Erasure
from intake.models.firm import Firm
from intake.models.keys import ApiKey
from intake.models.leads import Correction, Lead, StaleTransition
from intake.models.sites import Site
from intake.models.submissions import Submission, signer

__all__ = ["ApiKey", "Correction", "Erasure", "Firm", "Lead", "Site", "StaleTransition", "Submission", "signer"]
