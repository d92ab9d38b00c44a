"""What staff do with spam and what looked like it: nothing is lost, nothing is doubled, nobody is written to."""

from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone

from intake import persons, quarantine
from intake.models import Block, Lead, Quarantined, Sifting, Submission
from notifications.models import FollowUp, Mail
from notifications.replies import send_reply
from notifications.sequences import start_sequences
from outbox.models import Delivery, Event
from scheduling.calls import book_call
from scheduling.letting_go import let_go
from scheduling.models import Booking
from tests.factories import deliveries, enquiry_fields, make_advisor, make_submission, published, run_delivery
from tests.intake.door import BROWSER, ONE_ENQUIRY, post, problem, stored
from tests.intake.lives import list_url, page_url
from tests.staff import staff

pytestmark = pytest.mark.django_db
TRAPPED = {"contact_fax_ext": "x"}


@pytest.fixture
def colleague(db) -> User:
    return User.objects.create_user("rosa", "rosa@example.com", "x", is_staff=True)


def again(submission: Submission) -> Submission:
    return Submission.objects.get(pk=submission.pk)


# --- release and reject ---------------------------------------------------------------------------------


def test_release_runs_the_whole_road_from_now_on(house, colleague):
    now = timezone.now()
    submission = make_submission(now=now - timedelta(days=3), website="engines.example", **TRAPPED)
    quarantined = dict(stored())

    assert quarantine.release(submission, by=colleague, now=now)

    released = again(submission)
    assert quarantined == {"Lead": 0, "Submission": 1, "Assessment": 1, "Event": 1, "Delivery": 1}
    assert stored() == ONE_ENQUIRY | {"Event": 3, "Delivery": 7}
    assert (released.quarantine_reasons, released.created_at) == ([], now - timedelta(days=3))
    assert (released.lead.name, released.lead.website, released.lead.gap) == (
        "Ada Lovelace", "https://engines.example", "ai",
    )  # fmt: skip
    assert {event.occurred_at for event in Event.objects.filter(type__startswith="lead.")} == {now}
    act = Sifting.objects.get()
    assert (act.act, act.reasons, act.by, act.at) == ("released", ["trap_field"], colleague, now)


def test_released_enquiry_gets_a_time_and_its_reply(house, mail_server):
    submission = make_submission(**TRAPPED)
    quarantine.release(submission, by=None, now=timezone.now())

    run_delivery("scheduling.book_call", book_call)
    run_delivery("notifications.send_reply", send_reply)

    assert Booking.objects.get().submission_id == submission.pk
    assert Mail.objects.get().to == "ada@example.com"


def test_released_twice_is_released_once(house):
    submission = make_submission(**TRAPPED)

    outcomes = [quarantine.release(submission, by=None, now=timezone.now()) for _ in range(2)]

    assert outcomes == [True, False]
    assert published() == {"submission.quarantined": 1, "lead.created": 1, "lead.assessed": 1}


def test_release_of_a_known_person_overwrites_nothing(house):
    make_submission(phone="1")
    submission = make_submission(phone="2", name="Eve", **TRAPPED)

    quarantine.release(submission, by=None, now=timezone.now())

    lead = Lead.objects.get()
    assert (lead.name, lead.phone, lead.submissions.count()) == ("Ada Lovelace", "1", 2)


def test_what_is_rejected_stays_and_can_be_put_back(house):
    submission = make_submission(**TRAPPED)

    assert quarantine.reject(submission, by=None, now=timezone.now())
    assert not quarantine.reject(submission, by=None, now=timezone.now())
    rejected = again(submission)
    assert quarantine.set_aside(submission, by=None, now=timezone.now())

    assert rejected.rejected_at
    assert (again(submission).rejected_at, again(submission).quarantine_reasons) == (None, ["trap_field"])
    assert published() == {"submission.quarantined": 1}
    assert list(Sifting.objects.order_by("at").values_list("act", flat=True)) == ["rejected", "set_aside"]


def test_what_was_rejected_by_mistake_is_released_like_any_other(house):
    submission = make_submission(**TRAPPED)
    quarantine.reject(submission, by=None, now=timezone.now())

    assert quarantine.release(submission, by=None, now=timezone.now())
    assert again(submission).rejected_at is None
    assert Lead.objects.count() == 1


# --- set aside later ------------------------------------------------------------------------------------


@pytest.fixture
def booked(house) -> Submission:
    """Accepted, with a held time and follow-ups that wait."""
    make_advisor(ai_depth=3)
    submission = make_submission(consent={"follow_up": True, "text": "Yes."})
    run_delivery("scheduling.book_call", book_call)
    run_delivery("notifications.start_sequences", start_sequences)
    Event.objects.all().delete()
    return submission


