"""What the house goes by: the judge's verdict, unless staff said that the gap is another one.

Pure. Read by events and by scheduling; what the prospect is told stays the verdict on their own answers.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from assessments.services import engagement_of


class Belief(NamedTuple):
    gap: str
    primary: str | None
    engagement: str


def believed(corrected_gap: str, judged: Mapping[str, Any], *, company_size: str) -> Belief:
    """`judged` has `gap`, `primary` and `engagement`. A correction to `both` weighs no side, unless the judge did."""
    if corrected_gap in {"", judged["gap"]}:
        return Belief(judged["gap"], judged["primary"] or None, judged["engagement"])
    primary = corrected_gap if corrected_gap in {"cto", "ai"} else None
    return Belief(corrected_gap, primary, engagement_of(corrected_gap, company_size=company_size))
