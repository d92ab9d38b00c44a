"""The verdict has changed: what is confirmed stays, a held or offered time goes to the advisor who fits now."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from assessments.evidence import Evidence, Reading
from assessments.judge import judge
from assessments.models import Assessment
from intake.models import Lead, Submission
from intake.reassess import reassess
from notifications.bookings import send_booking_mail
from notifications.models import Mail
from outbox.models import Delivery
from scheduling import reviews, services
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
    factories.run_delivery("scheduling.book_call", services.book_call, status="pending")
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


def bookings() -> list[tuple[str, Advisor]]:
    rows = Booking.objects.prefetch_related("seats__advisor").order_by("created_at", "id")
    return [(row.status, row.advisor) for row in rows]


def test_held_time_goes_to_the_advisor_who_fits_now(advisors: dict[str, Advisor]) -> None:
    submission = decided()
    before = factories.published()

    delivery = correct(submission, TO_CTO)

    assignment = Assignment.objects.get()
    assert bookings() == [("cancelled", advisors["ai"]), ("tentative", advisors["cto"])]
    assert (assignment.advisor, assignment.outcome, assignment.step) == (advisors["cto"], "held", "fits")
    assert [candidate["id"] for candidate in assignment.candidates] == [advisors["cto"].id]
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

    assert (Booking.objects.get(), bookings()) == (held, [("tentative", generalist)])
    assert review_of(delivery) == "The advisor still fits."
    assert Assignment.objects.get().decided_at == monday + MINUTE


def test_confirmed_conversation_stays(advisors: dict[str, Advisor]) -> None:
    submission = decided()
    services.confirm(submission, now=timezone.now())

    delivery = correct(submission, TO_CTO)

    assert bookings() == [("confirmed", advisors["ai"])]
    assert review_of(delivery) == "The conversation stays as it was agreed."
    assert Assignment.objects.get().advisor == advisors["ai"]


@pytest.mark.parametrize("status", ["confirmed", "completed"])
def test_conversation_that_took_place_is_not_arranged_again(advisors: dict[str, Advisor], status: str) -> None:
    submission = decided(hold=False)
    factories.make_booking(submission, advisors["ai"], timezone.now() - timedelta(days=3), status=status)

    correct(submission, TO_CTO)

    assert bookings() == [(status, advisors["ai"])]
    assert Assignment.objects.get().advisor == advisors["ai"]


def test_nobody_who_fits_is_free_so_the_time_stays(monday: datetime) -> None:
    specialist = factories.make_advisor(cto_depth=0, ai_depth=3)
    factories.make_advisor(cto_depth=3, ai_depth=0, weekly_hours={})

    delivery = correct(decided(), TO_CTO)

    assert bookings() == [("tentative", specialist)]
    assert review_of(delivery) == "Nobody who fits better is free."


def test_offer_stays_an_offer_by_the_advisor_who_fits_now(advisors: dict[str, Advisor]) -> None:
    submission = decided(hold=False)

    correct(submission, TO_CTO)

    assignment = Assignment.objects.get()
    assert (assignment.outcome, assignment.advisor, bookings()) == ("offer", advisors["cto"], [])


def test_verdict_that_became_clear_holds_nothing_of_itself(advisors: dict[str, Advisor]) -> None:
    submission = decided(answers={"core_systems_work": "yes"})
    assert (Assignment.objects.get().outcome, submission.lead.gap) == ("offer", "unclear")

    correct(submission, factories.CTO_ANSWERS | {"core_systems_work": None})

    assert Lead.objects.get().gap == "cto"
    assert (Assignment.objects.get().advisor, bookings()) == (advisors["cto"], [])


def test_verdict_that_became_unclear_lets_the_time_go_and_offers(monday: datetime) -> None:
    factories.make_advisor(cto_depth=0, ai_depth=3)
    submission = decided()
    generalist = factories.make_advisor(cto_depth=2, ai_depth=2)

    correct(submission, TO_UNCLEAR)

    assignment = Assignment.objects.get()
    assert (assignment.outcome, assignment.advisor) == ("offer", generalist)
    assert [status for status, _ in bookings()] == ["cancelled"]


def test_correction_before_the_decision_is_left_to_it(advisors: dict[str, Advisor]) -> None:
    submission = factories.make_submission()

    delivery = correct(submission, TO_CTO)
    factories.run_delivery("scheduling.book_call", services.book_call)

    assert review_of(delivery).startswith("Not decided yet")
    assert bookings() == [("tentative", advisors["cto"])]


def test_decision_goes_by_the_verdict_of_its_moment(advisors: dict[str, Advisor]) -> None:
    """What the delivery read before it had the person to itself is old by then."""
    submission = factories.make_submission()
    stale = Submission.objects.select_related("lead", "assessment").get()
    reassess(submission, {"answers": TO_CTO}, now=timezone.now())

    services.in_turn(stale, lambda: services._decide(stale, now=timezone.now()))

    assert bookings() == [("tentative", advisors["cto"])]


def test_review_that_runs_twice_exchanges_once(advisors: dict[str, Advisor]) -> None:
    delivery = correct(decided(), TO_CTO)

    again = reviews.review_call(delivery)

    assert again == {"review": "The advisor still fits."}
    assert bookings() == [("cancelled", advisors["ai"]), ("tentative", advisors["cto"])]


def test_test_stays_without_a_conversation(advisors: dict[str, Advisor]) -> None:
    correct(decided(test=True), TO_CTO)

    assert (Assignment.objects.get().outcome, bookings()) == ("none", [])


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
    assert bookings() == [("cancelled", advisors["ai"]), ("confirmed", advisors["cto"])]


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

    factories.run_delivery("scheduling.book_call", services.book_call)

    reply = client.get(f"/api/v1/submissions/{submission.token}/").json()
    assert (Assignment.objects.get().outcome, Assignment.objects.get().advisor) == ("offer", advisors["ai"])
    assert (reply["booking_state"], reply["booking"], bookings()) == ("offer", None, [])
    assert reply["assessment"]["gap"] == "ai"


def test_time_of_somebody_who_turns_out_to_be_no_prospect_is_let_go(advisors: dict[str, Advisor]) -> None:
    submission = decided()
    with time_machine.travel(timezone.now() + MINUTE, tick=False):
        reassess(submission, {"asked_for": "ai"}, now=timezone.now())
        Assessment.objects.update(decision=judge(factories.AI_ANSWERS, reading=VENDOR).as_dict())
        factories.run_delivery("scheduling.review_call", reviews.review_call)

    assert bookings() == [("cancelled", advisors["ai"])]
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

    factories.run_delivery("scheduling.book_call", services.book_call)

    assert [state for state, _ in bookings()] == status
    if chosen:
        assert Assignment.objects.get().advisor == advisors[chosen]
    assert Submission.objects.get(pk=submission.pk).assessment.decision["gap"] == "ai"