def test_spam_that_was_accepted_lets_go_of_its_time_without_a_word(booked, mail_server):
    before = Booking.objects.get()

    assert quarantine.set_aside(booked, by=None, now=timezone.now())
    (done,) = run_delivery("scheduling.let_go", let_go)

    assert before.status == "tentative"
    assert Booking.objects.get().status == "cancelled"
    assert not Booking.objects.get().seats.filter(holds_time=True).exists()
    assert done.attempts.get().details == {"bookings": 1, "wishes": 0}
    assert published() == {"submission.quarantined": 1, "submission.set_aside": 1}
    assert deliveries("notifications.send_booking_mail") == []
    assert Mail.objects.count() == 0
    assert Lead.objects.get().set_aside_at
    assert FollowUp.objects.exists()


def test_what_had_not_gone_out_yet_does_not_go_out(house, mail_server):
    submission = make_submission()
    quarantine.set_aside(submission, by=None, now=timezone.now())

    run_delivery("scheduling.book_call", book_call)
    run_delivery("notifications.send_reply", send_reply)

    assert (Booking.objects.count(), Mail.objects.count()) == (0, 0)


def test_release_takes_it_back_without_telling_it_twice(booked):
    quarantine.set_aside(booked, by=None, now=timezone.now())
    run_delivery("scheduling.let_go", let_go)

    assert quarantine.release(booked, by=None, now=timezone.now())

    assert Lead.objects.get().set_aside_at is None
    assert again(booked).quarantine_reasons == []
    assert published() == {"submission.quarantined": 1, "submission.set_aside": 1}


def test_release_before_the_time_was_let_go_keeps_it(booked):
    quarantine.set_aside(booked, by=None, now=timezone.now())
    quarantine.release(booked, by=None, now=timezone.now())

    (done,) = run_delivery("scheduling.let_go", let_go)

    assert Booking.objects.get().status == "tentative"
    assert done.attempts.get().details == {"skipped": "It was released since."}


def test_person_who_also_sent_a_genuine_enquiry_stays_with_its_verdict(house):
    make_submission()
    spam = make_submission(answers={}, message="Hello there.")
    assert Lead.objects.get().gap == "unclear"

    quarantine.set_aside(spam, by=None, now=timezone.now())

    lead = Lead.objects.get()
    assert (lead.set_aside_at, lead.gap, lead.primary) == (None, "ai", "ai")


def test_next_accepted_enquiry_brings_the_person_back(house):
    quarantine.set_aside(make_submission(), by=None, now=timezone.now())

    make_submission(message="Once more, in our own words.")

    assert Lead.objects.get().set_aside_at is None


# --- what the sender sees -------------------------------------------------------------------------------


@pytest.mark.parametrize("later", [False, True])
def test_sender_sees_that_we_are_still_looking(house, client, later):
    submission = make_submission(**({} if later else TRAPPED))
    if later:
        run_delivery("scheduling.book_call", book_call)
        quarantine.set_aside(submission, by=None, now=timezone.now())
        run_delivery("scheduling.let_go", let_go)

    shown, page = client.get(submission.api_url), client.get(submission.page_path, headers=BROWSER)
    slots = client.get(f"{submission.api_url}slots/")
    booked = client.post(f"{submission.api_url}booking/", {"start": "2030-01-07T10:00:00Z"}, "application/json")
    corrected = client.patch(submission.api_url, {"message": "Buy now"}, "application/json")

    assert (shown.status_code, shown.json()["booking_state"]) == (200, "pending")
    assert page.status_code == 200
    assert problem(slots, 409)["code"] == problem(booked, 409)["code"] == "pending"
    assert corrected.status_code == 200
    assert "spam" not in page.content.decode().lower()
    assert "lead.reassessed" not in published()


# --- the desk -------------------------------------------------------------------------------------------


def press(client, rows, action: str, model=Quarantined, **more: str):
    data = {"action": action, "_selected_action": [str(row.pk) for row in rows], **more}
    return client.post(list_url(model), data, follow=True)


def test_list_tells_who_wrote_what_and_why_it_is_here(house, admin_client):
    make_submission(message="Look: <b>cheap</b> links", name="WIN http://x.example", form_token="forged", **TRAPPED)

    page = admin_client.get(list_url(Quarantined)).content.decode()

    assert "WIN http://x.example &lt;ada@example.com&gt;" in page
    assert "Filled in the field that people do not see; a web address stands in the name; its form was" in page
    assert "Look: &lt;b&gt;cheap&lt;/b&gt; links" in page


def test_rejected_ones_leave_the_list_and_are_found_by_its_filter(house, admin_client):
    submission = make_submission(**TRAPPED)
    quarantine.reject(submission, by=None, now=timezone.now())

    pages = [admin_client.get(f"{list_url(Quarantined)}{query}").content.decode() for query in ("", "?looked=rejected")]

    assert ["ada@example.com" in page for page in pages] == [False, True]


