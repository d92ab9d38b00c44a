"""What staff know better than the judge, on a lead's page: correct the gap, and record what a conversation showed.

The part of `intake.admin` for that; `intake.corrections` and `assessments.outcomes` do the work. The fields belong
to the surrounding form of the page, so that its CSRF token goes along.
"""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST
from unfold.decorators import display
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget

from assessments import outcomes
from assessments.models import Outcome
from assessments.outcomes import Found
from intake.corrections import correct_gap, latest
from intake.models import Lead
from outbox.desk import listing, preserved, table

BUTTON = "cursor:pointer;border:1px solid currentColor;border-radius:.4rem;padding:.25rem .7rem;margin:0 .4rem .4rem 0"
ROW = "display:grid;gap:.25rem;margin-bottom:.75rem;max-width:42rem"
SIDES = [("", "Even, or not known"), ("cto", "CTO"), ("ai", "AI officer")]


def _choices(empty: str) -> list[tuple[str, str]]:
    return [("", empty), *Lead.Gap.choices]


def _text(**options: Any) -> forms.CharField:
    return forms.CharField(max_length=2000, widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}), **options)


class InPageForm(forms.Form):
    """A form inside the form of the page: an empty field of it must not keep the page from being saved."""

    use_required_attribute = False

    def as_rows(self) -> SafeString:
        return format_html_join(
            "",
            '<div style="{}"><label for="{}"><b>{}</b></label>{}</div>',
            ((ROW, field.id_for_label, field.label, field) for field in self),
        )

    @property
    def problems(self) -> str:
        return " ".join(f"{self.fields[name].label}: {texts[0]}" for name, texts in self.errors.items())


class CorrectionForm(InPageForm):
    gap = forms.ChoiceField(
        label="The gap really is",
        choices=_choices("Choose"),
        widget=UnfoldAdminSelectWidget,
        error_messages={"required": "choose what it really is."},
    )
    reason = _text(label="How you know", error_messages={"required": "say it in a few words."})


class OutcomeForm(InPageForm):
    gap = forms.ChoiceField(
        label="In the conversation it turned out to be",
        choices=_choices("Choose"),
        widget=UnfoldAdminSelectWidget,
        error_messages={"required": "choose what it turned out to be."},
    )
    primary = forms.ChoiceField(
        label="Of both, the heavier side", choices=SIDES, required=False, widget=UnfoldAdminSelectWidget
    )
    note = _text(label="Note", required=False)

    def clean_primary(self) -> str:
        primary = str(self.cleaned_data["primary"])
        if primary and self.cleaned_data.get("gap", "both") != "both":
            raise forms.ValidationError("only both has one. Leave it empty.")
        return primary


