"""An advisor's page in the admin: the week as lines, other hours on a date, time off in the advisor's own zone."""

from datetime import UTC, date, datetime, timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from scheduling.models import Advisor, DateOverride, TimeOff
from tests import factories

LIST = "/admin/scheduling/advisor/"
MONDAY = datetime(2026, 11, 23, 10, tzinfo=UTC)


def address(advisor: Advisor) -> str:
    return reverse("admin:scheduling_advisor_change", args=[advisor.pk])


def as_shown(admin_client: Client, advisor: Advisor) -> dict[str, Any]:
    """Every field of the page with the value that a browser would send back."""
    context = admin_client.get(address(advisor)).context
    forms = [context["adminform"].form]
    for inline in context["inline_admin_formsets"]:
        forms += [inline.formset.management_form, *inline.formset.initial_forms]
    values = {}
    for form in forms:
        for bound in form:
            value = bound.value()
            if value is not None and value is not False:
                values[bound.html_name] = str(value)
    return values


def save(admin_client: Client, advisor: Advisor, **typed: str) -> tuple[int, str]:
    """Saves the page with these fields changed; the status, and the page or the one after it."""
    reply = admin_client.post(address(advisor), as_shown(admin_client, advisor) | typed | {"_continue": "1"})
    page = admin_client.get(reply.headers["Location"]) if reply.status_code == 302 else reply
    return reply.status_code, unescape(page.content.decode())


def row(prefix: str, number: int = 0, **fields: str) -> dict[str, str]:
    """A new row of an inline, after so many that are there."""
    return {f"{prefix}-TOTAL_FORMS": str(number + 1)} | {f"{prefix}-{number}-{name}": v for name, v in fields.items()}


def off(first: str, last: str, start: str = "", end: str = "", number: int = 0) -> dict[str, str]:
    return row("time_off", number, first_day=first, from_time=start, last_day=last, to_time=end)


# --- the week -------------------------------------------------------------------------------------------


def test_mondays_hours_are_changed_in_a_line_and_the_rest_stays(admin_client: Client, monday: datetime) -> None:
    advisor = factories.make_advisor(weekly_hours={"mon": [["09:00", "17:00"]], "sat": [["10:00", "12:00"]]})

    status, page = save(admin_client, advisor, mon="14-18, 9 to 12:30")

    advisor.refresh_from_db()
    assert status == 302
    assert advisor.weekly_hours == {"mon": [["09:00", "12:30"], ["14:00", "18:00"]], "sat": [["10:00", "12:00"]]}
    assert "09:00–12:30, 14:00–18:00" in page


def test_a_page_that_is_saved_as_shown_changes_nothing(admin_client: Client, monday: datetime) -> None:
    advisor = factories.make_advisor(timezone="America/St_Johns", join_url="https://meet.example.com/{room}")
    advisor.overrides.create(date=date(2026, 12, 24), ranges=[["09:00", "12:00"]])
    advisor.overrides.create(date=date(2026, 12, 25), ranges=[])
    advisor.time_off.create(starts_at=MONDAY, ends_at=MONDAY + timedelta(days=3, hours=1))
    # The hour from one to two comes twice on this day.
    twice = datetime(2027, 11, 7, 3, 45, tzinfo=UTC)
    advisor.time_off.create(starts_at=twice, ends_at=twice + timedelta(hours=1))
    before = [list(model.objects.order_by("pk").values()) for model in (Advisor, DateOverride, TimeOff)]

    status, _ = save(admin_client, advisor)

    assert status == 302
    assert [list(model.objects.order_by("pk").values()) for model in (Advisor, DateOverride, TimeOff)] == before


