"""A person as a whole at the desk: touches first and last, merging two leads, erasing one; each shows first, then does.

Part of `intake.admin.LeadAdmin`; `intake.persons` and `intake.merging` do the work.
"""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin
from unfold.decorators import display

from intake import merging, persons, services
from intake.merging import UnableToMerge
from intake.models import Lead
from outbox.desk import act_link, table

NOBODY = "There is no lead with this address."


class PersonPages(ModelAdmin):
    person_shown = ("touches", "other_addresses", "as_a_whole")

    def get_urls(self) -> list[URLPattern]:
        pages = (("erase", self.erase), ("merge", self.merge))
        own = [
            path(f"<uuid:pk>/{name}/", self.admin_site.admin_view(view), name=f"intake_lead_{name}")
            for name, view in pages
        ]
        return [*own, *super().get_urls()]

    @display(description="First and last touch")
    def touches(self, lead: Lead) -> SafeString:
        """Where they came from, by their first and by their last enquiry."""
        rows = lead.submissions.filter(is_test=False).order_by("created_at")
        ends = [("First", rows.first()), ("Last", rows.last())]
        told = [
            (name, f"{row.created_at:%Y-%m-%d}", ", ".join(f"{key}: {value}" for key, value in row.attribution.items()))
            for name, row in ends
            if row is not None
        ]
        return table(("Touch", "On", "From"), told)

    @display(description="Other addresses")
    def other_addresses(self, lead: Lead) -> str:
        return ", ".join(lead.aliases.values_list("email_key", flat=True)) or "-"

    @display(description="What can be done")
    def as_a_whole(self, lead: Lead) -> SafeString:
        return format_html(
            "{}{}",
            act_link(reverse("admin:intake_lead_merge", args=[lead.pk]), "Merge another lead into this one …"),
            act_link(reverse("admin:intake_lead_erase", args=[lead.pk]), "Erase this person …"),
        )

    # --- merging ----------------------------------------------------------------------------------------

    def merge(self, request: HttpRequest, pk: Any) -> HttpResponse:
        """Asks for the other address, shows what would move, and moves it by a POST that says so."""
        kept = self._editable(request, pk)
        address = request.POST.get("address", request.GET.get("address", "")).strip()
        lost = services.lead_of(address) if address else None
        if request.method == "POST" and request.POST.get("sure") == "yes" and lost is not None:
            return self._merge(request, kept, lost)
        context: dict[str, Any] = {"lead": kept, "address": address, "lost": lost}
        if lost is not None:
            counts, context["obstacles"] = merging.preview(kept, lost)
            context["counts"] = counts.items()
        elif address:
            context["obstacles"] = [NOBODY]
        return self._shown(request, "merge", f"Merge into {kept}", **context)

    def _merge(self, request: HttpRequest, kept: Lead, lost: Lead) -> HttpResponse:
        try:
            merging.merge(kept, lost, by=request.user, now=timezone.now())
        except UnableToMerge as error:
            self.message_user(request, f"Not merged: {error}", messages.ERROR)
            return HttpResponseRedirect(reverse("admin:intake_lead_merge", args=[kept.pk]))
        self.log_change(request, kept, "took in another lead")
        self.message_user(request, "The two are one lead now, with everything of both.", messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:intake_lead_change", args=[kept.pk]))

    # --- erasing ----------------------------------------------------------------------------------------

    def erase(self, request: HttpRequest, pk: Any) -> HttpResponse:
        """What would go, and then, by a POST that says so, all of it."""
        lead = self._editable(request, pk)
        if not request.user.has_perm("intake.delete_lead"):
            raise PermissionDenied
        person = persons.of_lead(lead)
        if request.method == "POST" and request.POST.get("sure") == "yes":
            persons.erase(person, now=timezone.now())
            self.message_user(request, "Everything about this person is erased.", messages.SUCCESS)
            return HttpResponseRedirect(reverse("admin:intake_lead_changelist"))
        found = persons.export(person)
        counts = [(name.replace("_", " "), len(rows)) for name, rows in found.items() if isinstance(rows, list)]
        return self._shown(request, "erase", f"Erase {lead}", lead=lead, counts=counts)

    def _editable(self, request: HttpRequest, pk: Any) -> Lead:
        lead = get_object_or_404(Lead, pk=pk)
        if not self.has_change_permission(request, lead):
            raise PermissionDenied
        return lead

    def _shown(self, request: HttpRequest, name: str, title: str, **context: Any) -> HttpResponse:
        shared = {**self.admin_site.each_context(request), "opts": self.opts, "title": title}
        return TemplateResponse(request, f"intake/{name}.html", {**shared, **context})
