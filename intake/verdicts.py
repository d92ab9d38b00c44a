"""What staff know better than the judge, on a lead's page: correct the gap, and record what a conversation showed.

The part of `intake.admin` for that; `intake.corrections` and `assessments.outcomes` do the work. The fields belong
to the surrounding form of the page, so that its CSRF token goes along.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST
from unfold.decorators import display

from assessments import outcomes
from assessments.models import Outcome
from assessments.outcomes import Found
from intake.corrections import correct_gap, latest
from intake.models import Lead, Submission
from intake.verdict_forms import CorrectionForm, InPageForm, LeadForm, OutcomeForm, TakeBackForm
from outbox.desk import act_buttons, listing, preserved, table

SAVES = {"_save", "_continue", "_addanother", "_saveasnew"}
NOTHING_TO_MEASURE = "There is no verdict to measure: nothing but tests was sent."


class VerdictDesk:
    """Mixed into the admin of leads."""

    form = LeadForm

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
        form = CorrectionForm(_sent(lead), prefix="correction", initial={"gap": lead.corrected_gap})
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
        form = OutcomeForm(_sent(lead), prefix="outcome", initial=known)
        what = (
            "Measures the verdict on what was sent last, and changes nothing about the person. Record again to change."
        )
        return _form(lead, form, what, [("admin:intake_lead_record", "Record the real gap")])

    # --- done -------------------------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        views = {"correct": self.do_correct, "uncorrect": self.do_uncorrect, "record": self.do_record}
        urls: list[URLPattern] = super().get_urls()  # type: ignore[misc]  # of the admin that this is mixed into
        return [
            path(
                f"<uuid:pk>/{name}/",
                self.admin_site.admin_view(require_POST(partial(self._pressed, view))),
                name=f"intake_lead_{name}",
            )
            for name, view in views.items()
        ] + urls

    def _pressed(self, view: Callable[..., HttpResponse], request: HttpRequest, pk: Any) -> HttpResponse:
        """A page that came back stands under the address of its button, and *Save* may be sent there, too."""
        return self._page(request, pk) if SAVES & request.POST.keys() else view(request, pk)

    def _page(self, request: HttpRequest, pk: Any) -> HttpResponse:
        request.path = request.path_info = reverse("admin:intake_lead_change", args=[pk])
        response: HttpResponse = self.changeform_view(request, str(pk))  # type: ignore[attr-defined]
        return response

    def _refuse(self, request: HttpRequest, lead: Lead, problem: str) -> HttpResponse:
        """The page as it was sent, with everything that was typed into any of its forms."""
        request.refused = problem  # type: ignore[attr-defined]
        return self._page(request, lead.pk)

    def get_form(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        form = super().get_form(request, *args, **kwargs)  # type: ignore[misc]
        form.refused = getattr(request, "refused", "")
        return form

    def get_object(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        lead = super().get_object(request, *args, **kwargs)  # type: ignore[misc]
        if lead is not None and request.method == "POST":
            lead.sent = request.POST  # for the forms in the page, which are shown by the lead alone
        return lead

    def save_typed(self, request: HttpRequest, lead: Lead, form: LeadForm) -> None:
        """What was typed into the forms of the page, with the page."""
        for typed in form.typed():
            if isinstance(typed, CorrectionForm) and typed.is_valid():
                self._correct(request, lead, **typed.cleaned_data)
            elif typed.is_valid():
                self._record(request, lead, Found(**typed.cleaned_data))

    def do_correct(self, request: HttpRequest, pk: Any) -> HttpResponse:
        lead = self._lead(request, pk)
        form = CorrectionForm(request.POST, prefix="correction")
        if not form.is_valid():
            return self._refuse(request, lead, form.problems)
        self._correct(request, lead, **form.cleaned_data)
        return _back(lead)

    def do_uncorrect(self, request: HttpRequest, pk: Any) -> HttpResponse:
        lead = self._lead(request, pk)
        form = TakeBackForm(request.POST, prefix="correction")
        if not form.is_valid():
            return self._refuse(request, lead, form.problems)
        self._correct(request, lead, "", **form.cleaned_data)
        return _back(lead)

    def do_record(self, request: HttpRequest, pk: Any) -> HttpResponse:
        lead = self._lead(request, pk)
        form = OutcomeForm(request.POST, prefix="outcome")
        if not _measured(lead):
            return self._refuse(request, lead, NOTHING_TO_MEASURE)
        if not form.is_valid():
            return self._refuse(request, lead, form.problems)
        self._record(request, lead, Found(**form.cleaned_data))
        return _back(lead)

    def _correct(self, request: HttpRequest, lead: Lead, gap: str, reason: str) -> None:
        changed = correct_gap(lead, gap, reason=reason, by=request.user, now=timezone.now())  # type: ignore[arg-type]
        believed = Lead.Gap(lead.believed_gap).label
        if not changed:
            messages.success(request, f"It stood so already: {believed}.")
            return
        did = f"corrected the gap to {gap}" if gap else "took the correction of the gap back"
        self.log_change(request, lead, did)  # type: ignore[attr-defined]
        messages.success(request, f"The gap of {lead} is now {believed}.")

    def _record(self, request: HttpRequest, lead: Lead, found: Found) -> None:
        submission = _measured(lead)
        if submission is None:
            messages.error(request, NOTHING_TO_MEASURE)
            return
        outcomes.record(submission.assessment, found, by=request.user, now=timezone.now())  # type: ignore[arg-type]
        self.log_change(request, lead, f"recorded the real gap: {found.gap}")  # type: ignore[attr-defined]
        messages.success(request, f"Recorded: {Lead.Gap(found.gap).label}.")

    def _lead(self, request: HttpRequest, pk: Any) -> Lead:
        lead = get_object_or_404(Lead, pk=pk)
        if not self.has_change_permission(request, lead):  # type: ignore[attr-defined]
            raise PermissionDenied
        return lead


def _back(lead: Lead) -> HttpResponse:
    return HttpResponseRedirect(reverse("admin:intake_lead_change", args=[lead.pk]))


def _sent(lead: Lead) -> QueryDict | None:
    return getattr(lead, "sent", None)


def _measured(lead: Lead) -> Submission | None:
    """The enquiry whose verdict an outcome is about; None where there are but tests."""
    submission = latest(lead)
    return None if submission is None or submission.is_test else submission


def _form(lead: Lead, form: InPageForm, what: str, buttons: list[tuple[str, str]]) -> SafeString:
    return format_html(
        '<p style="margin-bottom:.75rem">{}</p>{}{}',
        what,
        form.as_rows(),
        act_buttons((reverse(name, args=[lead.pk]), label) for name, label in buttons),
    )


def _outcome(lead: Lead) -> Outcome | None:
    submission = latest(lead)
    if submission is None:
        return None
    return Outcome.objects.select_related("recorded_by").filter(assessment=submission.assessment_id).first()