def test_many_are_released_at_once_and_each_is_logged(house, admin_client):
    rows = [make_submission(email=f"p{number}@example.com", **TRAPPED) for number in range(3)]

    page = press(admin_client, rows, "release").content.decode()

    assert "3 of 3 released to the desk." in page
    assert Lead.objects.count() == 3
    assert LogEntry.objects.filter(change_message="released to the desk").count() == 3


def test_sender_is_blocked_in_the_same_act(house, client, admin_client):
    row = make_submission(**TRAPPED)

    press(admin_client, [row], "block")
    post(client, enquiry_fields())

    assert (Block.objects.get().value, Block.objects.get().created_by.username) == ("ada@example.com", "admin")
    assert again(row).rejected_at
    assert Submission.objects.latest("created_at").quarantine_reasons == ["blocked_address"]


def test_flood_is_set_aside_in_bulk_after_a_second_question_and_comes_back_in_bulk(house, admin_client):
    rows = [make_submission(email=f"p{number}@example.com") for number in range(3)]

    asked = press(admin_client, rows, "set_aside", Submission).content.decode()
    untouched = Quarantined.objects.count()
    press(admin_client, rows, "set_aside", Submission, sure="1")
    gone = Lead.objects.filter(set_aside_at=None).count()
    leads = admin_client.get(list_url(Lead)).content.decode()
    press(admin_client, rows, "release")

    assert "Set 3 submissions of 3 people aside as spam?" in asked
    assert untouched == 0
    assert gone == 0
    assert "p1@example.com" not in leads
    assert Lead.objects.filter(set_aside_at=None).count() == 3
    assert published()["lead.assessed"] == 3


@pytest.mark.parametrize(
    ("name", "reasons", "rejected"),
    [("release", [], False), ("reject", ["trap_field"], True), ("block", ["trap_field"], True)],
)
def test_buttons_of_the_page_do_what_they_say(house, admin_client, name, reasons, rejected):
    row = make_submission(**TRAPPED)
    url = reverse("admin:intake_quarantined_act", args=[row.pk, name])

    shown = url in admin_client.get(page_url(Quarantined.objects.get())).content.decode()
    answer = admin_client.post(url, follow=True)

    assert shown
    assert answer.status_code == 200
    assert (again(row).quarantine_reasons, bool(again(row).rejected_at)) == (reasons, rejected)


def test_who_may_only_look_changes_nothing(house):
    row = make_submission(**TRAPPED)
    client = staff("intake.view_quarantined", "intake.view_submission")
    url = reverse("admin:intake_quarantined_act", args=[row.pk, "release"])

    page = client.get(page_url(Quarantined.objects.get()))
    answers = [client.post(url).status_code, client.get(url).status_code]
    press(client, [row], "release")

    assert page.status_code == 200
    assert url not in page.content.decode()
    assert answers == [403, 405]
    assert (Lead.objects.count(), Sifting.objects.count()) == (0, 0)


def test_block_is_typed_in_any_spelling_and_kept_once(house, admin_client):
    add = reverse("admin:intake_block_add")
    answers = [
        admin_client.post(add, {"kind": kind, "value": value, "reason": "Bot"}).status_code
        for kind, value in (("domain", "@Spam.Example"), ("domain", "spam.example"), ("network", "300.1.1.1"))
    ]

    assert answers == [302, 200, 200]
    assert list(Block.objects.values_list("kind", "value", "created_by__username")) == [
        ("domain", "spam.example", "admin")
    ]


def test_old_enquiry_that_is_set_aside_today_can_be_released_for_as_long_as_any_other(house):
    now = timezone.now()
    old = now - timedelta(days=40)
    mistake = make_submission(now=old)
    forgotten = make_submission(now=old, email="eve@example.com", **TRAPPED)
    quarantine.set_aside(mistake, by=None, now=now)

    persons.purge(now=now)
    left = list(Submission.objects.values_list("pk", flat=True))
    persons.purge(now=now + timedelta(days=31))

    assert left == [mistake.pk]
    assert forgotten.pk not in left
    assert Submission.objects.count() == 0


def test_who_is_erased_is_neither_on_the_blocklist_nor_in_its_history(house, admin_client):
    row = make_submission(**TRAPPED)
    admin_client.post(reverse("admin:intake_block_add"), {"kind": "address", "value": "ada@example.com"})
    quarantine.block_sender(row, by=None)
    quarantine.reject(row, by=None, now=timezone.now())

    persons.erase(persons.find("ada@example.com"), now=timezone.now())

    assert (Block.objects.count(), Submission.objects.count(), Sifting.objects.count()) == (0, 0, 0)
    assert list(LogEntry.objects.values_list("object_repr", flat=True)) == ["(erased)"]


def test_nothing_waits_after_all_that(house):
    row = make_submission(**TRAPPED)
    quarantine.reject(row, by=None, now=timezone.now())

    assert Delivery.objects.exclude(task="notifications.fan_out").count() == 0
