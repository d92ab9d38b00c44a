"""What one enquiry leaves behind: the 201 of the contract, the same in all three encodings, and every row."""

import json
from datetime import timedelta

import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from assessments.models import Assessment
from intake.models import Lead, Submission
from notifications.notes import send_staff_note
from outbox.models import Delivery, Event
from outbox.routes import as_route
from scheduling.calls import book_call
from scheduling.models import Booking
from tests.factories import AI_ANSWERS, CTO_ANSWERS, deliveries, enquiry_fields, run_delivery
from tests.intake.door import KINDS, ONE_ENQUIRY, post, stored

pytestmark = pytest.mark.django_db

PERSON = ("name", "email", "company", "role", "phone", "website", "company_size", "timezone")
LEAD_KEYS = {"id", "email", "name", "company", "stage", "gap", "primary", "engagement", "asked_for"}


def test_answer_has_exactly_the_shape_of_the_contract(house, client):
    response = post(client, enquiry_fields())

    body = json.loads(response.content)
    submission = Submission.objects.get()
    assert (response.status_code, response.headers["Content-Type"]) == (201, "application/json")
    assert list(body) == ["id", "created_at", "assessment", "booking_state", "booking", "links"]
    assert body["id"] == str(submission.id)
    assert body["created_at"] == f"{submission.created_at:%Y-%m-%dT%H:%M:%SZ}"
    assert (body["booking_state"], body["booking"]) == ("pending", None)
    assert body["links"] == {
        "self": f"http://testserver/api/v1/submissions/{submission.token}/",
        "page": f"http://testserver/r/{submission.token}/",
    }
    assert list(body["assessment"]) == [
        "gap", "primary", "engagement", "confidence", "margin", "scores", "asked_for", "ruleset", "reasons",
        "would_change", "tie_breaks",
    ]  # fmt: skip
    assert [body["assessment"][key] for key in ("gap", "primary", "engagement", "confidence", "asked_for")] == [
        "ai", "ai", "fractional_ai_officer", "clear", "cto",
    ]  # fmt: skip
    assert list(body["assessment"]["scores"]) == ["cto", "ai"]
    assert [(reason["signal"], reason["source"], reason["quote"]) for reason in body["assessment"]["reasons"]] == [
        ("asks_how_to_use_ai", "answer", None),
        ("siloed_ai_tools", "answer", None),
        ("core_systems_work", "answer", None),
    ]
    assert all(
        list(reason) == ["signal", "side", "direction", "weight", "source", "text", "quote"]
        for reason in body["assessment"]["reasons"]
    )


def test_three_encodings_of_one_enquiry_give_one_verdict(house, client):
    fields = enquiry_fields(hold=False, consent={"follow_up": True, "text": "Yes, write to me."})

    answers = [json.loads(post(client, {**fields, "company": kind}, kind).content) for kind in KINDS]

    rows = Submission.objects.order_by("created_at").select_related("assessment")
    assert answers[0]["assessment"] == answers[1]["assessment"] == answers[2]["assessment"]
    assert [row.assessment.answers for row in rows] == [AI_ANSWERS] * 3
    assert [(row.hold, row.consent_follow_up, row.consent_text) for row in rows] == [
        (False, True, "Yes, write to me.")
    ] * 3


def test_location_leads_to_the_same_submission_and_nobody_keeps_a_copy(house, client):
    response = post(client, enquiry_fields())

    body = json.loads(response.content)
    assert response.headers["Location"] == body["links"]["self"]
    assert response.headers["Cache-Control"] == "no-store"
    assert not response.cookies
    assert client.get(response.headers["Location"]).json() == body


@pytest.mark.parametrize("kind", KINDS)
def test_enquiry_leaves_every_row_and_no_other(house, client, kind):
    post(client, enquiry_fields(role="CEO", phone="+49 30 1", website="engines.example", company_size="11-50"), kind)

    lead, submission, assessment = Lead.objects.get(), Submission.objects.get(), Assessment.objects.get()
    assert stored() == ONE_ENQUIRY
    assert [getattr(lead, name) for name in PERSON] == [
        "Ada Lovelace", "ada@example.com", "Engines Ltd", "CEO", "+49 30 1", "https://engines.example", "11-50",
        "Europe/Berlin",
    ]  # fmt: skip
    assert (lead.stage, lead.gap, lead.primary, lead.engagement) == ("new", "ai", "ai", "fractional_ai_officer")
    assert (submission.lead, submission.assessment, submission.first_assessment) == (lead, assessment, assessment)
    assert (assessment.answers, assessment.decision["gap"]) == (AI_ANSWERS, "ai")
    assert assessment.ruleset == assessment.decision["ruleset"]


def test_events_are_numbered_and_each_route_has_its_delivery(house, client):
    post(client, enquiry_fields())

    events = Event.objects.order_by("sequence")
    lead = Lead.objects.get()
    assert [(event.type, event.subject, event.sequence) for event in events] == [
        ("lead.created", lead.id, 1),
        ("lead.assessed", lead.id, 2),
    ]
    for event in events:
        expected = [
            (route.task, "pending", event.occurred_at + timedelta(seconds=route.within_seconds))
            for route in map(as_route, django_settings.OUTBOX_ROUTES[event.type])
        ]
        rows = Delivery.objects.filter(event=event).values_list("task", "status", "due_at")
        assert sorted(rows) == sorted(expected)