# the field, what is typed, what is said beside it
BAD = [
    ({"mon": "9 am to noon"}, "mon", "“9 am to noon” is no range of time. Write it like 09:00–12:30, 13:30–17:00."),
    ({"tue": "09:00–12:00, 11:00–13:00"}, "tue", "09:00–12:00 reaches into the next range, from 11:00."),
    ({"timezone": "Berlin"}, "timezone", "“Berlin” is no IANA time zone. Use a name like Europe/Berlin."),
    ({"join_url": "https://meet.example.com/{name}"}, "join_url", "Only {room} may stand in braces"),
    ({"max_per_day": "0"}, "max_per_day", "greater than or equal to 1"),
    ({"weight": "11"}, "weight", "less than or equal to 10"),
    ({"photo_url": "javascript:alert(1)"}, "photo_url", "Enter a valid URL."),
    (row("overrides", date="2026-12-24", hours="nine"), "overrides-0-hours", "“nine” is no range of time."),
    (row("overrides", date="2026-11-01", hours=""), "overrides-0-date", "This date is over. Choose one from today on."),
    (row("overrides", date="24.12.", hours=""), "overrides-0-date", "Enter a valid date."),
    (off("2026-12-24", "2026-12-23"), "time_off-0-last_day", "This ends before it starts."),
    (off("2026-12-24", "2026-12-24", "10:00", "10:00"), "time_off-0-last_day", "This ends before it starts."),
    (off("2026-12-24", ""), "time_off-0-last_day", "This field is required."),
    (off("2026-12-24", "9999-12-31"), "time_off-0-last_day", "That is too far away."),
    (off("2027-03-28", "2027-03-28", "02:30"), "time_off-0-from_time",
     "There is no 02:30 on 28 March 2027 in Europe/Berlin: the clock is put forward over it."),
    (off("2027-03-27", "2027-03-28", "", "02:00"), "time_off-0-to_time", "There is no 02:00 on 28 March 2027"),
]  # fmt: skip


@pytest.mark.parametrize(("typed", "field", "message"), BAD, ids=[f"{row[1]} {n}" for n, row in enumerate(BAD)])
def test_an_error_stands_beside_its_field_and_nothing_is_saved(
    admin_client: Client, monday: datetime, typed: dict[str, str], field: str, message: str
) -> None:
    advisor = factories.make_advisor()

    reply = admin_client.post(address(advisor), as_shown(admin_client, advisor) | {"title": "Changed"} | typed)

    context = reply.context
    errors = {name: list(found) for name, found in context["adminform"].form.errors.items()}
    for inline in context["inline_admin_formsets"]:
        for form in inline.formset.forms:
            errors |= {form.add_prefix(name): list(found) for name, found in form.errors.items()}
    assert list(errors) == [field]
    assert message in errors[field][0]
    assert (DateOverride.objects.count(), TimeOff.objects.count()) == (0, 0)
    assert Advisor.objects.get().title == advisor.title


def test_a_date_has_its_other_hours_once(admin_client: Client, monday: datetime) -> None:
    advisor = factories.make_advisor()
    advisor.overrides.create(date=date(2026, 12, 24), ranges=[])

    status, page = save(admin_client, advisor, **row("overrides", 1, date="2026-12-24", hours="10-12"))

    assert status == 200
    assert "Please correct the duplicate" in page
    assert DateOverride.objects.get().ranges == []


# --- time off -------------------------------------------------------------------------------------------

# the zone, what is typed, the instants
OFF = [
    ("Europe/Berlin", ("2026-12-24", "2026-12-31"), "2026-12-23T23:00", "2026-12-31T23:00"),
    ("America/New_York", ("2026-12-24", "2026-12-24"), "2026-12-24T05:00", "2026-12-25T05:00"),
    ("Asia/Kathmandu", ("2026-12-24", "2026-12-25", "13:00", "09:30"), "2026-12-24T07:15", "2026-12-25T03:45"),
    # Days of 23, 25 and 24.5 hours.
    ("Europe/Berlin", ("2027-03-28", "2027-03-28"), "2027-03-27T23:00", "2027-03-28T22:00"),
    ("Europe/Berlin", ("2027-10-31", "2027-10-31"), "2027-10-30T22:00", "2027-10-31T23:00"),
    ("Australia/Lord_Howe", ("2027-04-04", "2027-04-04"), "2027-04-03T13:00", "2027-04-04T13:30"),
    # Of an hour that comes twice, all of it.
    ("Europe/Berlin", ("2027-10-31", "2027-10-31", "02:15", "02:45"), "2027-10-31T00:15", "2027-10-31T01:45"),
    # A day that begins at one o'clock.
    ("Africa/Cairo", ("2027-04-30", "2027-04-30"), "2027-04-29T22:00", "2027-04-30T21:00"),
]


@pytest.mark.parametrize(("zone", "typed", "starts", "ends"), OFF)
def test_time_off_is_typed_and_shown_in_the_advisors_zone(
    admin_client: Client, monday: datetime, zone: str, typed: tuple[str, ...], starts: str, ends: str
) -> None:
    advisor = factories.make_advisor(timezone=zone)

    status, _ = save(admin_client, advisor, **off(*typed))

    found = TimeOff.objects.get()
    shown = as_shown(admin_client, advisor)
    again = [shown.get(f"time_off-0-{name}", "")[:10] for name in ("first_day", "last_day", "from_time", "to_time")]
    assert status == 302
    assert [f"{moment:%Y-%m-%dT%H:%M}" for moment in (found.starts_at, found.ends_at)] == [starts, ends]
    assert again == [*typed[:2], *(f"{clock}:00" for clock in typed[2:]), *[""] * (4 - len(typed))]


