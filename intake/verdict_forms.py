"""The forms in a lead's page: a correction, an outcome, and the page's own, which is saved or refused with them.

Shown and acted on by `intake.verdicts`.
"""

from typing import Any

from django import forms
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget

from intake.models import Lead

ROW = "display:grid;gap:.25rem;margin-bottom:.75rem;max-width:42rem"
SIDES = [("", "Even, or not known"), ("cto", "CTO"), ("ai", "AI officer")]


def _choices(empty: str) -> list[tuple[str, str]]:
    return [("", empty), *Lead.Gap.choices]


class LongText(forms.CharField):
    """Counted as the browser counts it: the end of a line is one character, not two."""

    def to_python(self, value: Any) -> str:
        return str(super().to_python(value)).replace("\r\n", "\n")


def _text(**options: Any) -> forms.CharField:
    widget = UnfoldAdminTextareaWidget(attrs={"rows": 2})
    return LongText(max_length=2000, widget=widget, show_hidden_initial=True, **options)


def _choice(**options: Any) -> forms.ChoiceField:
    return forms.ChoiceField(widget=UnfoldAdminSelectWidget, show_hidden_initial=True, **options)


class InPageForm(forms.Form):
    """A form inside the form of the page: an empty field of it must not keep the page from being saved.

    What it was shown with goes along unseen, so that only what was typed counts as typed: somebody else may have
    corrected or recorded something since.
    """

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
    gap = _choice(
        label="The gap really is",
        choices=_choices("Choose"),
        error_messages={"required": "choose what it really is."},
    )
    reason = _text(label="How you know", error_messages={"required": "say it in a few words."})


class TakeBackForm(InPageForm):
    """The same fields; a reason may be left out, and the gap says nothing here."""

    reason = _text(label="How you know", required=False)


class OutcomeForm(InPageForm):
    gap = _choice(
        label="In the conversation it turned out to be",
        choices=_choices("Choose"),
        error_messages={"required": "choose what it turned out to be."},
    )
    primary = _choice(label="Of both, the heavier side", choices=SIDES, required=False)
    note = _text(label="Note", required=False)

    def clean_primary(self) -> str:
        primary = str(self.cleaned_data["primary"])
        if primary and self.cleaned_data.get("gap", "both") != "both":
            raise forms.ValidationError("only both has one. Leave it empty.")
        return primary


class LeadForm(forms.ModelForm):
    """The page of a lead, with the forms that stand in it: saved together, or refused together."""

    refused = ""  # by a button of the page

    def clean(self) -> dict[str, Any] | None:
        problems = [form.problems for form in self.typed() if not form.is_valid()]
        for problem in [self.refused] if self.refused else problems:
            self.add_error(None, problem)
        return super().clean()

    def typed(self) -> list[InPageForm]:
        """Those in which something was typed."""
        correction, outcome = CorrectionForm(self.data, prefix="correction"), OutcomeForm(self.data, prefix="outcome")
        return [form for form in (correction, outcome) if form.has_changed()]
