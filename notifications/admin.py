"""Mails in the admin; templates, endpoints, follow-ups and suppressions stand beside this."""

from typing import Any

from django.contrib import admin
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.decorators import display

from notifications import note_desk, template_desk  # noqa: F401 (they register their pages)
from notifications.endpoint_desk import EndpointAdmin
from notifications.follow_up_desk import follow_up_moves, follow_ups_of
from notifications.lead_desk import brief_of, clocks_of
from notifications.models import Mail
from outbox.admin import ReadOnly
from outbox.desk import link, preserved, table

# What other rooms compose their pages of.
__all__ = ["EndpointAdmin", "brief_of", "clocks_of", "follow_up_moves", "follow_ups_of", "mails_of"]

STATUS_COLOURS = {"pending": "info", "sent": "success", "withheld": "warning", "failed": "danger"}


@admin.register(Mail)
class MailAdmin(ReadOnly):
    list_display = ("subject", "to", "kind", "show_status", "reason", "created_at", "sent_at")
    list_filter = ("kind", "status")
    search_fields = ("to", "subject", "message_id")
    ordering = ("-created_at",)
    fields = (
        "to", "subject", "kind", "status", "reason", "created_at", "sent_at", "reply_to", "message_id", "headers",
        "show_html", "show_text", "show_calendar", "show_delivery",
    )  # fmt: skip
    readonly_fields = ("show_html", "show_text", "show_calendar", "show_delivery")

    @display(description="Status", ordering="status", label=STATUS_COLOURS)
    def show_status(self, mail: Mail) -> tuple[str, str]:
        return mail.status, mail.get_status_display()

    @display(description="As seen")
    def show_html(self, mail: Mail) -> SafeString:
        """In a frame that may run nothing and open nothing."""
        return format_html(
            '<iframe sandbox srcdoc="{}" title="The mail" style="{}"></iframe>',
            mail.html,
            "width:100%;height:40rem;border:1px solid #ccc",
        )

    @display(description="Text part")
    def show_text(self, mail: Mail) -> SafeString:
        return preserved(mail.text)

    @display(description="Invitation in it")
    def show_calendar(self, mail: Mail) -> SafeString:
        return preserved(mail.calendar or "-")

    @display(description="Delivery")
    def show_delivery(self, mail: Mail) -> str:
        return link(mail.delivery, str(mail.delivery)) if mail.delivery else "-"


def mails_of(lead_id: Any) -> SafeString:
    """A table of the mails about a lead, for the lead's page."""
    rows = Mail.objects.filter(lead=lead_id).order_by("-created_at")[:50]
    return table(
        ("Mail", "To", "Kind", "Status", "Sent (UTC)"),
        [
            (
                link(row, row.subject or "(no subject)"),
                row.to,
                row.get_kind_display(),
                f"{row.get_status_display()} {row.reason}",
                f"{row.sent_at:%Y-%m-%d %H:%M:%S}" if row.sent_at else "",
            )
            for row in rows
        ],
    )
