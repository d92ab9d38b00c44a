"""What the lead's page in the admin shows of this room besides mails and follow-ups: the brief, and the clocks."""

from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from intake.models import Submission
from notifications import brief, clocks
from outbox.desk import listing, preserved, table

PARTS = (
    ("To probe", "probe"),
    ("Questions to open with", "questions"),
    ("What speaks for it", "backing"),
    ("What speaks against it", "opposing"),
    ("Between us so far", "past"),
)


def brief_of(lead_id: Any) -> SafeString:
    """The same page that the advisor is mailed, as it is now."""
    rows = Submission.objects.filter(lead=lead_id, is_test=False).select_related("lead", "assessment")
    submission = rows.order_by("-created_at").first()
    if submission is None:
        return SafeString("-")
    found = brief.of(submission)
    parts = [(heading, getattr(found, name)) for heading, name in PARTS]
    wrote = format_html("<p><b>They wrote</b></p>{}", preserved(found.message)) if found.message else ""
    return format_html(
        "<p>{}</p>{}{}",
        found.verdict,
        format_html_join("", "<p><b>{}</b></p>{}", ((heading, listing(lines)) for heading, lines in parts if lines)),
        wrote,
    )


def clocks_of(lead_id: Any) -> SafeString:
    rows = [
        (f"{row.started_at:%Y-%m-%d %H:%M}", *(clocks.spoken(row.after[name]) for name in clocks.CLOCKS))
        for row in clocks.of_lead(lead_id)
    ]
    return table(("Enquiry (UTC)", *clocks.CLOCKS.values()), rows)
