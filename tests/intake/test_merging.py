"""Two leads that are one person become one: shown first, with all history, and refused where staff have to decide."""

from datetime import timedelta

import pytest
from django.utils import timezone

from intake import merging, persons
from intake.merging import UnableToMerge
from intake.models import Lead, LeadAlias, Submission
from notifications.models import FollowUp, Mail
from notifications.sequences import start_sequences
from outbox.models import Event
from scheduling import calls
from scheduling.models import Booking
from tests.factories import CTO_ANSWERS, make_submission, run_delivery
from tests.intake.lives import make_lead_with_a_life

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("house")]
CONSENT = {"follow_up": True, "text": "Yes."}


@pytest.fixture
def pair(mail_server):
    kept = make_submission(email="ada@work.example.com", company="").lead
    lost = make_lead_with_a_life(email="ada@home.example.com", company="Engines Ltd", answers=CTO_ANSWERS)
    return kept, lost


def test_everything_of_the_other_becomes_the_kept_leads(pair):
    kept, lost = pair
    mails, first = Mail.objects.filter(lead=lost).count(), lost.created_at

    merging.merge(kept, lost, by=None, now=timezone.now())

    kept.refresh_from_db()
    assert list(Lead.objects.all()) == [kept]
    assert kept.submissions.count() == 2
    assert Mail.objects.filter(lead=kept).count() == mails > 0
    assert Booking.objects.get().submission.lead == kept
    assert (kept.company, kept.gap, kept.email) == ("Engines Ltd", "cto", "ada@work.example.com")
    assert kept.created_at <= first
    assert LeadAlias.objects.get().email_key == "ada@home.example.com"


def test_what_comes_from_the_other_address_later_is_the_kept_leads(pair):
    kept, lost = pair
    merging.merge(kept, lost, by=None, now=timezone.now())

    later = make_submission(email="ADA@home.example.com", message="Me again.")

    assert later.lead == kept
    assert Lead.objects.count() == 1
    numbers = list(Event.objects.filter(subject=kept.pk).order_by("sequence").values_list("sequence", flat=True))
    assert numbers == list(range(1, len(numbers) + 1))


def test_a_step_that_both_have_is_sent_once():
    rows = [make_submission(email=f"ada@{where}.example.com", consent=CONSENT) for where in ("work", "home")]
    run_delivery("notifications.start_sequences", start_sequences)
    kept, lost = (row.lead for row in rows)

    merging.merge(kept, lost, by=None, now=timezone.now())

    statuses = sorted(FollowUp.objects.filter(lead=kept).values_list("status", flat=True))
    assert statuses == ["planned", "planned", "skipped", "skipped"]


def test_two_conversations_ahead_are_for_staff_to_decide():
    rows = [make_submission(email=f"ada@{where}.example.com") for where in ("work", "home")]
    run_delivery("scheduling.book_call", calls.book_call)
    kept, lost = (row.lead for row in rows)

    with pytest.raises(UnableToMerge, match="Cancel one of the two first"):
        merging.merge(kept, lost, by=None, now=timezone.now())
    with pytest.raises(UnableToMerge, match="same lead"):
        merging.merge(kept, kept, by=None, now=timezone.now())

    assert (Lead.objects.count(), LeadAlias.objects.count()) == (2, 0)


def test_staff_see_what_would_move_before_it_moves(admin_client, pair):
    kept, lost = pair
    url = f"/admin/intake/lead/{kept.pk}/merge/"

    asked = admin_client.get(url).content.decode()
    shown = admin_client.get(url, {"address": "Ada@home.example.com"}).content.decode()
    nobody = admin_client.get(url, {"address": "x@example.com"}).content.decode()
    assert Lead.objects.count() == 2
    admin_client.post(url, {"address": lost.email, "sure": "yes"})

    assert "Mail address of the other lead" in asked
    assert "1 × conversations" in shown
    assert "There is no lead with this address" in nobody
    assert Lead.objects.get() == kept
    assert "ada@home.example.com" in admin_client.get(f"/admin/intake/lead/{kept.pk}/change/").content.decode()


def test_erasing_reaches_what_was_merged(pair):
    kept, lost = pair
    merging.merge(kept, lost, by=None, now=timezone.now())

    persons.erase(persons.find("ada@home.example.com"), now=timezone.now())

    # The one that is left is somebody else's, in quarantine.
    assert not Submission.objects.exclude(lead=None).exists()
    assert (Lead.objects.count(), LeadAlias.objects.count()) == (0, 0)
    left = Event.objects.filter(subject__in=[kept.pk, lost.pk]).exclude(type="lead.erased")
    assert {str(event.data) for event in left} == {"{}"}


def test_first_and_last_touch_stand_on_the_leads_page(admin_client):
    now = timezone.now()
    make_submission(now=now - timedelta(days=3), attribution={"utm_source": "newsletter"})
    lead = make_submission(attribution={"utm_source": "fair"}, message="Again.").lead

    page = admin_client.get(f"/admin/intake/lead/{lead.pk}/change/").content.decode()

    assert page.index("utm_source: newsletter") < page.index("utm_source: fair")