def test_an_advisor_who_moves_keeps_the_days_and_hours_that_the_page_shows(
    admin_client: Client, monday: datetime
) -> None:
    advisor = factories.make_advisor()
    save(admin_client, advisor, **off("2026-12-24", "2026-12-26", "", "15:00"))
    berlin = TimeOff.objects.get()

    save(admin_client, advisor, timezone="America/New_York")

    new_york = TimeOff.objects.get()
    moved = (new_york.starts_at - berlin.starts_at, new_york.ends_at - berlin.ends_at)
    assert moved == (timedelta(hours=6), timedelta(hours=6))


def test_time_off_over_conversations_lists_them_with_links(admin_client: Client, monday: datetime) -> None:
    advisor = factories.make_advisor(buffer_before_minutes=0)
    start = datetime(2026, 11, 25, 9, tzinfo=UTC)
    made = {
        name: factories.make_booking(
            factories.make_submission(email=f"{name}@example.com"), who, start + timedelta(hours=hours), **over
        )
        for name, who, hours, over in (
            ("ada", advisor, 0, {}),
            ("held", advisor, 2, {"status": "tentative", "expires_at": start}),
            ("gone", advisor, 1, {"status": "cancelled"}),
            ("later", advisor, 24, {}),
            ("other", factories.make_advisor(), 0, {}),
        )
    }  # fmt: skip

    _, page = save(admin_client, advisor, **off("2026-11-25", "2026-11-25"))

    links = {name: reverse("admin:scheduling_booking_change", args=[booking.pk]) for name, booking in made.items()}
    assert [name for name, link in links.items() if link in page] == ["ada", "held"]
    assert "Wednesday, 25 November 2026, 10:00" in page
    assert reverse("admin:scheduling_advisor_away", args=[advisor.pk]) in page


def test_the_page_shows_what_the_saved_hours_come_to(admin_client: Client, monday: datetime) -> None:
    advisor = factories.make_advisor(
        weekly_hours={"wed": [["09:00", "10:00"]]}, timezone="Asia/Kolkata", horizon_days=7
    )

    page = admin_client.get(address(advisor)).content.decode()
    typed = as_shown(admin_client, advisor) | {"wed": "", "mon": "soon"}
    with_errors = admin_client.post(address(advisor), typed).content.decode()

    for shown in (page, with_errors):
        assert "Wednesday, 25 November 2026, 09:00" in shown
        assert "2 in all (Asia/Kolkata)" in shown


def test_a_new_advisor_needs_no_json(admin_client: Client, monday: datetime) -> None:
    page = admin_client.get(f"{LIST}add/")
    form = page.context["adminform"].form
    fields = {bound.html_name: str(bound.value()) for bound in form if bound.value() is not None} | {
        "name": "Grace Hopper", "title": "CTO", "email": "grace@example.com", "timezone": "Asia/Tokyo", "active": "on",
        "overrides-INITIAL_FORMS": "0", "time_off-INITIAL_FORMS": "0", "overrides-TOTAL_FORMS": "0",
        "calendars-INITIAL_FORMS": "0", "calendars-TOTAL_FORMS": "0",
    } | off("2026-12-24", "2026-12-24")  # fmt: skip

    reply = admin_client.post(f"{LIST}add/", fields | {"fri": ""})

    advisor = Advisor.objects.get()
    assert reply.status_code == 302
    assert advisor.weekly_hours == {
        day: [["09:00", "12:30"], ["13:30", "17:00"]] for day in ("mon", "tue", "wed", "thu")
    }
    assert advisor.time_off.get().starts_at == datetime(2026, 12, 23, 15, tzinfo=UTC)


def test_the_page_takes_as_many_statements_with_many_rows(admin_client: Client, monday: datetime) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    advisor, counts = factories.make_advisor(), []
    for rows in (1, 9):
        for number in range(rows):
            advisor.overrides.create(date=date(2026, 12, number + rows), ranges=[])
            advisor.time_off.create(starts_at=MONDAY, ends_at=MONDAY + timedelta(days=1))
        with CaptureQueriesContext(connection) as statements:
            admin_client.get(address(advisor))
        counts.append(len(statements))

    assert counts[0] == counts[1]
