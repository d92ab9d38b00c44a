"""Staff know better: correcting a gap, taking it back, and recording what a conversation showed, at the desk."""

import re

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from assessments.models import Assessment, Outcome
from intake import corrections
from intake.corrections import ReasonMissing, correct_gap
from intake.models import Correction, Lead
from intake.reassess import reassess
from outbox.models import Event
from tests.factories import AI_ANSWERS, BOTH_ANSWERS, CTO_ANSWERS, make_submission, published
from tests.intake.lives import list_url, page_url
from tests.intake.payloads import PAYLOADS
from tests.intake.test_xss import Page
from tests.staff import staff

pytestmark = pytest.mark.django_db

RECEIVED = {"lead.created": 1, "lead.assessed": 1}


@pytest.fixture
def lead(house) -> Lead:
    return make_submission(company_size="11-50").lead


@pytest.fixture
def admin(admin_user) -> Client:
    """The lead's page in the browser of an administrator."""
    client = Client(raise_request_exception=False)
    client.force_login(admin_user)
    return client


def act(client: Client, lead: Lead, name: str, **fields: str) -> HttpResponse:
    prefix = "outcome" if name == "record" else "correction"
    named = {f"{prefix}-{field}": value for field, value in fields.items()}
    return client.post(reverse(f"admin:intake_lead_{name}", args=[lead.pk]), named, follow=True)


def correct(lead: Lead, gap: str, reason: str = "They said so.") -> bool:
    return correct_gap(lead, gap, reason=reason, by=None, now=timezone.now())


def log() -> list[str]:
    return list(LogEntry.objects.order_by("action_time").values_list("change_message", flat=True))


# --- correcting -----------------------------------------------------------------------------------------


def test_gap_is_corrected_with_a_reason_told_and_logged(admin, admin_user, lead):
    response = act(admin, lead, "correct", gap="cto", reason="Their CTO left last week.")

    stored, row = Lead.objects.get(), Correction.objects.get()
    event = Event.objects.get(type="lead.reassessed")
    assert "The gap of Ada Lovelace is now CTO." in response.content.decode()
    assert (stored.gap, stored.corrected_gap, stored.believed_gap) == ("ai", "cto", "cto")
    assert (row.before, row.gap, row.reason, row.corrected_by) == ("ai", "cto", "Their CTO left last week.", admin_user)
    assert row.assessment == lead.submissions.get().assessment
    assert (event.data["lead"]["gap"], event.data["assessment"]["gap"]) == ("cto", "ai")
    assert "left last week" not in str(event.data)
    assert (published(), log()) == (RECEIVED | {"lead.reassessed": 1}, ["corrected the gap to cto"])
    assert Assessment.objects.get().decision["gap"] == "ai"


def test_history_of_corrections_stays_to_be_read(admin, lead):
    act(admin, lead, "correct", gap="cto", reason="First thought.")
    act(admin, lead, "correct", gap="both", reason="Second thought.")
    page = act(admin, lead, "uncorrect", reason="Was wrong.").content.decode()

    assert Lead.objects.get().believed_gap == "ai"
    assert list(Correction.objects.order_by("pk").values_list("before", "gap")) == [
        ("ai", "cto"), ("cto", "both"), ("both", ""),
    ]  # fmt: skip
    assert all(reason in page for reason in ("First thought.", "Second thought.", "Was wrong."))
    assert published()["lead.reassessed"] == 3
    assert Event.objects.filter(type="lead.reassessed").order_by("sequence").last().data["lead"]["gap"] == "ai"


ENGAGEMENTS = [
    ("cto", "11-50", "cto", "fractional_cto"),
    ("ai", "11-50", "ai", "fractional_ai_officer"),
    ("both", "11-50", None, "one_leader_for_both"),
    ("both", "1000+", None, "cto_and_ai_officer"),
    ("unclear", "11-50", None, "discovery"),
]


@pytest.mark.parametrize(("gap", "size", "primary", "engagement"), ENGAGEMENTS)
def test_primary_and_engagement_follow_the_corrected_gap(house, gap, size, primary, engagement):
    lead = make_submission(company_size=size).lead

    correct(lead, gap)

    told = Event.objects.get(type="lead.reassessed").data["lead"]
    assert (told["gap"], told["primary"], told["engagement"]) == (gap, primary, engagement)


def test_both_keeps_the_side_that_the_judge_found_heavier(house):
    submission = make_submission(answers={**BOTH_ANSWERS, "needs_ai_training_or_roi": "yes"}, company_size="11-50")
    judged = submission.assessment.decision
    assert (judged["gap"], judged["primary"] is not None) == ("both", True)

    correct(submission.lead, "both")

    told = Event.objects.get(type="lead.reassessed").data["lead"]
    assert (told["gap"], told["primary"]) == ("both", judged["primary"])


