"""The desk: a conversation is arranged, handed over, told of and rescued from an absence by pressing buttons."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from intake.models import Lead, Submission
from outbox.models import Event
from scheduling import services, wishes
from scheduling.models import Advisor, Booking, TimeOff, TimeRequest
from tests import factories

TUESDAY = datetime(2026, 11, 24, 9, tzinfo=UTC)  # 10:00 in Berlin
TODAY = datetime(2026, 11, 23, 12, tzinfo=UTC)
OVER = TODAY + timedelta(hours=2)  # within the same day, which a login lasts


def booked(advisor: Advisor, start: datetime, *, now: datetime, email: str = "ada@example.com") -> Booking:
    submission = factories.make_submission(email=email, hold=False)
    factories.assign(submission, advisor)
    return services.pick(submission, start, now=now)[0]


def arrange_url(submission: Submission, act: str = "arrange") -> str:
    return reverse(f"admin:scheduling_booking_{act}", args=[submission.pk])


def press(client: Client, name: str, *args: Any, **fields: Any) -> str:
    """The page that a button leads to."""
    answer = client.post(reverse(f"admin:scheduling_{name}", args=args), fields, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def away_url(advisor: Advisor) -> str:
    return reverse("admin:scheduling_advisor_away", args=[advisor.pk])


def log() -> list[str]:
    return list(LogEntry.objects.order_by("pk").values_list("change_message", flat=True))


def test_a_conversation_is_booked_from_the_free_times(admin_client: Client, monday: datetime) -> None:
    advisor = factories.make_advisor()
    submission = factories.make_submission(hold=False, timezone="")
    wishes.ask(submission, "Tuesdays", now=monday)

    shown = admin_client.get(arrange_url(submission)).content.decode()
    missing = press(admin_client, "booking_book", submission.pk, **{"with": advisor.pk, "start": TUESDAY.isoformat()})
    page = press(
        admin_client, "booking_book", submission.pk,
        **{"with": advisor.pk, "start": TUESDAY.isoformat(), "timezone": "America/New_York"},
    )  # fmt: skip

    assert "Tuesdays" in shown
    assert TUESDAY.isoformat() in shown
    assert "choose the prospect’s time zone" in missing.replace("&#x27;", "’").replace("'", "’")
    assert "Booked: Tuesday, 24 November 2026, 10:00 to 10:30 (Europe/Berlin)" in page
    assert "For" in page
    assert Booking.objects.get().timezone == "America/New_York"
    assert TimeRequest.objects.get().settled_at == monday
    assert log() == [f"booked to 2026-11-24 09:00 UTC with {advisor}"]


def test_a_time_that_was_taken_meanwhile_is_told(admin_client: Client, monday: datetime) -> None:
    advisor = factories.make_advisor()
    submission = factories.make_submission(hold=False)
    booked(advisor, TUESDAY, now=monday, email="grace@example.com")

    fields = {"with": advisor.pk, "start": TUESDAY.isoformat(), "timezone": "UTC"}
    assert "Not booked: This time is taken." in press(admin_client, "booking_book", submission.pk, **fields)
    assert Booking.objects.count() == 1
    assert log() == []


@pytest.mark.parametrize("fields", [
    {}, {"with": "x", "start": "x"}, {"with": "9" * 40}, {"with": "1-1"}, {"start": "9999-99-99T00:00Z"},
    {"timezone": "../etc/passwd"}, {"timezone": "\x00"}, {"start": "\x00"},
])  # fmt: skip
def test_nonsense_books_nothing(admin_client: Client, monday: datetime, fields: dict[str, str]) -> None:
    advisor = factories.make_advisor()
    submission = factories.make_submission(hold=False)
    good = {"with": str(advisor.pk), "start": TUESDAY.isoformat(), "timezone": "UTC"}

    assert "Not booked" in press(admin_client, "booking_book", submission.pk, **({**good, **fields} if fields else {}))
    assert Booking.objects.count() == 0


def test_hand_over_cancel_and_marks_are_buttons(admin_client: Client, monday: datetime) -> None:
    advisor = factories.make_advisor(notice_hours=0)
    colleague = factories.make_advisor(name="Zoe Colleague")
    booking = booked(advisor, TODAY, now=monday)

    assert "Zoe Colleague" in admin_client.get(arrange_url(booking.submission)).content.decode()
    press(admin_client, "booking_hand_over", booking.pk, to=colleague.pk)
    assert Booking.objects.get().seats.get().advisor == colleague
    press(admin_client, "booking_hand_over", booking.pk, to="x")
    with time_machine.travel(OVER, tick=False):
        assert "Nobody came" in admin_client.get(
            reverse("admin:scheduling_booking_change", args=[booking.pk])
        ).content.decode()  # fmt: skip
        press(admin_client, "booking_mark", booking.pk, "no_show")
        press(admin_client, "booking_mark", booking.pk, "completed")
        press(admin_client, "booking_mark", booking.pk, "cancelled")

    assert (Booking.objects.get().status, Lead.objects.get().stage) == ("completed", "met")
    assert log() == ["handed over to Zoe Colleague", "nobody came", "took place"]


def test_what_is_to_do_is_a_filter_and_a_mark(admin_client: Client, monday: datetime) -> None:
    booking = booked(factories.make_advisor(notice_hours=0), TODAY, now=monday)
    other = factories.make_submission(email="grace@example.com", name="Grace", hold=False)
    wishes.ask(other, "Fridays", now=monday)
    leads = reverse("admin:intake_lead_changelist")

    def listed(url: str) -> list[Any]:
        return list(admin_client.get(url).context["cl"].queryset)

    with time_machine.travel(OVER, tick=False):
        todo = reverse("admin:scheduling_booking_changelist") + "?todo=untold"
        assert listed(todo) == [booking]
        assert [str(lead) for lead in listed(f"{leads}?needs_attention=is_untold")] == ["Ada Lovelace"]
        assert [str(lead) for lead in listed(f"{leads}?needs_attention=has_wish")] == ["Grace"]
        assert len(listed(f"{leads}?needs_attention=1")) == 2
        press(admin_client, "booking_mark", booking.pk, "completed")
        press(admin_client, "booking_settle", other.pk)
        assert listed(todo) == []
        assert listed(f"{leads}?needs_attention=1") == []


# --- away -----------------------------------------------------------------------------------------------


def test_ill_is_shown_first_and_done_then(admin_client: Client, monday: datetime) -> None:
    ill, colleague = factories.make_advisor(name="Ill One"), factories.make_advisor(name="Zoe Colleague")
    first = booked(ill, TUESDAY, now=monday)
    second = booked(ill, TUESDAY + timedelta(hours=1), now=monday, email="grace@example.com")
    booked(colleague, TUESDAY + timedelta(hours=1), now=monday, email="busy@example.com")
    events = Event.objects.count()

    page = admin_client.get(f"{away_url(ill)}?days=2").content.decode()

    assert page.count("Hand over to Zoe Colleague") == 1
    assert "2 conversations lie in it" in page
    assert (TimeOff.objects.count(), Event.objects.count()) == (0, events)

    fields = {"days": "2", f"do-{first.pk}": str(colleague.pk), f"do-{second.pk}": "cancel"}
    done = admin_client.post(away_url(ill), fields, follow=True).content.decode()

    assert "handed over to Zoe Colleague" in done
    assert "cancelled, with other times offered" in done
    assert TimeOff.objects.get().ends_at == datetime(2026, 11, 24, 23, tzinfo=UTC)
    assert Event.objects.count() == events + 2
    assert log() == [
        "away until the end of Tuesday, 24 November 2026", "handed over to Zoe Colleague",
        "cancelled, with other times offered",
    ]  # fmt: skip


def test_time_off_over_conversations_is_never_silent(admin_client: Client, monday: datetime) -> None:
    advisor = factories.make_advisor(name="Ada")
    booked(advisor, TUESDAY, now=monday)
    TimeOff.objects.create(advisor=advisor, starts_at=TUESDAY, ends_at=TUESDAY + timedelta(hours=2))

    page = admin_client.get(reverse("admin:scheduling_advisor_change", args=[advisor.pk])).content.decode()

    assert "1 conversation lies in a time when nobody is there" in page
    assert away_url(advisor) in page
    assert "1 conversation lies in it" in admin_client.get(away_url(advisor)).content.decode()
    stranded = reverse("admin:scheduling_booking_changelist") + "?todo=stranded"
    assert list(admin_client.get(stranded).context["cl"].queryset) == [Booking.objects.get()]


@pytest.mark.parametrize("days", ["-1", "x", "\x00", "9" * 50, "²", ""])
def test_days_that_are_none_are_no_crash(admin_client: Client, monday: datetime, days: str) -> None:
    advisor = factories.make_advisor()

    answers = [
        admin_client.get(away_url(advisor), {"days": days}),
        admin_client.post(away_url(advisor), {"days": days}),
    ]

    assert {answer.status_code for answer in answers} <= {200, 302, 400}
    assert TimeOff.objects.count() == 0


def test_who_may_only_look_presses_nothing(client: Client, monday: datetime) -> None:
    user = User.objects.create_user("grace", "grace@example.com", "x", is_staff=True)
    for codename in ("view_booking", "view_advisor", "view_timerequest"):
        user.user_permissions.add(Permission.objects.get(codename=codename))
    client.force_login(user)
    advisor = factories.make_advisor()
    booking = booked(advisor, TUESDAY, now=monday)
    events = Event.objects.count()

    answers = [
        client.get(arrange_url(booking.submission)),
        client.get(away_url(advisor)),
        client.post(away_url(advisor), {"days": "1"}),
        client.post(arrange_url(booking.submission, "book")),
        client.post(arrange_url(booking.submission, "settle")),
        *(client.post(reverse(f"admin:scheduling_booking_{act}", args=[booking.pk]))
          for act in ("hand_over", "confirm", "cancel")),
        client.post(reverse("admin:scheduling_booking_mark", args=[booking.pk, "completed"])),
    ]  # fmt: skip
    page = client.get(reverse("admin:scheduling_booking_change", args=[booking.pk])).content.decode()

    assert {answer.status_code for answer in answers} == {403}
    assert "Move, hand over or cancel" not in page
    assert (Event.objects.count(), log()) == (events, [])


def test_no_button_works_by_get(admin_client: Client, monday: datetime) -> None:
    booking = booked(factories.make_advisor(), TUESDAY, now=monday)

    answers = [
        admin_client.get(reverse(f"admin:scheduling_booking_{act}", args=[booking.pk]))
        for act in ("hand_over", "confirm", "cancel")
    ]

    assert {answer.status_code for answer in answers} == {405}
