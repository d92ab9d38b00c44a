"""Follow-ups over days: the clock moves, PostgreSQL and the mail server are real, each stop rule is seen to stop."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction

from intake import services as intake
from intake.models import Firm, Lead, Submission
from notifications import follow_ups, mails, responses, sequences, suppressions
from notifications.models import FollowUp, Mail, Sequence, Step, Suppression
from notifications.suppressions import Reason, Scope
from outbox import outbox
from outbox.models import Delivery, Event
from outbox.retry import DeliveryError
from scheduling import services as scheduling
from scheduling.availability import free_slots
from scheduling.bookings import full, tell
from scheduling.models import Advisor, Booking
from tests.factories import deliveries, load_house, make_submission, published
from tests.notifications.clock import at, live, story, work

pytestmark = pytest.mark.django_db
MONDAY = datetime(2026, 11, 23, 10, 20, tzinfo=UTC)  # 11:20 in Berlin
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
CONSENT = {"follow_up": True, "text": "You may write to me again about this."}


@pytest.fixture
def house(db):
    load_house(now=MONDAY - 30 * DAY)


@pytest.fixture(autouse=True)
def _house(house):
    pass


def enquire(now=MONDAY, **over) -> Submission:
    """Somebody who enquires, consents, and has the reply; no time is held."""
    with at(now):
        submission = make_submission(now=now, **{"consent": CONSENT, "hold": False, **over})
        work()
        live(now + timedelta(minutes=1), days=0)
    return submission


def received(mail_server):
    return [mail_server.mails.get_nowait() for _ in range(mail_server.mails.qsize())]


def subjects(mail_server):
    return [mail["Subject"] for mail in received(mail_server)]


def book(submission, now):
    with at(now):
        advisor = scheduling.advisor_for(submission)
        return scheduling.pick(submission, free_slots([advisor], now=now)[advisor.id][-1][0], now=now)[0]


# --- what goes out --------------------------------------------------------------------------------------


def test_who_consents_and_does_not_book_gets_two_mails_and_then_silence(mail_server):
    lead = enquire().lead

    live(MONDAY, days=30)

    assert subjects(mail_server) == [
        "Your result: the gap is AI, not technology",
        "Half an hour about your result?",
        "One question to take along",
    ]
    rows = FollowUp.objects.filter(lead=lead).order_by("due_at")
    assert [row.mail.sent_at for row in rows] == [
        datetime(2026, 11, 25, 10, 20, tzinfo=UTC), datetime(2026, 11, 30, 10, 20, tzinfo=UTC),
    ]  # fmt: skip
    assert published()["follow_up.sent"] == 2


def test_mail_is_about_the_gap_offers_three_times_and_says_nothing_that_was_typed(mail_server):
    typed = "Buy pills at pills.example"
    submission = enquire(name=typed, company=typed, message=typed, role=typed)
    received(mail_server)

    live(MONDAY, days=3)

    (mail,) = received(mail_server)
    text = mail.get_body(("plain",)).get_content()
    html = mail.get_body(("html",)).get_content()
    assert "points to AI rather than to technology" in text
    assert text.count("?start=") == 3
    assert submission.page_url in text
    assert "pills" not in text + html + mail["Subject"]
    assert "{{" not in text + html
    assert "None" not in text


def test_gap_that_staff_corrected_is_the_one_that_is_written_of(mail_server):
    submission = enquire()
    received(mail_server)
    Lead.objects.update(corrected_gap="cto")

    live(MONDAY, days=3)

    assert "points to technology at large" in received(mail_server)[0].get_body(("plain",)).get_content()
    assert submission.assessment.decision["gap"] == "ai"


def test_held_time_is_no_booking_and_is_named_while_it_is_held(mail_server):
    enquire(hold=True, now=datetime(2026, 11, 27, 10, 20, tzinfo=UTC))  # Friday: the weekend does not count
    received(mail_server)

    with at(datetime(2026, 11, 29, 12, tzinfo=UTC)):
        work()
    assert received(mail_server) == []
    with at(datetime(2026, 11, 30, 8, 0, tzinfo=UTC)):
        work()

    assert "We pencilled in a conversation" in received(mail_server)[0].get_body(("plain",)).get_content()


def test_headers_let_mail_programs_unsubscribe_and_thread(mail_server):
    enquire()
    live(MONDAY, days=8)

    reply, first, second = received(mail_server)
    assert reply["List-Unsubscribe"] is None
    for mail in (first, second):
        url = mail["List-Unsubscribe"].strip("<>")
        assert url.startswith("http://testserver/u/")
        assert url in mail.get_body(("plain",)).get_content()
        assert url in mail.get_body(("html",)).get_content()
        assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert mail["List-Id"] == "<follow-ups.truegap.example>"
        assert mail["Auto-Submitted"] == "auto-generated"
    assert first["In-Reply-To"] == reply["Message-ID"]
    assert second["In-Reply-To"] == first["Message-ID"]
    assert second["References"].split() == [reply["Message-ID"], first["Message-ID"]]


def test_long_headers_stand_on_one_line_each(mail_server, settings):
    settings.PUBLIC_BASE_URL = "https://conversations.a-consultancy-with-a-long-name.example"
    enquire()
    received(mail_server)
    live(MONDAY, days=3)

    raw = mails._message(Mail.objects.get(kind="sequence")).message().as_bytes()

    line = next(line for line in raw.splitlines() if line.startswith(b"List-Unsubscribe:"))
    assert line.startswith(b"List-Unsubscribe: <https://conversations.")
    assert line.endswith(b"/>")


def test_subject_with_letters_of_other_alphabets_keeps_to_short_words(mail_server):
    Step.objects.update(subject="Время поговорить " * 8)
    enquire()
    received(mail_server)
    live(MONDAY, days=3)

    raw = mails._message(Mail.objects.get(kind="sequence")).message().as_bytes()

    assert received(mail_server)[0]["Subject"] == ("Время поговорить " * 8).strip()
    assert max(len(line) for line in raw.splitlines() if b"=?utf-8?" in line) <= 78 + len("Subject: ")


def test_thread_holds_nothing_of_another_enquiry(mail_server):
    enquire()
    enquire(now=MONDAY + 2 * HOUR)
    live(MONDAY, days=3)

    assert "In-Reply-To" not in received(mail_server)[-1]  # the second reply was withheld: one a day


def test_word_of_staff_with_a_line_break_becomes_no_header(mail_server):
    Step.objects.update(subject="Hi\r\nBcc: eve@example.com")
    enquire()
    received(mail_server)

    live(MONDAY, days=3)

    (mail,) = received(mail_server)
    assert (mail["Subject"], mail["Bcc"]) == ("Hi Bcc: eve@example.com", None)


def test_event_tells_who_which_step_and_when_and_no_more(mail_server):
    lead = enquire().lead
    live(MONDAY, days=3)

    event = Event.objects.get(type="follow_up.sent")
    row = FollowUp.objects.get(status="sent")
    assert event.data["follow_up"] == {
        "id": str(row.pk), "step": "no_booking/two_days", "sent_at": "2026-11-25T10:20:00Z", "error": None,
    }  # fmt: skip
    assert set(event.data) == {"lead", "follow_up", "sequence", "admin_url"}
    assert (event.subject, event.data["lead"]["email"]) == (lead.pk, lead.email)


# --- after a conversation -------------------------------------------------------------------------------


def missed(submission, now):
    """What the life of a booking publishes where somebody did not come."""
    with at(now):
        booking = full(Booking.objects.filter(submission=submission)).get()
        booking.move_to(Booking.Status.NO_SHOW, now=now)
        with transaction.atomic():
            tell("booking.no_show", booking, now=now)


def test_who_did_not_come_is_written_to_on_the_next_working_morning(mail_server):
    submission = enquire()
    booking = book(submission, MONDAY + HOUR)
    received(mail_server)
    friday = datetime(2026, 11, 27, 12, tzinfo=UTC)
    Booking.objects.update(starts_at=friday - HOUR, ends_at=friday - HOUR / 2)

    missed(submission, friday)
    live(friday, days=12)

    assert subjects(mail_server) == ["We missed each other"]
    mail = Mail.objects.get(kind="sequence")
    assert mail.sent_at == datetime(2026, 11, 30, 7, 0, tzinfo=UTC)  # 08:00 in Berlin, looked at on the hour
    assert story(submission.lead)["two_days"] == ("stopped", "A conversation is booked.")
    assert booking.confirmed_at is not None


def test_who_cancelled_is_written_to_a_day_later_and_never_by_the_other_series(mail_server):
    submission = enquire()
    book(submission, MONDAY + HOUR)
    received(mail_server)
    with at(MONDAY + 3 * HOUR):
        scheduling.cancel(submission, now=MONDAY + 3 * HOUR)

    live(MONDAY + 3 * HOUR, days=30)

    assert subjects(mail_server) == ["Another time, or not now"]
    assert story(submission.lead)["seven_days"][0] == "stopped"


@pytest.mark.parametrize("why", ["staff cancelled", "never confirmed"])
def test_what_staff_cancelled_or_was_only_held_starts_nothing(mail_server, why):
    submission = enquire(hold=True)
    if why == "staff cancelled":
        book(submission, MONDAY + HOUR)
    with at(MONDAY + 3 * HOUR):
        scheduling.cancel(submission, now=MONDAY + 3 * HOUR)
    if why == "staff cancelled":
        event = Event.objects.get(type="booking.cancelled")
        event.data["by"] = "staff"
        event.save()

    live(MONDAY + 3 * HOUR, days=4)

    assert not FollowUp.objects.filter(step__sequence__key="after_cancelled").exists()


def test_who_books_again_hears_nothing_of_the_cancelled_one(mail_server):
    submission = enquire()
    book(submission, MONDAY + HOUR)
    with at(MONDAY + 3 * HOUR):
        scheduling.cancel(submission, now=MONDAY + 3 * HOUR)
        work()
    book(submission, MONDAY + 4 * HOUR)
    received(mail_server)

    live(MONDAY + 4 * HOUR, days=10)

    assert subjects(mail_server) == []
    assert story(submission.lead)["one_day"] == ("stopped", "A conversation is booked.")


# --- what stops -----------------------------------------------------------------------------------------


def suppress(reason, scope=Scope.ALL):
    return lambda submission, now: suppressions.add(submission.lead.email, reason, scope, now=now)


def stage(name):
    return lambda submission, now: intake.change_stage(submission.lead, name, now=now)


def completed(submission, now):
    booking = book(submission, now)
    Booking.objects.filter(pk=booking.pk).update(starts_at=now - HOUR, ends_at=now - HOUR / 2)
    with at(now):
        booking.move_to(Booking.Status.COMPLETED, now=now)


STOPPERS = {
    "booked": (book, "A conversation is booked."),
    "met": (completed, "The conversation has taken place."),
    "unsubscribed": (lambda s, now: suppressions.unsubscribe(s.lead, now=now), "They unsubscribed."),
    "answered": (lambda s, now: responses.note(s.lead, now=now), "They have answered."),
    "bounced": (suppress(Reason.BOUNCED), "The address bounced."),
    "complained": (suppress(Reason.COMPLAINED), "They complained about our mails."),
    "by hand": (suppress(Reason.MANUAL, Scope.SEQUENCES), "Staff suppressed the address."),
    "won": (stage("won"), "The lead is won."),
    "lost": (stage("lost"), "The lead is lost."),
    "disqualified": (stage("disqualified"), "The lead is disqualified."),
    "contacted": (stage("contacted"), "Staff are in contact."),
    "quarantined": (
        lambda s, now: Submission.objects.filter(pk=s.pk).update(quarantine_reasons=["staff"]),
        "The enquiry is in quarantine.",
    ),
    "consent withdrawn": (
        lambda s, now: Submission.objects.filter(pk=s.pk).update(consent_follow_up=False),
        "No consent to follow-ups came with the enquiry.",
    ),
}


@pytest.mark.parametrize(("act", "reason"), STOPPERS.values(), ids=STOPPERS)
def test_what_happens_before_the_first_mail_stops_the_whole_series(mail_server, act, reason):
    submission = enquire()
    received(mail_server)

    act(submission, MONDAY + DAY)
    live(MONDAY + DAY, days=10)

    assert received(mail_server) == []
    assert story(submission.lead) == {"two_days": ("stopped", reason), "seven_days": ("stopped", reason)}
    assert "follow_up.sent" not in published()


@pytest.mark.parametrize(("act", "reason"), STOPPERS.values(), ids=STOPPERS)
def test_what_happens_between_two_mails_stops_the_second(mail_server, act, reason):
    submission = enquire()
    live(MONDAY, days=3)
    received(mail_server)

    act(submission, MONDAY + 3 * DAY)
    live(MONDAY + 3 * DAY, days=10)

    assert received(mail_server) == []
    assert story(submission.lead) == {"two_days": ("sent", ""), "seven_days": ("stopped", reason)}


@pytest.mark.parametrize(
    ("over", "words"),
    [
        ({"consent": {"follow_up": False, "text": "No."}}, "No consent"),
        ({"message": "We are a lead generation agency and sell you qualified leads. Book a demo of our platform.",
          "answers": {}}, "no prospect"),
    ],
)  # fmt: skip
def test_whoever_must_not_be_written_to_has_rows_that_say_so_and_nothing_waits(mail_server, over, words):
    lead = enquire(**over).lead

    assert [(status, words in reason) for status, reason in story(lead).values()] == [("stopped", True)] * 2
    assert deliveries("notifications.send_follow_up") == []


def test_test_starts_nothing(mail_server):
    enquire(test=True)

    assert FollowUp.objects.count() == 0


def test_erased_person_gets_nothing(mail_server):
    submission = enquire()
    received(mail_server)
    Mail.objects.all().delete()
    FollowUp.objects.all().delete()
    submission.delete()
    Lead.objects.all().delete()

    live(MONDAY, days=8)

    assert received(mail_server) == []
    assert {row.status for row in deliveries("notifications.send_follow_up")} == {"succeeded"}


def test_later_enquiry_starts_the_series_anew(mail_server):
    first = enquire()
    second = enquire(now=MONDAY + DAY)
    received(mail_server)

    live(MONDAY, days=30)

    assert subjects(mail_server) == ["Half an hour about your result?", "One question to take along"]
    rows = FollowUp.objects.order_by("due_at").values_list("submission", "status", "reason")
    assert set(rows) == {
        (first.pk, "stopped", "The series started anew."),
        (second.pk, "sent", ""),
    }
    assert Mail.objects.filter(kind="sequence").first().sent_at == datetime(
        2026, 11, 26, 11, 0, tzinfo=UTC
    ) - timedelta(minutes=40)


def test_nobody_ever_gets_the_same_step_twice(mail_server):
    lead = enquire().lead
    live(MONDAY, days=30)
    enquire(now=MONDAY + 60 * DAY)
    received(mail_server)

    live(MONDAY + 60 * DAY, days=30)

    assert subjects(mail_server) == []
    assert list(FollowUp.objects.filter(lead=lead).values_list("status", flat=True).order_by("started_at")) == [
        "sent", "sent", "skipped", "skipped",
    ]  # fmt: skip


def test_enquiry_without_consent_takes_the_word_of_the_one_before_back(mail_server):
    submission = enquire()
    enquire(now=MONDAY + DAY, consent={"follow_up": False, "text": "No."})
    received(mail_server)

    live(MONDAY + DAY, days=10)

    assert received(mail_server) == []
    assert set(FollowUp.objects.filter(lead=submission.lead).values_list("status", flat=True)) == {"stopped"}


# --- switches -------------------------------------------------------------------------------------------


def test_switching_on_takes_only_those_who_come_afterwards(mail_server):
    Sequence.objects.filter(key="no_booking").update(active_since=None)
    enquire(email="before@example.com")
    Sequence.objects.filter(key="no_booking").update(active_since=MONDAY + HOUR)
    enquire(email="after@example.com", now=MONDAY + 2 * HOUR)
    received(mail_server)

    live(MONDAY, days=30)

    assert {mail["To"] for mail in received(mail_server)} == {"after@example.com"}


def test_new_step_is_not_for_those_who_were_there(mail_server):
    lead = enquire().lead
    Step.objects.create(
        sequence=Sequence.objects.get(key="no_booking"), key="new", delay_hours=1, subject="New", body="{{ greeting }}",
        active_since=MONDAY + HOUR,
    )  # fmt: skip

    live(MONDAY, days=3)

    assert "new" not in story(lead)


@pytest.mark.parametrize("again", [False, True])
def test_what_was_switched_off_is_not_sent_even_if_it_is_on_again(mail_server, again):
    lead = enquire().lead
    received(mail_server)
    Step.objects.filter(key="two_days").update(active_since=MONDAY + DAY if again else None)

    live(MONDAY + DAY, days=8)

    assert subjects(mail_server) == ["One question to take along"]
    assert story(lead)["two_days"] == ("skipped", "The series or this step was switched off.")


# --- when -----------------------------------------------------------------------------------------------


def test_firm_has_the_hours_where_the_prospect_named_no_zone(mail_server):
    Firm.objects.update(timezone="Pacific/Auckland")
    enquire(timezone="", now=datetime(2026, 11, 23, 10, 20, tzinfo=UTC))  # 23:20 in Auckland

    assert FollowUp.objects.earliest("due_at").due_at == datetime(2026, 11, 25, 19, 0, tzinfo=UTC)  # 08:00 there


def test_two_mails_never_come_within_a_day(mail_server):
    submission = enquire()
    live(MONDAY, days=1)
    book(submission, MONDAY + DAY)
    with at(MONDAY + DAY + HOUR):
        scheduling.cancel(submission, now=MONDAY + DAY + HOUR)
    with at(MONDAY + 2 * DAY - HOUR):
        make_submission(now=MONDAY + 2 * DAY - HOUR, email="ada@example.com", hold=False)
        work()
        work()
    live(MONDAY + 2 * DAY - HOUR, days=5)

    reply, follow_up = Mail.objects.filter(kind__in=["reply", "sequence"], status="sent").order_by("-sent_at")[:2][::-1]
    assert follow_up.kind == "sequence"
    assert follow_up.sent_at - reply.sent_at >= DAY
    row = FollowUp.objects.get(status="sent")
    assert row.due_at == reply.sent_at + DAY
    assert Delivery.objects.get(target=str(row.pk)).attempts.filter(outcome="postponed").count() == 1


def test_house_that_was_down_for_four_days_sends_no_bunch(mail_server):
    lead = enquire().lead
    received(mail_server)

    live(MONDAY + 10 * DAY + HOUR, days=3)  # both are due; the second one since three days

    assert subjects(mail_server) == []
    assert story(lead) == {
        "two_days": ("skipped", "Too late: it was due more than three days ago."),
        "seven_days": ("skipped", "Too late: it was due more than three days ago."),
    }


def test_house_that_was_down_for_a_while_sends_what_is_not_too_late_a_day_apart(mail_server):
    Step.objects.filter(key="seven_days").update(delay_hours=49)
    enquire()
    received(mail_server)

    live(MONDAY + 3 * DAY, days=3)

    first, second = Mail.objects.filter(kind="sequence").order_by("sent_at")
    assert second.sent_at - first.sent_at >= DAY


# --- what breaks ----------------------------------------------------------------------------------------


def due(lead):
    """The delivery of the first follow-up, leased at the moment when it is due."""
    row = FollowUp.objects.filter(lead=lead).earliest("due_at")
    delivery = Delivery.objects.get(target=str(row.pk))
    Delivery.objects.filter(pk=delivery.pk).update(leased_until=row.due_at + HOUR)
    return row, delivery


def test_suppression_between_the_decision_and_the_sending_wins(mail_server, monkeypatch):
    lead = enquire().lead
    received(mail_server)
    row, delivery = due(lead)
    words = follow_ups.letter

    def unsubscribed_meanwhile(*args, **kwargs):
        suppressions.unsubscribe(lead, now=row.due_at)
        return words(*args, **kwargs)

    monkeypatch.setattr(follow_ups, "letter", unsubscribed_meanwhile)
    with at(row.due_at):
        outbox.attempt(str(delivery.pk), follow_ups.send_follow_up)

    assert received(mail_server) == []
    assert story(lead)["two_days"] == ("stopped", "They unsubscribed.")
    assert Mail.objects.get(kind="sequence").status == "withheld"


def test_worker_that_dies_after_the_mail_server_said_yes_makes_one_more_copy_at_most(mail_server, monkeypatch):
    lead = enquire().lead
    received(mail_server)
    row, delivery = due(lead)
    note = mails._note

    class Killed(BaseException):
        pass

    def die(*_, **__):
        raise Killed

    monkeypatch.setattr(mails, "_note", die)
    with at(row.due_at), pytest.raises(Killed):
        outbox.attempt(str(delivery.pk), follow_ups.send_follow_up)
    monkeypatch.setattr(mails, "_note", note)
    with at(row.due_at + HOUR):
        work()

    copies = received(mail_server)
    assert len(copies) == 2
    assert len({mail["Message-ID"] for mail in copies}) == 1
    assert story(lead)["two_days"] == ("sent", "")


def test_worker_that_dies_before_the_row_is_settled_sends_nothing_twice(mail_server, monkeypatch):
    lead = enquire().lead
    received(mail_server)
    row, delivery = due(lead)
    settle = follow_ups._settle_sent

    class Killed(BaseException):
        pass

    def die(*_):
        raise Killed

    monkeypatch.setattr(follow_ups, "_settle_sent", die)
    with at(row.due_at), pytest.raises(Killed):
        outbox.attempt(str(delivery.pk), follow_ups.send_follow_up)
    monkeypatch.setattr(follow_ups, "_settle_sent", settle)
    with at(row.due_at + HOUR):
        suppressions.unsubscribe(lead, now=row.due_at)  # what has gone out has gone out
        work()

    assert len(received(mail_server)) == 1
    assert story(lead)["two_days"] == ("sent", "")
    assert published()["follow_up.sent"] == 1


def test_starting_twice_plans_once(mail_server):
    enquire()
    before = FollowUp.objects.count()
    (delivery,) = deliveries("notifications.start_sequences", event__type="lead.assessed")

    again = sequences.start_sequences(delivery)

    assert again == {"planned": 0}
    assert (FollowUp.objects.count(), len(deliveries("notifications.send_follow_up"))) == (before, 2)


def test_mail_server_that_is_down_for_a_night_costs_no_follow_up(mail_server):
    lead = enquire().lead
    received(mail_server)
    mail_server.data_answer = "451 later"
    live(MONDAY + 2 * DAY, days=0.3)
    mail_server.data_answer = "250 OK"

    live(MONDAY + 2.3 * DAY, days=1)

    assert len(received(mail_server)) == 1
    assert story(lead)["two_days"] == ("sent", "")


def test_follow_up_that_cannot_be_delivered_is_told(mail_server):
    lead = enquire().lead
    received(mail_server)
    mail_server.answers[lead.email] = "550 5.1.1 no such user"

    live(MONDAY, days=8)

    assert story(lead) == {
        "two_days": ("failed", "The mail server answered 550 5.1.1 no such user"),
        "seven_days": ("stopped", "The address bounced."),
    }
    event = Event.objects.get(type="follow_up.failed")
    assert event.data["follow_up"]["error"] == "The mail server answered 550 5.1.1 no such user"
    assert event.data["follow_up"]["sent_at"] is None
    assert Suppression.objects.get().reason == "bounced"


def test_failed_follow_up_goes_out_when_staff_try_it_again(mail_server):
    lead = enquire().lead
    received(mail_server)
    mail_server.answers[lead.email] = "550 5.7.1 not from you"
    live(MONDAY, days=3)
    mail_server.answers.clear()
    assert story(lead)["two_days"][0] == "failed"

    with at(MONDAY + 3 * DAY):
        outbox.retry(
            Delivery.objects.get(status="failed", task="notifications.send_follow_up").pk, now=MONDAY + 3 * DAY
        )
        work()

    assert len(received(mail_server)) == 1
    assert story(lead)["two_days"] == ("sent", "")


def test_nobody_free_is_said_and_not_hidden(mail_server):
    enquire()
    received(mail_server)
    Advisor.objects.update(active=False)

    live(MONDAY, days=3)

    assert "booked out" in received(mail_server)[0].get_body(("plain",)).get_content()


def test_second_follow_up_of_the_same_moment_is_told_to_ask_again(mail_server):
    lead = enquire().lead
    row, first = due(lead)
    second = Delivery.objects.filter(task="notifications.send_follow_up").exclude(pk=first.pk).get()
    received(mail_server)
    with at(row.due_at):
        letter = follow_ups.letter(follow_ups.planned(row.pk), now=row.due_at)
        mails.send(letter, delivery=first, now=row.due_at)

        with pytest.raises(DeliveryError, match="One mail a day") as refusal:
            mails.send(letter, delivery=second, now=row.due_at)

    assert (refusal.value.permanent, len(received(mail_server))) == (False, 1)


def test_follow_up_whose_last_try_died_with_its_worker_is_told_of_once(mail_server):
    lead = enquire().lead
    row = FollowUp.objects.filter(lead=lead).order_by("due_at").first()
    died = MONDAY + 3 * DAY
    lost = {"status": "failed", "settled_at": died, "last_error": "Every try was lost."}
    Delivery.objects.filter(target=str(row.pk)).update(**lost)

    settled = [follow_ups.settle_lost(now=died + timedelta(minutes=minutes)) for minutes in (1, 2)]

    row.refresh_from_db()
    assert settled == [1, 0]
    assert (row.status, row.reason) == ("failed", "Every try was lost.")
    assert Event.objects.filter(type="follow_up.failed").count() == 1