def test_same_correction_again_changes_nothing(admin, lead):
    act(admin, lead, "correct", gap="cto", reason="Once.")
    again = act(admin, lead, "correct", gap="cto", reason="Twice.")
    never = correct(make_submission(email="grace@example.com").lead, "")

    assert "It stood so already: CTO." in again.content.decode()
    assert never is False
    assert Correction.objects.get().reason == "Once."
    assert published()["lead.reassessed"] == 1
    assert log() == ["corrected the gap to cto"]


def test_later_submission_and_a_corrected_one_leave_the_correction(lead):
    correct(lead, "cto")

    later = make_submission(answers=BOTH_ANSWERS)
    reassess(later, {"answers": {"between_ctos": "yes"}}, now=timezone.now())

    stored = Lead.objects.get()
    assert (stored.gap, stored.corrected_gap, stored.believed_gap) == ("both", "cto", "cto")
    assert {event.data["lead"]["gap"] for event in Event.objects.filter(sequence__gt=2)} == {"cto"}


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"gap": "cto"}, "How you know: say it in a few words."),
        ({"gap": "cto", "reason": " \n"}, "How you know: say it in a few words."),
        ({"reason": "Because."}, "The gap really is: choose what it really is."),
        ({"gap": "cfo", "reason": "Because."}, "The gap really is: Select a valid choice."),
        ({"gap": "cto", "reason": "a\x00b"}, "How you know: Null characters are not allowed."),
        ({"gap": "cto", "reason": "x" * 2001}, "How you know: Ensure this value has at most 2000"),
    ],
)
def test_wrong_correction_is_named_and_nothing_changes(admin, lead, fields, said):
    response = act(admin, lead, "correct", **fields)

    assert said in response.content.decode()
    assert (Lead.objects.get().corrected_gap, Correction.objects.count(), published()) == ("", 0, RECEIVED)


def test_service_and_database_want_a_reason_too(lead):
    with pytest.raises(ReasonMissing):
        correct(lead, "cto", reason=" ")
    with pytest.raises(IntegrityError, match="correction_has_a_reason"), transaction.atomic():
        Correction.objects.create(lead=lead, gap="cto", before="ai", corrected_at=timezone.now())

    assert (Lead.objects.get().corrected_gap, published()) == ("", RECEIVED)


def test_lead_without_a_submission_is_corrected_and_nothing_is_told(house):
    now = timezone.now()
    lead = Lead.objects.create(email="a@example.com", email_key="a@example.com", created_at=now, last_activity_at=now)

    assert correct(lead, "cto") is True

    assert (Lead.objects.get().believed_gap, published(), Outcome.objects.count()) == ("cto", {}, 0)


def test_desk_shows_what_was_judged_last(admin, lead):
    """An older enquiry that was corrected by its sender is the newest verdict."""
    older = lead.submissions.get()
    make_submission(answers={"core_systems_work": "yes"})
    newest = reassess(older, {"answers": {**dict.fromkeys(AI_ANSWERS), **CTO_ANSWERS}}, now=timezone.now())

    assert corrections.latest(lead).assessment == newest.assessment
    assert Lead.objects.get().gap == "cto"


# --- outcomes -------------------------------------------------------------------------------------------


def test_correction_is_an_outcome_until_it_is_taken_back(lead):
    correct(lead, "cto", "Their CTO left.")
    kept = Outcome.objects.get()
    correct(lead, "")

    assert (kept.gap, kept.source, kept.note) == ("cto", "correction", "Their CTO left.")
    assert Outcome.objects.count() == 0


def test_correction_after_a_new_verdict_measures_that_one_alone(lead):
    correct(lead, "cto")
    later = make_submission(answers=BOTH_ANSWERS)
    correct(lead, "both")

    outcome = Outcome.objects.get()
    assert (outcome.assessment, outcome.gap) == (later.assessment, "both")


def test_test_is_no_case_to_measure(admin, house):
    lead = make_submission(test=True).lead

    correct(lead, "cto")
    response = act(admin, lead, "record", gap="cto")

    assert "nothing but tests was sent" in response.content.decode()
    assert Outcome.objects.count() == 0


