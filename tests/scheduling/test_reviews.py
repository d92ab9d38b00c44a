"""The verdict has changed: what is confirmed stays, a held or offered time goes to the advisor who fits now."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from assessments.evidence import Evidence, Reading
from assessments.judge import judge
from assessments.models import Assessment
from intake.corrections import correct_gap
from intake.models import Lead, Submission
from intake.reassess import reassess
from notifications.booking_mails import send_booking_mail
from notifications.models import Mail
from outbox.models import Delivery
from scheduling import bookings, calls, reviews, services
from scheduling.models import Advisor, Assignment, Booking
from tests import factories

TO_CTO = {**dict.fromkeys(factories.AI_ANSWERS), **factories.CTO_ANSWERS}
TO_UNCLEAR = {**dict.fromkeys(factories.AI_ANSWERS), "core_systems_work": "yes"}
MINUTE = timedelta(minutes=1)


@pytest.fixture
def advisors(monday: datetime) -> dict[str, Advisor]:
    """One for each side, and nobody for both."""
    return {
        "cto": factories.make_advisor(cto_depth=3, ai_depth=0),
        "ai": factories.make_advisor(cto_depth=0, ai_depth=3),
    }


def decided(**over: Any) -> Submission:
    submission = factories.make_submission(**over)
    factories.run_delivery("scheduling.book_call", calls.book_call, status="pending")
    return submission


def correct(submission: Submission, answers: dict[str, str | None]) -> Delivery:
    """As the prospect does it a minute later, and the worker after them."""
    now = timezone.now() + MINUTE
    with time_machine.travel(now, tick=False):
        reassess(submission, {"answers": answers}, now=now)
        return factories.run_delivery("scheduling.review_call", reviews.review_call)[-1]


def review_of(delivery: Delivery) -> str:
    assert delivery.status == "succeeded", delivery.last_error
    return str(delivery.attempts.get().details["review"])


def booked() -> list[tuple[str, Advisor]]:
    rows = Booking.objects.prefetch_related("seats__advisor").order_by("created_at", "id")
    return [(row.status, row.advisor) for row in rows]


def test_held_time_goes_to_the_advisor_who_fits_now(advisors: dict[str, Advisor]) -> None:
    submission = decided()
    before = factories.published()

    delivery = correct(submission, TO_CTO)

    assignment = Assignment.objects.get()
    assert booked() == [("cancelled", advisors["ai"]), ("tentative", advisors["cto"])]
    assert (assignment.advisor, assignment.outcome, assignment.step) == (advisors["cto"], "held", "fits")
    assert [(row["id"], row.get("out")) for row in assignment.candidates] == [
        (advisors["cto"].id, None),
        (advisors["ai"].id, "does_not_fit"),
    ]
    assert review_of(delivery) == f"Now with {advisors['cto']}."
    assert factories.published() == before | {
        "lead.reassessed": 1, "booking.cancelled": 1, "booking.tentative": before["booking.tentative"] + 1,
    }  # fmt: skip


def test_nobody_is_mailed_for_it(advisors: dict[str, Advisor]) -> None:
    correct(decided(), TO_CTO)

    mails = factories.run_delivery("notifications.send_booking_mail", send_booking_mail)

    assert [row.status for row in mails] == ["succeeded"]
    assert Mail.objects.count() == 0


def test_advisor_who_still_fits_keeps_the_time(monday: datetime) -> None:
    generalist = factories.make_advisor(cto_depth=2, ai_depth=2)
    submission = decided()
    factories.make_advisor(cto_depth=3, ai_depth=0)
    held = Booking.objects.get()

    delivery = correct(submission, TO_CTO)

    assert (Booking.objects.get(), booked()) == (held, [("tentative", generalist)])
    assert review_of(delivery) == "The advisor still fits."
    assert Assignment.objects.get().decided_at == monday + MINUTE


def test_confirmed_conversation_stays(advisors: dict[str, Advisor]) -> None:
    submission = decided()
    services.confirm(submission, now=timezone.now())

    delivery = correct(submission, TO_CTO)

    assert booked() == [("confirmed", advisors["ai"])]
    assert review_of(delivery) == "The conversation stays as it was agreed."
    assert Assignment.objects.get().advisor == advisors["ai"]


@pytest.mark.parametrize("status", ["confirmed", "completed"])
def test_conversation_that_took_place_is_not_arranged_again(advisors: dict[str, Advisor], status: str) -> None:
    submission = decided(hold=False)
    factories.make_booking(submission, advisors["ai"], timezone.now() - timedelta(days=3), status=status)

    correct(submission, TO_CTO)

    assert booked() == [(status, advisors["ai"])]
    assert Assignment.objects.get().advisor == advisors["ai"]


def test_nobody_who_fits_is_free_so_the_time_stays(monday: datetime) -> None:
    specialist = factories.make_advisor(cto_depth=0, ai_depth=3)
    factories.make_advisor(cto_depth=3, ai_depth=0, weekly_hours={})

    delivery = correct(decided(), TO_CTO)

    assert booked() == [("tentative", specialist)]
    assert review_of(delivery) == "Nobody who fits better is free."


def test_offer_stays_an_offer_by_the_advisor_who_fits_now(advisors: dict[str, Advisor]) -> None:
    submission = decided(hold=False)

    correct(submission, TO_CTO)

    assignment = Assignment.objects.get()
    assert (assignment.outcome, assignment.advisor, booked()) == ("offer", advisors["cto"], [])


def test_verdict_that_became_clear_holds_nothing_of_itself(advisors: dict[str, Advisor]) -> None:
    submission = decided(answers={"core_systems_work": "yes"})
    assert (Assignment.objects.get().outcome, submission.lead.gap) == ("offer", "unclear")

    correct(submission, factories.CTO_ANSWERS | {"core_systems_work": None})

    assert Lead.objects.get().gap == "cto"
    assert (Assignment.objects.get().advisor, booked()) == (advisors["cto"], [])


def test_verdict_that_became_unclear_lets_the_time_go_and_offers(monday: datetime) -> None:
    factories.make_advisor(cto_depth=0, ai_depth=3)
    submission = decided()
    generalist = factories.make_advisor(cto_depth=2, ai_depth=2)

    correct(submission, TO_UNCLEAR)

    assignment = Assignment.objects.get()
    assert (assignment.outcome, assignment.advisor) == ("offer", generalist)
    assert [status for status, _ in booked()] == ["cancelled"]


def test_correction_before_the_decision_is_left_to_it(advisors: dict[str, Advisor]) -> None:
    submission = factories.make_submission()

    delivery = correct(submission, TO_CTO)
    factories.run_delivery("scheduling.book_call", calls.book_call)

    assert review_of(delivery).startswith("Not decided yet")
    assert booked() == [("tentative", advisors["cto"])]


def test_decision_goes_by_the_verdict_of_its_moment(advisors: dict[str, Advisor]) -> None:
    """What the delivery read before it had the person to itself is old by then."""
    submission = factories.make_submission()
    stale = Submission.objects.select_related("lead", "assessment").get()
    reassess(submission, {"answers": TO_CTO}, now=timezone.now())

    bookings.in_turn(stale, lambda: calls._decide(stale, now=timezone.now()))

    assert booked() == [("tentative", advisors["cto"])]


def test_review_that_runs_twice_exchanges_once(advisors: dict[str, Advisor]) -> None:
    delivery = correct(decided(), TO_CTO)

    again = reviews.review_call(delivery)

    assert again == {"review": "The advisor still fits."}
    assert booked() == [("cancelled", advisors["ai"]), ("tentative", advisors["cto"])]


def test_test_stays_without_a_conversation(advisors: dict[str, Advisor]) -> None:
    correct(decided(test=True), TO_CTO)

    assert (Assignment.objects.get().outcome, booked()) == ("none", [])


def test_held_time_that_somebody_saw_is_not_confirmed_as_another_one(client, advisors: dict[str, Advisor]) -> None:
    advisors["cto"].weekly_hours = {"wed": [["09:00", "17:00"]]}
    advisors["cto"].save()
    submission = decided()
    seen = Booking.objects.get().starts_at
    correct(submission, TO_CTO)
    page = f"/r/{submission.token}/"

    stale = client.post(f"{page}confirm/", {"start": seen.isoformat()})
    fresh = client.post(f"{page}confirm/", {"start": Booking.objects.get(status="tentative").starts_at.isoformat()})

    assert (stale.status_code, fresh.status_code) == (409, 303)
    assert "another time" in stale.content.decode()
    assert booked() == [("cancelled", advisors["ai"]), ("confirmed", advisors["cto"])]


@pytest.mark.parametrize("fields", [{}, {"start": ""}, {"start": "soon"}, {"start": "2026-11-25T10:00:00"}])
def test_page_confirms_no_time_that_it_does_not_name(client, monday: datetime, fields: dict[str, str]) -> None:
    factories.make_advisor()
    submission = decided()

    response = client.post(f"/r/{submission.token}/confirm/", fields)

    assert (response.status_code, Booking.objects.get().status) == (409, "tentative")
    assert "which time you keep" in response.content.decode()


def test_held_time_is_told_in_the_zone_that_was_named_later(client, monday: datetime) -> None:
    factories.make_advisor()
    submission = decided(timezone="")
    before = Booking.objects.get()

    body = client.patch(
        f"/api/v1/submissions/{submission.token}/", {"timezone": "Asia/Kolkata"}, content_type="application/json"
    ).json()

    assert (before.timezone, before.starts_at) == ("Europe/Berlin", Booking.objects.get().starts_at)
    assert (body["booking"]["timezone"], body["booking"]["start"][-6:]) == ("Asia/Kolkata", "+05:30")


# --- somebody who is no prospect ------------------------------------------------------------------------


VENDOR = Reading(
    reader="test", gaps={"cto": 0.1, "ai": 0.7, "both": 0.1, "unclear": 0.1}, intent="vendor", intent_strength=0.9,
    evidence=(Evidence("siloed_ai_tools", "supports", 0.9, "Our vendor platform connects your tools."),),
)  # fmt: skip


@pytest.mark.parametrize(("chance", "times"), [(0.75, 0), (0.85, 1)])
def test_whoever_may_be_no_prospect_chooses_a_time_and_none_is_held(
    advisors: dict[str, Advisor], chance: float, times: int
) -> None:
    factories.make_submission()
    reading = replace(VENDOR, intent="prospect", intent_strength=chance)
    decision = judge(factories.AI_ANSWERS, reading=reading).as_dict()
    Assessment.objects.update(decision=decision, evidence=reading.as_dict())

    factories.run_delivery("scheduling.book_call", calls.book_call)

    assert decision["intent"] == "prospect"
    assert len(booked()) == times


def make_vendor(**over: Any) -> Submission:
    """Clear answers, so there is a gap; and a message that offers something."""
    submission = factories.make_submission(**over)
    decision = judge(factories.AI_ANSWERS, reading=VENDOR).as_dict()
    assert (decision["gap"], decision["intent"]) == ("ai", "vendor")
    Assessment.objects.update(decision=decision, evidence=VENDOR.as_dict())
    return Submission.objects.get(pk=submission.pk)


@pytest.mark.parametrize("over", [{}, {"preferred_start": ["2026-11-26T15:30:00+01:00"]}])
def test_somebody_who_is_no_prospect_gets_offers_and_no_time(client, advisors: dict[str, Advisor], over: Any) -> None:
    submission = make_vendor(**over)

    factories.run_delivery("scheduling.book_call", calls.book_call)

    reply = client.get(f"/api/v1/submissions/{submission.token}/").json()
    assert (Assignment.objects.get().outcome, Assignment.objects.get().advisor) == ("offer", advisors["ai"])
    assert (reply["booking_state"], reply["booking"], booked()) == ("offer", None, [])
    assert reply["assessment"]["gap"] == "ai"


def test_time_of_somebody_who_turns_out_to_be_no_prospect_is_let_go(advisors: dict[str, Advisor]) -> None:
    submission = decided()
    with time_machine.travel(timezone.now() + MINUTE, tick=False):
        reassess(submission, {"asked_for": "ai"}, now=timezone.now())
        Assessment.objects.update(decision=judge(factories.AI_ANSWERS, reading=VENDOR).as_dict())
        factories.run_delivery("scheduling.review_call", reviews.review_call)

    assert booked() == [("cancelled", advisors["ai"])]
    assert Assignment.objects.get().outcome == "offer"


# --- corrected by staff ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("corrected", "chosen", "status"), [("cto", "cto", ["tentative"]), ("", "ai", ["tentative"]), ("unclear", "", [])]
)
def test_next_conversation_goes_by_the_gap_that_staff_corrected(
    advisors: dict[str, Advisor], corrected: str, chosen: str, status: list[str]
) -> None:
    submission = factories.make_submission()
    Lead.objects.update(corrected_gap=corrected)

    factories.run_delivery("scheduling.book_call", calls.book_call)

    assert [state for state, _ in booked()] == status
    if chosen:
        assert Assignment.objects.get().advisor == advisors[chosen]
    assert Submission.objects.get(pk=submission.pk).assessment.decision["gap"] == "ai"


def correct_as_staff(lead: Lead, gap: str) -> list[Delivery]:
    """At the desk a minute later, and the worker after it."""
    now = timezone.now() + MINUTE
    with time_machine.travel(now, tick=False):
        correct_gap(lead, gap, reason="They said so.", by=None, now=now)
        return factories.run_delivery("scheduling.review_call", reviews.review_call)


def test_correction_by_staff_reviews_every_enquiry_of_the_person(advisors: dict[str, Advisor]) -> None:
    held, offered = decided(), decided(hold=False)
    newest = decided(answers=factories.CTO_ANSWERS)
    assert newest.lead is not None

    deliveries = correct_as_staff(newest.lead, "cto")

    assigned = Assignment.objects.in_bulk(field_name="submission_id")
    assert [(assigned[row.pk].advisor, assigned[row.pk].outcome) for row in (held, offered, newest)] == [
        (advisors["cto"], "held"), (advisors["cto"], "offer"), (advisors["cto"], "held"),
    ]  # fmt: skip
    assert {booking.advisor for booking in Booking.objects.filter(status="tentative")} == {advisors["cto"]}
    assert len(deliveries) == factories.published()["lead.reassessed"] == 1


def test_correction_by_staff_leaves_what_is_agreed_and_other_people(advisors: dict[str, Advisor]) -> None:
    agreed, other = decided(), decided(email="grace@example.com")
    services.confirm(agreed, now=timezone.now())
    newest = decided(answers=factories.CTO_ANSWERS)
    assert newest.lead is not None

    correct_as_staff(newest.lead, "cto")

    assert {row.submission: row.advisor for row in Booking.objects.exclude(status="cancelled")} == {
        agreed: advisors["ai"], other: advisors["ai"], newest: advisors["cto"],
    }  # fmt: skip


def test_correction_by_the_prospect_is_about_one_enquiry(advisors: dict[str, Advisor]) -> None:
    """The advisor of the other enquiry no longer fits for reasons of their own: that is not asked here."""
    other = decided()
    Advisor.objects.filter(pk=advisors["ai"].pk).update(ai_depth=0)
    Advisor.objects.filter(pk=advisors["cto"].pk).update(ai_depth=1)

    correct(decided(hold=False, answers=factories.BOTH_ANSWERS), factories.CTO_ANSWERS)

    assert Booking.objects.get(status="tentative").submission == other
    assert Assignment.objects.get(submission=other).advisor == advisors["ai"]


# --- another time zone ----------------------------------------------------------------------------------


def name_zone(client: Any, submission: Submission, **fields: Any) -> Any:
    with time_machine.travel(timezone.now() + MINUTE, tick=False):
        url = f"/api/v1/submissions/{submission.token}/"
        return client.patch(url, fields, content_type="application/json").json()


def test_decision_goes_by_what_was_named_in_between(advisors: dict[str, Advisor]) -> None:
    submission = factories.make_submission(company_size="11-50")
    stale = Submission.objects.select_related("lead", "assessment").get()
    reassess(submission, {"timezone": "Asia/Kolkata"}, now=timezone.now())
    Submission.objects.update(company_size="1000+", hold=False, preferred_start=["2026-11-26T10:00:00+01:00"])

    bookings.in_turn(stale, lambda: calls._decide(stale, now=timezone.now()))

    booking = Booking.objects.get()
    assert (booking.timezone, booking.status, booking.starts_at.isoformat()) == (
        "Asia/Kolkata", "confirmed", "2026-11-26T09:00:00+00:00",
    )  # fmt: skip
    assert (stale.company_size, stale.hold) == ("1000+", False)


def test_review_goes_by_the_zone_that_was_named_in_between(advisors: dict[str, Advisor]) -> None:
    submission = decided()
    stale = Submission.objects.select_related("lead", "assessment").get()
    reassess(submission, {"timezone": "America/New_York"}, now=timezone.now())

    bookings.in_turn(stale, lambda: reviews.review(stale, now=timezone.now()))

    assert stale.timezone == Booking.objects.get(status="tentative").timezone == "America/New_York"


def test_held_time_at_night_in_the_new_zone_is_exchanged(client, monday: datetime) -> None:
    advisor = factories.make_advisor()
    submission = decided()

    body = name_zone(client, submission, timezone="America/New_York")

    assert booked() == [("cancelled", advisor), ("tentative", advisor)]
    assert (body["booking_state"], body["booking"]["timezone"]) == ("held", "America/New_York")
    assert "09:00" <= body["booking"]["start"][11:16] < "17:00"
    assert "lead.reassessed" not in factories.published()


def test_held_time_at_night_becomes_an_offer_where_no_other_may_be_held(client, monday: datetime) -> None:
    factories.make_advisor()
    submission = decided()

    body = name_zone(client, submission, timezone="America/Los_Angeles")

    assert (body["booking_state"], Assignment.objects.get().outcome) == ("offer", "offer")
    assert [status for status, _ in booked()] == ["cancelled"]


def test_confirmed_time_at_night_stays(client, monday: datetime) -> None:
    advisor = factories.make_advisor()
    submission = decided()
    services.confirm(submission, now=timezone.now())

    body = name_zone(client, submission, timezone="America/Los_Angeles")

    assert booked() == [("confirmed", advisor)]
    assert body["booking"]["timezone"] == "America/Los_Angeles"


def test_new_zone_and_new_answers_exchange_once(client, advisors: dict[str, Advisor]) -> None:
    submission = decided()

    name_zone(client, submission, timezone="America/New_York", answers=TO_CTO)
    factories.run_delivery("scheduling.review_call", reviews.review_call)

    assert booked() == [("cancelled", advisors["ai"]), ("tentative", advisors["cto"])]