class VerdictDesk:
    """Mixed into the admin of leads."""

    fields_shown = ("corrections", "correct", "outcome", "record")
    forms_shown = ("correct", "record")
    admin_site: Any

    # --- shown ------------------------------------------------------------------------------------------

    @display(description="Corrections")
    def corrections(self, lead: Lead) -> SafeString:
        rows = lead.corrections.select_related("corrected_by").order_by("-corrected_at", "-pk")
        return table(
            ("When (UTC)", "From", "To", "By", "Reason"),
            [
                (
                    f"{row.corrected_at:%Y-%m-%d %H:%M}",
                    row.get_before_display(),
                    row.get_gap_display() if row.gap else "As judged",
                    row.corrected_by or "-",
                    preserved(row.reason),
                )
                for row in rows
            ],
            empty="Nobody has corrected the gap.",
        )

    @display(description="Correct the gap")
    def correct(self, lead: Lead) -> SafeString:
        buttons = [("admin:intake_lead_correct", "Correct the gap")]
        if lead.corrected_gap:
            buttons.append(("admin:intake_lead_uncorrect", "Take the correction back"))
        form = CorrectionForm(prefix="correction", initial={"gap": lead.corrected_gap})
        what = "Holds for this person from now on. A held time may go to another advisor; a confirmed one stays."
        return _form(lead, form, what, buttons)

    @display(description="What it turned out to be")
    def outcome(self, lead: Lead) -> SafeString:
        outcome = _outcome(lead)
        if outcome is None:
            return SafeString("Not recorded yet.")
        side = f", {outcome.primary.upper()} first" if outcome.primary else ""
        by = f" by {outcome.recorded_by}" if outcome.recorded_by else ""
        said = f"{outcome.get_gap_display()}{side}: {outcome.get_source_display().lower()}{by}"
        return listing(
            [f"{said}, {outcome.recorded_at:%Y-%m-%d %H:%M} UTC", preserved(outcome.note)][: 1 + bool(outcome.note)]
        )

    @display(description="Record it")
    def record(self, lead: Lead) -> SafeString:
        outcome = _outcome(lead)
        known = {name: getattr(outcome, name) for name in ("gap", "primary", "note")} if outcome else {}
        form = OutcomeForm(prefix="outcome", initial=known)
        what = (
            "Measures the verdict on what was sent last, and changes nothing about the person. Record again to change."
        )
        return _form(lead, form, what, [("admin:intake_lead_record", "Record the real gap")])

    # --- done -------------------------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        views = {"correct": self.do_correct, "uncorrect": self.do_uncorrect, "record": self.do_record}
        urls: list[URLPattern] = super().get_urls()  # type: ignore[misc]  # of the admin that this is mixed into
        return [
            path(f"<uuid:pk>/{name}/", self.admin_site.admin_view(require_POST(view)), name=f"intake_lead_{name}")
            for name, view in views.items()
        ] + urls

    def do_correct(self, request: HttpRequest, pk: Any) -> HttpResponse:
        lead = self._lead(request, pk)
        form = CorrectionForm(request.POST, prefix="correction")
        if not form.is_valid():
            return self._back(request, lead, error=form.problems)
        return self._corrected(request, lead, form.cleaned_data["gap"], form.cleaned_data["reason"])

    def do_uncorrect(self, request: HttpRequest, pk: Any) -> HttpResponse:
        lead = self._lead(request, pk)
        reason = CorrectionForm(request.POST, prefix="correction").data.get("correction-reason", "")
        return self._corrected(request, lead, "", reason.replace("\x00", "")[:2000])

    def _corrected(self, request: HttpRequest, lead: Lead, gap: str, reason: str) -> HttpResponse:
        changed = correct_gap(lead, gap, reason=reason, by=request.user, now=timezone.now())  # type: ignore[arg-type]
        believed = Lead.Gap(lead.believed_gap).label
        if not changed:
            return self._back(request, lead, done=f"It stood so already: {believed}.")
        did = f"corrected the gap to {gap}" if gap else "took the correction of the gap back"
        return self._back(request, lead, did=did, done=f"The gap of {lead} is now {believed}.")

    def do_record(self, request: HttpRequest, pk: Any) -> HttpResponse:
        lead = self._lead(request, pk)
        form = OutcomeForm(request.POST, prefix="outcome")
        submission = latest(lead)
        if submission is None or submission.is_test:
            return self._back(request, lead, error="There is no verdict to measure: nothing but tests was sent.")
        if not form.is_valid():
            return self._back(request, lead, error=form.problems)
        found = Found(**form.cleaned_data)
        outcomes.record(submission.assessment, found, by=request.user, now=timezone.now())  # type: ignore[arg-type]
        real = Lead.Gap(found.gap).label
        return self._back(request, lead, did=f"recorded the real gap: {found.gap}", done=f"Recorded: {real}.")

    def _lead(self, request: HttpRequest, pk: Any) -> Lead:
        lead = get_object_or_404(Lead, pk=pk)
        if not self.has_change_permission(request, lead):  # type: ignore[attr-defined]
            raise PermissionDenied
        return lead

    def _back(
        self, request: HttpRequest, lead: Lead, *, did: str = "", done: str = "", error: str = ""
    ) -> HttpResponse:
        if did:
            self.log_change(request, lead, did)  # type: ignore[attr-defined]
        messages.add_message(request, messages.ERROR if error else messages.SUCCESS, error or done)
        return HttpResponseRedirect(reverse("admin:intake_lead_change", args=[lead.pk]))


def _form(lead: Lead, form: InPageForm, what: str, buttons: list[tuple[str, str]]) -> SafeString:
    rows = ((reverse(name, args=[lead.pk]), BUTTON, label) for name, label in buttons)
    return format_html(
        '<p style="margin-bottom:.75rem">{}</p>{}{}',
        what,
        form.as_rows(),
        format_html_join("", '<button type="submit" formaction="{}" formnovalidate style="{}">{}</button>', rows),
    )


def _outcome(lead: Lead) -> Outcome | None:
    submission = latest(lead)
    if submission is None:
        return None
    return Outcome.objects.select_related("recorded_by").filter(assessment=submission.assessment_id).first()