def test_real_gap_is_recorded_after_the_conversation_and_measures_the_verdict(admin, admin_user, lead):
    correct(lead, "cto")

    response = act(admin, lead, "record", gap="both", primary="ai", note="Both, and AI hurts more.")

    outcome, page = Outcome.objects.get(), response.content.decode()
    assert "Recorded: Both." in page
    assert "Both, AI first: after a conversation by admin" in page
    assert (outcome.gap, outcome.primary, outcome.source, outcome.recorded_by) == (
        "both", "ai", "conversation", admin_user,
    )  # fmt: skip
    assert (Lead.objects.get().corrected_gap, log()) == ("cto", ["recorded the real gap: both"])
    assert published()["lead.reassessed"] == 1

    act(admin, lead, "uncorrect")
    assert Outcome.objects.get().source == "conversation"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "In the conversation it turned out to be: choose what it turned out to be."),
        ({"gap": "ai", "primary": "cto"}, "Of both, the heavier side: only both has one. Leave it empty."),
        ({"gap": "both", "primary": "both"}, "Of both, the heavier side: Select a valid choice."),
    ],
)
def test_wrong_outcome_is_named_and_nothing_is_recorded(admin, lead, fields, said):
    assert said in act(admin, lead, "record", **fields).content.decode()
    assert (Outcome.objects.count(), log()) == (0, [])


def test_report_counts_it(admin, lead):
    act(admin, lead, "record", gap="both")

    page = admin.get(list_url(Outcome)).content.decode()

    text = " ".join(Page(page).text.split())
    assert "How right were we?" in text
    assert "The gap was judged right in 0 of 1 cases (0%, 0 to 79)." in text
    assert "Only 1 so far: too few to change a weight by." in text
    assert "Judged AI officer 0 0 1 0" in text
    assert "Clear answers 0 of 1 0% 0 to 79%" in text
    assert "siloed_ai_tools AI 1 of 1 100%" in text


def test_sidebar_leads_to_the_report_only_who_may_see_it(lead):
    client = staff("assessments.view_outcome")

    assert client.get(list_url(Outcome)).status_code == 200
    assert f'href="{list_url(Outcome)}"' in client.get(reverse("admin:index")).content.decode()


def test_report_is_closed_to_who_may_not_see_it(lead):
    client = staff("intake.view_lead")

    assert client.get(list_url(Outcome)).status_code == 403
    assert f'href="{list_url(Outcome)}"' not in client.get(reverse("admin:index")).content.decode()


# --- rights and strange texts ---------------------------------------------------------------------------

ACTS = ("correct", "uncorrect", "record")


@pytest.mark.parametrize("name", ACTS)
def test_who_may_only_look_and_who_is_nobody_changes_nothing(client, lead, name):
    viewer = staff("intake.view_lead")

    answers = [act(viewer, lead, name, gap="cto", reason="x"), client.post(f"{page_url(lead)[:-7]}{name}/")]

    assert [answer.status_code for answer in answers] == [403, 302]
    assert "correction-gap" not in viewer.get(page_url(lead)).content.decode()
    assert (Correction.objects.count(), Outcome.objects.count(), log()) == (0, 0, [])


@pytest.mark.parametrize("name", ACTS)
def test_looking_changes_nothing_and_nobody_is_not_found(admin, admin_user, lead, name):
    url = reverse(f"admin:intake_lead_{name}", args=[lead.pk])
    forged = Client(enforce_csrf_checks=True)
    forged.force_login(admin_user)
    nobody = reverse(f"admin:intake_lead_{name}", args=["0197f0c0-0000-7000-8000-000000000000"])

    assert [admin.get(url).status_code, forged.post(url).status_code, admin.post(nobody).status_code] == [405, 403, 404]
    assert (Correction.objects.count(), Outcome.objects.count()) == (0, 0)


def test_page_is_saved_though_the_forms_in_it_are_empty(admin, lead):
    fields = {name: getattr(lead, name) for name in ("name", "company", "company_size", "role", "phone", "website")}

    response = admin.post(
        page_url(lead), fields | {"name": "Countess Lovelace", "timezone": lead.timezone, "owner": ""}
    )

    assert (response.status_code, Lead.objects.get().name) == (302, "Countess Lovelace")
    assert Correction.objects.count() == 0


def save(client: Client, lead: Lead, url: str = "", *, pressed: str = "_save", **typed: str) -> HttpResponse:
    """The whole page as a browser sends it: what was shown, with what was typed into it, and the button."""
    shown = client.get(page_url(lead)).content.decode()
    hidden = re.findall(r'<input type="hidden" name="(initial-[^"]+)"(?: value="([^"]*)")?', shown)
    fields = {name: getattr(lead, name) for name in ("name", "company", "company_size", "role", "phone", "website")}
    chosen = dict.fromkeys(("correction-gap", "outcome-gap", "outcome-primary", "outcome-note"), "")
    chosen |= {name.removeprefix("initial-"): value for name, value in hidden}
    button = {pressed: "1"} if pressed else {}
    sent = {**fields, "timezone": lead.timezone, "owner": "", **chosen, **dict(hidden), **button, **typed}
    return client.post(url or page_url(lead), sent)


