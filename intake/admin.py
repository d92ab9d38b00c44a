"""The sales desk: leads with their verdict, conversations, mails and effects on one page; submissions; the firm."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, User
from django.core.exceptions import PermissionDenied
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST
from unfold.admin import ModelAdmin
from unfold.decorators import display
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from assessments.admin import QuestionnaireAdmin
from assessments.evidence import PROSPECT
from assessments.models import Assessment, Questionnaire
from assessments.replays import Move
from assessments.services import wording
from intake import services, suspicion
from intake.block_desk import BlockAdmin
from intake.corrections import latest
from intake.filters import (
    WAITS,
    Accepted,
    AtTheDesk,
    BelievedGap,
    BelievedGapOfLead,
    NeedsAttention,
    believed_gap,
    with_waiting,
)
from intake.key_desk import KeyAdmin
from intake.models import Firm, Lead, StaleTransition, Submission
from intake.person_desk import PersonPages
from intake.quarantine_desk import SetsAside
from intake.site_desk import SiteAdmin
from intake.verdict_forms import LeadForm
from intake.verdicts import VerdictDesk
from notifications.admin import brief_of, clocks_of, follow_up_moves, follow_ups_of, mails_of
from outbox.admin import ReadOnly, deliveries_of
from outbox.desk import SAVES_ON_ENTER, act_buttons, link, listing, preserved, table
from scheduling.admin import bookings_of, choices_of

__all__ = ["BlockAdmin", "KeyAdmin", "SiteAdmin"]  # registered by being imported

GAP_COLOURS = {"cto": "info", "ai": "success", "both": "warning"}
FOR_EDITORS = {"moves", "follow_up_moves", *PersonPages.person_shown, *VerdictDesk.forms_shown}


@admin.register(Lead)
class LeadAdmin(PersonPages, VerdictDesk, ModelAdmin):
    """Answers “whom do I call next?”: gap, stage, last activity, and a mark where an effect has failed."""

    list_display = ("name", "company", "show_gap", "stage", "owner", "last_activity_at", "attention")
    list_filter = (NeedsAttention, AtTheDesk, BelievedGap, "stage", "company_size", "owner")
    list_select_related = ("owner",)
    search_fields = ("email", "name", "company", "phone")
    ordering = ("-last_activity_at",)
    readonly_fields = (
        "address", "stage", "moves", "verdict", "submissions", "bookings", "choices", "mails", "follow_ups",
        "follow_up_moves", "deliveries", "brief", "clocks", *PersonPages.person_shown,
        "created_at", "last_activity_at", *VerdictDesk.fields_shown,
    )  # fmt: skip
    fieldsets = (
        ("Verdict", {"fields": ("verdict",)}),
        ("Stage", {"fields": ("stage", "moves", "owner")}),
        # After the stage: the first button of the form is the one that the Enter key presses, and that has to save.
        ("What you know better", {"fields": VerdictDesk.fields_shown}),
        ("Conversation", {"fields": ("bookings", "choices", "brief")}),
        (
            "Person",
            {
                "fields": (
                    ("name", "address"),
                    ("company", "company_size"),
                    ("role", "phone"),
                    ("website", "timezone"),
                    ("created_at", "last_activity_at"),
                )
            },
        ),
        ("What they sent", {"fields": ("submissions",)}),
        ("Mails", {"fields": ("mails",)}),
        ("Follow-ups", {"fields": ("follow_ups", "follow_up_moves")}),
        ("How fast it went", {"fields": ("clocks",)}),
        ("Effects", {"fields": ("deliveries",)}),
        ("The person as a whole", {"fields": PersonPages.person_shown}),
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # a lead comes through the door, with a submission that explains it

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # deleting rows one by one would leave the person in events and mails

    def get_queryset(self, request: HttpRequest) -> QuerySet[Lead]:
        rows: QuerySet[Lead] = super().get_queryset(request).annotate(believed=believed_gap())
        return with_waiting(rows, now=timezone.now())

    @display(description="Gap", ordering="believed", label=GAP_COLOURS)
    def show_gap(self, lead: Lead) -> tuple[str, str]:
        return lead.believed_gap, Lead.Gap(lead.believed_gap).label

    @display(description="Attention", ordering="has_failed", label={True: "danger"})
    def attention(self, lead: Any) -> tuple[bool, str] | str:
        waiting = [words for name, words in WAITS.items() if getattr(lead, name)]
        return (True, ", ".join(waiting)) if waiting else ""

    @display(description="Email")
    def address(self, lead: Lead) -> str:
        """With the domain as machines read it where that differs: а is not a."""
        ascii_domain = lead.email_key.rpartition("@")[2]
        return lead.email if lead.email.lower().endswith(f"@{ascii_domain}") else f"{lead.email} ({ascii_domain})"

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Without the buttons for who may only look."""
        fieldsets = super().get_fieldsets(request, obj)
        if self.has_change_permission(request, obj):
            return fieldsets
        return [
            (name, {**options, "fields": [field for field in options["fields"] if field not in FOR_EDITORS]})
            for name, options in fieldsets
        ]

    @display(description="Why")
    def verdict(self, lead: Lead) -> SafeString:
        submission = latest(lead)
        return told(submission.assessment) if submission else SafeString("-")

    @display(description="Submissions")
    def submissions(self, lead: Lead) -> SafeString:
        rows = lead.submissions.select_related("assessment").order_by("-created_at")
        return table(
            ("Sent (UTC)", "Verdict", "Asked for", "Message"),
            [
                (
                    link(row, f"{row.created_at:%Y-%m-%d %H:%M}"),
                    row.assessment.decision["gap"],
                    row.asked_for or "-",
                    preserved(row.message[:500]),
                )
                for row in rows
            ],
        )

    @display(description="Bookings")
    def bookings(self, lead: Lead) -> SafeString:
        return bookings_of(lead.pk)

    @display(description="Who, and why")
    def choices(self, lead: Lead) -> SafeString:
        return choices_of(lead.pk)

    @display(description="Brief for the advisor")
    def brief(self, lead: Lead) -> SafeString:
        return brief_of(lead.pk)

    @display(description="After it was sent")
    def clocks(self, lead: Lead) -> SafeString:
        return clocks_of(lead.pk)

    @display(description="Mails")
    def mails(self, lead: Lead) -> SafeString:
        return mails_of(lead.pk)

    @display(description="What goes out")
    def follow_ups(self, lead: Lead) -> SafeString:
        return follow_ups_of(lead)

    @display(description="What you know")
    def follow_up_moves(self, lead: Lead) -> SafeString:
        return follow_up_moves(lead)

    @display(description="Deliveries")
    def deliveries(self, lead: Lead) -> SafeString:
        return deliveries_of(lead.pk)

    @display(description="Move to")
    def moves(self, lead: Lead) -> SafeString:
        return SAVES_ON_ENTER + act_buttons(
            (reverse("admin:intake_lead_move", args=[lead.pk, stage.value]), stage.label)
            for stage in Lead.Stage
            if stage.value != lead.stage
        )

    def save_model(self, request: HttpRequest, obj: Lead, form: LeadForm, change: bool) -> None:  # noqa: FBT001
        """Only what was typed: the other columns may have moved on since the page was opened."""
        obj.save(update_fields=form.changed_data)
        self.save_typed(request, obj, form)

    def get_urls(self) -> list[URLPattern]:
        move = self.admin_site.admin_view(require_POST(self.move))
        return [path("<uuid:pk>/move/<slug:stage>/", move, name="intake_lead_move"), *super().get_urls()]

    def move(self, request: HttpRequest, pk: Any, stage: str) -> HttpResponse:
        lead = get_object_or_404(Lead, pk=pk)
        if not self.has_change_permission(request, lead) or stage not in Lead.Stage.values:
            raise PermissionDenied
        try:
            services.change_stage(lead, stage, now=timezone.now())
        except StaleTransition as error:
            self.message_user(request, str(error), messages.ERROR)
        else:
            self.log_change(request, lead, f"moved to {stage}")
            self.message_user(request, f"{lead} is now {Lead.Stage(stage).label.lower()}.", messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:intake_lead_change", args=[pk]))


def told(assessment: Assessment) -> SafeString:
    """The decision record as sentences, its statements in the words of their version."""
    decision, words = assessment.decision, wording(assessment.questionnaire_version)
    scores = f"CTO {decision['scores']['cto']}, AI {decision['scores']['ai']}, margin {decision['margin']}"
    asides = []
    if decision["intent"] != PROSPECT:
        asides.append(f"Writes as {decision['intent'].replace('_', ' ')}: the house books no time of itself.")
    if decision["best_guess"] != decision["gap"]:
        asides.append(f"Best guess: {Lead.Gap(decision['best_guess']).label}")
    parts = [
        format_html(
            "<p><b>{}</b>, {} ({}; ruleset {})</p>",
            Lead.Gap(decision["gap"]).label,
            decision["confidence"],
            scores,
            decision["ruleset"],
        ),
        *(format_html("<p>{}</p>", aside) for aside in asides),
        listing(_reason(reason) for reason in decision["reasons"]),
    ]
    for heading, lines in (
        ("What would change it", decision["would_change"]),
        ("What to ask", [words.get(key, key) for key in decision["tie_breaks"]]),
    ):
        if lines:
            parts.append(format_html("<p><b>{}</b></p>{}", heading, listing(lines)))
    return format_html_join("", "{}", ((part,) for part in parts))


def _reason(reason: dict[str, Any]) -> SafeString:
    mark = "for" if reason["direction"] == "for" else "against"
    said = format_html(" <q>{}</q>", reason["quote"]) if reason["quote"] else ""
    return format_html("{}{} <small>({} {})</small>", reason["text"], said, mark, reason["side"].upper())


@admin.register(Submission)
class SubmissionAdmin(SetsAside, ReadOnly):
    actions = ("set_aside",)
    list_display = ("created_at", "lead", "verdict", "asked_for", "set_aside_because", "is_test")
    list_filter = (Accepted, BelievedGapOfLead, "asked_for", "is_test", "created_at")
    list_select_related = ("lead", "assessment")
    search_fields = ("id", "lead__email", "lead__name", "lead__company", "message")
    ordering = ("-created_at",)
    exclude = ("idempotency_scope", "idempotency_key", "fingerprint", "first_assessment", "payload")
    readonly_fields = ("why", "answers", "as_received")

    @display(description="Verdict", ordering="assessment__decision__gap")
    def verdict(self, submission: Submission) -> str:
        return str(submission.assessment.decision["gap"])

    @display(description="Set aside because", ordering="quarantine_reasons")
    def set_aside_because(self, submission: Submission) -> str:
        return suspicion.in_words(submission.quarantine_reasons)

    @display(description="Why")
    def why(self, submission: Submission) -> SafeString:
        return told(submission.assessment)

    @display(description="Answers")
    def answers(self, submission: Submission) -> SafeString:
        assessment = submission.assessment
        words = wording(assessment.questionnaire_version)
        return table(("Statement", "Answer"), [(words.get(key, key), said) for key, said in assessment.answers.items()])


@admin.register(Questionnaire)
class QuestionnaireDesk(QuestionnaireAdmin):
    """A draft is tried on what was accepted, and the page leads to who sent it."""

    def past(self) -> QuerySet[Assessment]:
        return services.judged()

    def whose(self, moves: Sequence[Move]) -> dict[int, SafeString]:
        ids = [move.assessment_id for move in moves]
        rows = Submission.objects.filter(assessment__in=ids).select_related("lead")
        return {row.assessment_id: link(row, f"{row.lead}, {row.created_at:%Y-%m-%d}") for row in rows}


@admin.register(Firm)
class FirmAdmin(ModelAdmin):
    list_display = ("name", "reply_to", "address")
    formfield_overrides = {models.URLField: {"assume_scheme": "https"}}

    def has_add_permission(self, request: HttpRequest) -> bool:
        return not Firm.objects.exists()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


admin.site.unregister(User)
admin.site.unregister(Group)


@admin.register(User)
class UserAdmin(DjangoUserAdmin, ModelAdmin):
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm


@admin.register(Group)
class GroupAdmin(DjangoGroupAdmin, ModelAdmin):
    pass
