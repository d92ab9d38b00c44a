"""The sidebar of the admin: what sales needs first, what operators need last."""

from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse_lazy

# The primary colour of the admin, from light to dark.
TEAL = {
    "50": "#f0faf8",
    "100": "#d3f0ea",
    "200": "#a8e0d6",
    "300": "#75c9bc",
    "400": "#48ab9e",
    "500": "#2d8f83",
    "600": "#14665c",
    "700": "#135a52",
    "800": "#134843",
    "900": "#133c38",
    "950": "#052321",
}

GROUPS = (
    ("Desk", (("Leads", "person_search", "intake_lead"), ("Submissions", "inbox", "intake_submission"),
              ("Quarantine", "report", "intake_quarantined"),
              ("Bookings", "event", "scheduling_booking"),
              ("Times asked for", "schedule", "scheduling_timerequest"), ("Mails", "mail", "notifications_mail"),
              ("Follow-ups", "schedule_send", "notifications_followup"),
              ("Suppressed addresses", "unsubscribe", "notifications_suppression"),
              ("How I hear of things", "notifications", "notifications_notepreference"),
              ("Blocked senders", "block", "intake_block"))),
    ("House", (("Advisors", "badge", "scheduling_advisor"), ("Calendars", "calendar_month", "scheduling_calendar"),
               ("Firm", "storefront", "intake_firm"),
               ("Mail templates", "edit_note", "notifications_template"),
               ("Follow-up series", "forward_to_inbox", "notifications_sequence"),
               ("Questionnaires", "quiz", "assessments_questionnaire"))),
    ("Machine room", (("Deliveries", "outbox", "outbox_delivery"), ("Events", "bolt", "outbox_event"),
                      ("Webhook endpoints", "webhook", "notifications_endpoint"),
                      ("Assessments", "balance", "assessments_assessment"),
                      ("How right were we?", "target", "assessments_outcome"),
                      ("Assignments", "alt_route", "scheduling_assignment"),
                      ("Heartbeats", "ecg_heart", "outbox_heartbeat"))),
    ("People", (("Users", "group", "auth_user"), ("Groups", "groups", "auth_group"),
                ("API keys", "key", "intake_apikey"))),
)  # fmt: skip


def favicon(request: HttpRequest) -> str:
    return static("truegap/favicon.svg")


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    return [
        {
            "title": title,
            "separator": True,
            "items": [
                {
                    "title": label,
                    "icon": icon,
                    "link": reverse_lazy(f"admin:{model}_changelist"),
                    "permission": _may_view(model),
                }
                for label, icon, model in items
            ],
        }
        for title, items in GROUPS
    ]


def _may_view(model: str) -> Any:
    app, _, name = model.partition("_")
    return lambda request: request.user.has_perm(f"{app}.view_{name}")