def test_correction_and_outcome_that_were_typed_are_saved_with_the_page(admin, lead):
    typed = {"correction-gap": "cto", "correction-reason": "Their CTO left.", "outcome-gap": "both"}

    response = save(admin, lead, name="Countess Lovelace", **typed)

    stored, row = Lead.objects.get(), Correction.objects.get()
    assert (response.status_code, stored.name, stored.believed_gap) == (302, "Countess Lovelace", "cto")
    assert (row.reason, Outcome.objects.get(source="conversation").gap) == ("Their CTO left.", "both")
    assert {"corrected the gap to cto", "recorded the real gap: both"} < set(log())


def test_page_that_is_saved_as_it_is_corrects_and_records_nothing_again(admin, lead):
    act(admin, lead, "correct", gap="cto", reason="Once.")
    act(admin, lead, "record", gap="both", primary="ai", note="First line\r\nand second")
    before = Outcome.objects.get(source="conversation").recorded_at

    response = save(admin, lead, name="Countess Lovelace")

    assert (response.status_code, Lead.objects.get().name) == (302, "Countess Lovelace")
    assert (Correction.objects.count(), Outcome.objects.get(source="conversation").recorded_at) == (1, before)


WRONG = [
    ({"correction-gap": "cto"}, "How you know: say it in a few words."),
    ({"correction-reason": "Typed at length"}, "The gap really is: choose what it really is."),
    ({"correction-gap": "cto", "correction-reason": "Typed " * 400}, "How you know: Ensure this value has at most"),
    ({"outcome-note": "Typed at length"}, "In the conversation it turned out to be: choose"),
]


@pytest.mark.parametrize("with_button", [False, True])
@pytest.mark.parametrize(("typed", "said"), WRONG)
def test_what_is_wrong_is_refused_with_everything_kept(admin, lead, typed, said, with_button):
    button = "correct" if any(name.startswith("correction") for name in typed) else "record"
    url = reverse(f"admin:intake_lead_{button}", args=[lead.pk]) if with_button else ""

    response = save(admin, lead, url, name="Countess Lovelace", pressed="" if with_button else "_save", **typed)

    html = response.content.decode()
    assert (response.status_code, Lead.objects.get().name) == (200, "Ada Lovelace")
    assert said in html
    assert 'value="Countess Lovelace"' in html
    assert all(value.strip() in html for value in typed.values())
    assert bool(re.search(r'<option value="cto"\s+selected', html)) == ("correction-gap" in typed)
    assert (Correction.objects.count(), Outcome.objects.count(), log()) == (0, 0, [])


def test_page_that_came_back_is_saved_where_it_stands_by_then(admin, lead):
    """It came from the address of a button, and a browser may send it there again."""
    url = reverse("admin:intake_lead_correct", args=[lead.pk])

    response = save(admin, lead, url, pressed="_continue", name="Countess Lovelace")

    assert (response.status_code, response.headers["Location"]) == (302, page_url(lead))
    assert (Lead.objects.get().name, Correction.objects.count()) == ("Countess Lovelace", 0)


def test_text_of_exactly_the_longest_length_passes_with_its_lines(admin, lead):
    """A browser counts a line's end as one, and sends two."""
    text = "\r\n".join(["x" * 399] * 5)

    act(admin, lead, "correct", gap="cto", reason=text)

    assert len(Correction.objects.get().reason) == 1999
    assert admin.get(page_url(lead)).content.decode().count('maxlength="2000"') == 2


def test_reason_for_taking_back_is_refused_and_not_cut(admin, lead):
    act(admin, lead, "correct", gap="cto", reason="Once.")

    response = act(admin, lead, "uncorrect", reason="x" * 2001)

    assert "at most 2000" in response.content.decode()
    assert Lead.objects.get().corrected_gap == "cto"


def test_no_payload_lives_in_a_reason_a_note_or_who_wrote_it(admin, lead):
    attack = " ".join(PAYLOADS)[:2000]
    User.objects.filter(username="admin").update(username="<b>x</b>")

    def pages(text: str) -> list[Page]:
        with transaction.atomic():
            act(admin, lead, "correct", gap="cto", reason=text)
            act(admin, lead, "record", gap="both", note=text)
            shown = [page_url(lead), list_url(Outcome), page_url(Outcome.objects.get())]
            found = [Page(admin.get(url).content.decode()) for url in shown]
            transaction.set_rollback(True)
        return found

    harmless, attacked = pages("Harmless 123"), pages(attack)

    assert [page.shape for page in attacked] == [page.shape for page in harmless]
    assert attacked[0].text.count(attack[:60]) >= 2
    assert attack[:60] in attacked[2].text
    assert "<b>x</b>" in attacked[0].text
