"""A draft as a form: one row for each statement, its errors beside their fields."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, cast

from django import forms
from unfold.widgets import (
    UnfoldAdminExpandableTextareaWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from assessments import publishing, services
from assessments.models import QuestionnaireVersion
from assessments.rulesets import Signal

SIDES = (("cto", "CTO"), ("ai", "AI"))


class Words(forms.CharField):
    """Text on one line, however it was pasted."""

    def __init__(self, label: str, *, help_text: str = "") -> None:
        widget = UnfoldAdminExpandableTextareaWidget(attrs={"rows": 2})
        super().__init__(label=label, required=False, help_text=help_text, widget=widget)

    def to_python(self, value: Any) -> str:
        return " ".join(str(super().to_python(value)).split())


class StatementForm(forms.Form):
    """What is required, and how long a text may be, says `publishing.flaws`: the same rules as at publishing."""

    key = forms.CharField(required=False, widget=UnfoldAdminTextInputWidget(attrs={"spellcheck": "false"}))
    side = forms.ChoiceField(choices=SIDES, initial="cto", widget=UnfoldAdminSelectWidget)
    weight = forms.FloatField(
        required=False, initial=0.35, widget=UnfoldAdminTextInputWidget(attrs={"inputmode": "decimal"})
    )
    quick = forms.BooleanField(required=False, label="Quick check", widget=UnfoldBooleanWidget)
    wish = forms.BooleanField(required=False, label="A wish", widget=UnfoldBooleanWidget)
    text = Words("Statement")
    help = Words("Help", help_text="Optional: shown under the statement.")
    affirmed = Words("Told back after a yes")
    denied = Words("Told back after a no")

    def clean(self) -> dict[str, Any]:
        for name, sentence in publishing.flaws(self.signal()).items():
            if name not in self.errors:
                self.add_error(name, sentence)
        return self.cleaned_data

    def signal(self) -> Signal:
        """As it was typed, for better or worse."""
        texts = {name: self.cleaned_data.get(name, "") for name in ("key", "side", *publishing.LONGEST)}
        ticks = {name: self.cleaned_data.get(name, False) for name in ("quick", "wish")}
        weight = self.cleaned_data.get("weight")
        return Signal(weight=0.0 if weight is None else round(weight, 3), **texts, **ticks)


class BaseStatements(forms.BaseFormSet):
    """All rows in the order of their places; one that is marked as removed is not looked at."""

    ordering_widget = UnfoldAdminIntegerFieldWidget
    deletion_widget = UnfoldBooleanWidget
    default_error_messages = {
        **forms.BaseFormSet.default_error_messages,
        "too_many_forms": f"There may be {publishing.MOST_STATEMENTS} statements. Remove some.",
        "too_few_forms": "Keep a statement. To throw everything away, discard the draft.",
    }

    def clean(self) -> None:
        rows = [(form.signal(), form) for form in self.forms if self._counts(form)]
        for signal, (field, sentence) in publishing.repeated(tuple(signal for signal, _ in rows)):
            next(form for row, form in rows if row is signal).add_error(field, sentence)

    def _counts(self, form: StatementForm) -> bool:
        """Neither removed nor a new row that was left empty."""
        return form.cleaned_data != {} and not form.cleaned_data.get("DELETE")

    def signals(self) -> list[Signal]:
        """The statements of a form without errors."""
        return [form.signal() for form in self.ordered_forms]


Statements = forms.formset_factory(
    StatementForm,
    formset=BaseStatements,
    extra=0,
    can_order=True,
    can_delete=True,
    min_num=1,
    validate_min=True,
    max_num=publishing.MOST_STATEMENTS,
    validate_max=True,
    absolute_max=2 * publishing.MOST_STATEMENTS,  # a row more than allowed gets an answer, not a crash
)


def statements_form(draft: QuestionnaireVersion, data: Mapping[str, Any] | None = None) -> BaseStatements:
    """The draft as it stands, or as it was sent."""
    given = {"data": data} if data is not None else {"initial": list(map(asdict, services.signals_of(draft)))}
    return cast(BaseStatements, Statements(prefix="row", **given))
