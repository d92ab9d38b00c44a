"""Editing a lead at the desk touches what was typed and nothing that moved on meanwhile."""

import pytest
from django.urls import reverse

from intake.models import Lead
from tests.factories import make_submission

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("house")]


def form_of(client, lead):
    page = client.get(reverse("admin:intake_lead_change", args=[lead.pk]))
    form = page.context["adminform"].form
    return {name: form[name].value() or "" for name in form.fields}


def test_saving_keeps_what_moved_on_since_the_page_was_opened(admin_client):
    lead = make_submission().lead
    url = reverse("admin:intake_lead_change", args=[lead.pk])
    typed = {**form_of(admin_client, lead), "phone": "+49 30 1234"}
    original = Lead.save

    def save_after_somebody_else(self, *args, **kwargs):
        Lead.objects.filter(pk=lead.pk).update(event_sequence=7, stage="met", company="Engines GmbH")
        original(self, *args, **kwargs)

    Lead.save = save_after_somebody_else
    try:
        answer = admin_client.post(url, {**typed, "_save": "1"})
    finally:
        Lead.save = original

    lead.refresh_from_db()
    assert answer.status_code == 302
    assert (lead.phone, lead.event_sequence, lead.stage, lead.company) == ("+49 30 1234", 7, "met", "Engines GmbH")


def test_enter_key_saves_and_moves_nothing(admin_client):
    """A browser presses the first submit button of the form in the order of the page."""
    lead = make_submission().lead

    page = admin_client.get(reverse("admin:intake_lead_change", args=[lead.pk])).content.decode()

    form = page[page.index('id="lead_form"') :]
    first = form[form.index('<button type="submit"') :].split(">", 1)[0]
    assert 'name="_save"' in first
    assert "formaction" not in first