def test_event_says_who_and_what_and_nothing_that_opens_or_quotes(house, client):
    post(client, enquiry_fields(message="Zanzibar is what I wrote."))

    submission = Submission.objects.get()
    for event in Event.objects.all():
        assert event.data.keys() == {
            "lead", "submission", "assessment", "intent", "booking", "sequence", "admin_url",
        }  # fmt: skip
        assert event.data["lead"].keys() == LEAD_KEYS
        assert event.data["submission"].keys() == {"id", "created_at"}
        assert event.data["sequence"] == event.sequence
        told = json.dumps(event.data)
        assert "Zanzibar" not in told
        assert submission.token not in told
        assert len(told) < 20_000


def test_second_enquiry_of_a_person_touches_nothing_that_the_first_one_said(house, client):
    post(client, enquiry_fields(role="CEO"))
    Lead.objects.update(corrected_gap="both", stage="contacted")
    before = Lead.objects.values(*PERSON, "stage", "corrected_gap", "created_at").get()

    later = dict.fromkeys(("name", "company", "role", "phone"), "Other")
    fields = enquiry_fields(
        email="ADA@Example.COM", answers=CTO_ANSWERS, timezone="Asia/Tokyo", company_size="1000+", **later
    )
    response = post(client, fields)

    lead = Lead.objects.get()
    assert response.status_code == 201
    assert Lead.objects.values(*PERSON, "stage", "corrected_gap", "created_at").get() == before
    assert (lead.gap, lead.believed_gap) == ("cto", "both")
    assert lead.submissions.count() == 2
    assert list(Event.objects.order_by("sequence").values_list("type", "sequence")) == [
        ("lead.created", 1),
        ("lead.assessed", 2),
        ("lead.assessed", 3),
    ]
    assert Event.objects.get(sequence=3).data["lead"]["gap"] == "both"


def test_known_address_gets_the_same_kind_of_answer_as_an_unknown_one(house, client):
    unknown = post(client, enquiry_fields())
    known = post(client, enquiry_fields(email="Ada@example.com"))

    first, second = json.loads(unknown.content), json.loads(known.content)
    assert known.status_code == unknown.status_code == 201
    assert first.keys() == second.keys()
    assert first["assessment"] == second["assessment"]
    assert len(known.content) == len(unknown.content)
    assert known.headers.keys() == unknown.headers.keys()
    assert not known.cookies


@pytest.mark.parametrize("trapped", ["x", "x" * 5000, ["x"], {"x": "y"}, True])
def test_filled_trap_gets_the_same_answer_and_leaves_no_lead(house, client, trapped):
    honest = post(client, enquiry_fields(email="grace@example.com"))
    Event.objects.all().delete()

    response = post(client, enquiry_fields(contact_fax_ext=trapped))

    submission = Submission.objects.get(lead=None)
    event = Event.objects.get()
    assert response.status_code == 201
    assert response.headers.keys() == honest.headers.keys()
    assert len(response.content) == len(honest.content)
    assert json.loads(response.content)["assessment"] == json.loads(honest.content)["assessment"]
    assert Lead.objects.filter(email="ada@example.com").count() == 0
    assert submission.quarantine_reasons == ["trap_field"]
    assert (event.type, event.subject) == ("submission.quarantined", None)
    assert event.data == {
        "submission": {
            "id": str(submission.id),
            "created_at": f"{submission.created_at:%Y-%m-%dT%H:%M:%SZ}",
            "reasons": ["trap_field"],
        }
    }
    assert list(Delivery.objects.values_list("task", flat=True)) == ["notifications.fan_out"]


@pytest.mark.parametrize("empty", ["", "  ", None, False])
def test_empty_trap_catches_nobody(house, client, empty):
    post(client, enquiry_fields(contact_fax_ext=empty))

    assert stored() == ONE_ENQUIRY
    assert Submission.objects.get().quarantine_reasons == []


@pytest.mark.parametrize("kind", KINDS)
def test_marked_test_books_nothing_and_tells_nobody_in_sales(house, client, kind):
    post(client, enquiry_fields(test=True), kind)
    run_delivery("scheduling.book_call", book_call)
    run_delivery("notifications.send_staff_note", send_staff_note)

    assert Submission.objects.get().is_test
    assert Booking.objects.count() == 0
    assert [row.attempts.get().details for row in deliveries("notifications.send_staff_note")] == [{"notes": 0}]


def statements(captured: CaptureQueriesContext) -> list[str]:
    """Without the limits of transactions: the test runs in one, so Django shows savepoints for BEGIN and COMMIT."""
    return [query["sql"] for query in captured if not query["sql"].startswith(("SAVEPOINT", "RELEASE"))]


@pytest.mark.parametrize(
    ("address", "headers", "count"),
    [
        ("grace@example.com", {}, 9),
        ("ada@example.com", {}, 9),
        ("grace@example.com", {"idempotency_key": "new"}, 9),
        ("ada@example.com", {"idempotency_key": "new"}, 9),
        ("ada@example.com", {"idempotency_key": "first"}, 3),
    ],
)
def test_intake_takes_few_statements_and_as_many_for_a_known_person(house, client, address, headers, count):
    post(client, enquiry_fields(), idempotency_key="first")

    with CaptureQueriesContext(connection) as captured:
        # The same content again would be the same submission; of a key it has to be.
        new = {} if headers.get("idempotency_key") == "first" else {"company": "Another Ltd"}
        response = post(client, enquiry_fields(email=address, **new), **headers)

    assert response.status_code == 201
    assert len(statements(captured)) == count, "\n".join(statements(captured))
