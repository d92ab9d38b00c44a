"""Outside calendars at the desk: which addresses are taken, what is shown of them, and “read now”."""

from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from scheduling.models import Advisor, Calendar
from scheduling.tasks import read_calendars
from tests import factories
from tests.receivers import Answer
from tests.scheduling.test_feed import calendar as ics
from tests.staff import staff

pytestmark = pytest.mark.django_db
SECRET = "private-0123456789abcdef"
ADDRESS = f"https://calendar.example.com/ical/{SECRET}/basic.ics"
LIST = "admin:scheduling_calendar_changelist"


@pytest.fixture
def public(settings):
    """As an installation is: no network of its own is open."""
    settings.WEBHOOK_ALLOWED_NETWORKS = []


def make(**over) -> Calendar:
    now = timezone.now()
    good = {"read_at": now, "tried_at": now, "covered_until": now + timedelta(days=90), "zone": "Europe/Berlin"}
    advisor = over.pop("advisor", None) or factories.make_advisor()
    return Calendar.objects.create(**{"advisor": advisor, "url": ADDRESS, **good, **over})


def page(calendar: Calendar, name: str = "change") -> str:
    return reverse(f"admin:scheduling_calendar_{name}", args=[calendar.pk])


def save(client: Client, calendar: Calendar, **typed: object) -> str:
    fields = {"advisor": calendar.advisor_id, "name": calendar.name, "url": calendar.url, "active": "on", **typed}
    answer = client.post(
        page(calendar), {name: value for name, value in fields.items() if value is not None}, follow=True
    )
    return answer.content.decode()


def add(client: Client, url: str) -> str:
    fields = {"advisor": factories.make_advisor().pk, "name": "Work", "url": url, "active": "on"}
    return client.post(reverse("admin:scheduling_calendar_add"), fields, follow=True).content.decode()


@pytest.mark.parametrize(
    "given", [ADDRESS, ADDRESS.replace("https", "webcal"), f"  {ADDRESS.replace('https', 'WEBCALS')} "]
)
def test_address_is_taken_as_calendars_show_it(admin_client, public, given):
    answer = add(admin_client, given)

    assert Calendar.objects.get().url == ADDRESS
    assert "read within seconds" in answer


@pytest.mark.parametrize(
    ("url", "words"),
    [("http://example.com/a.ics", "must begin with https"), ("file:///etc/passwd", "must begin with https"),
     ("calendar.ics", "must begin with https"), ("https://me:secret@example.com/a.ics", "user name or password"),
     ("https://127.0.0.1/a.ics", "leads inside"), ("https://2130706433/a.ics", "leads inside"),
     ("https://[::ffff:10.0.0.1]/", "leads inside"), ("https://169.254.169.254/latest/", "leads inside"),
     ("https://localhost/a.ics", "leads inside"), ("https://example.com:22/a.ics", "unusual port"),
     ("https://[", "no web")],
)  # fmt: skip
def test_address_that_may_not_be_called_is_refused_with_the_way_out(admin_client, public, url, words):
    assert words in add(admin_client, url)
    assert not Calendar.objects.exists()


def test_same_address_twice_for_one_advisor_is_refused(admin_client, public):
    calendar = make()
    fields = {"advisor": calendar.advisor_id, "name": "", "url": ADDRESS, "active": "on"}

    answer = admin_client.post(reverse("admin:scheduling_calendar_add"), fields)

    assert answer.status_code == 200
    assert Calendar.objects.count() == 1


def test_secret_stands_in_no_list_no_log_and_on_no_page_of_who_may_only_look(admin_client, public):
    calendar = make()
    save(admin_client, calendar, name="Work", url=ADDRESS + "?x=1")
    viewer = staff("scheduling.view_calendar", "scheduling.view_advisor")
    pages = [reverse(LIST), page(calendar), page(calendar, "history"),
             reverse("admin:scheduling_advisor_change", args=[calendar.advisor_id])]  # fmt: skip

    shown = [viewer.get(url) for url in pages] + [admin_client.get(reverse(LIST))]

    assert [answer.status_code for answer in shown] == [200] * 5
    assert all(SECRET not in answer.content.decode() for answer in shown)
    assert all("calendar.example.com/…" in shown[number].content.decode() for number in (0, 1, 3))
    assert SECRET not in str(list(LogEntry.objects.values()))
    assert SECRET in admin_client.get(page(calendar)).content.decode()


def test_list_says_who_is_withheld_and_why(admin_client):
    old = timezone.now() - timedelta(hours=3)
    failed = {"error": "The server could not be reached.", "failures": 9}
    make()
    make(**failed)
    make(**failed, read_at=old)
    make(read_at=None, tried_at=None)
    make(active=False, read_at=old)

    text = admin_client.get(reverse(LIST)).content.decode()

    for words in ("Cannot be read: advisor withheld", "Last reading failed; known times hold", "Waits for its first"):
        assert text.count(words) == 1
    assert text.count("could not be reached") == 2
    advisors = admin_client.get(reverse("admin:scheduling_advisor_changelist")).content.decode()
    assert advisors.count("Unread: withheld") == 2


def test_read_now_calls_nobody_in_the_request_and_a_worker_within_seconds(admin_client, receiver):
    receiver.answer = lambda _: Answer(200, {}, ics())
    calendar = make(url=receiver.url)
    read_calendars()
    assert receiver.requests.empty()  # not due yet

    answer = admin_client.post(page(calendar, "read"), follow=True)

    assert "read within seconds" in answer.content.decode()
    assert receiver.requests.empty()
    read_calendars()
    assert receiver.requests.qsize() == 1
    assert "asked to read it now" in LogEntry.objects.get().change_message


def test_page_says_the_state_in_words_and_its_first_button_saves(admin_client, public):
    text = admin_client.get(page(make(error="The server could not be reached."))).content.decode()

    assert ">Last reading failed; known times hold<" in " ".join(text.split()).replace("> ", ">").replace(" <", "<")
    assert text.index('name="_save"') < text.index("Read now")


def test_read_now_for_several_from_the_list_leaves_those_that_are_off(admin_client):
    on, off = make(), make(active=False)
    picked = {"action": "read_now", "_selected_action": [on.pk, off.pk]}

    text = admin_client.post(reverse(LIST), picked, follow=True).content.decode()

    assert "is off, and was left alone" in text
    assert set(Calendar.objects.filter(tried_at=None)) == {on}


def test_read_now_is_a_post_of_who_may_change_calendars(public):
    calendar = make()
    client = staff("scheduling.view_calendar")

    assert client.post(page(calendar, "read")).status_code == 403
    assert "formaction" not in client.get(page(calendar)).content.decode()
    Client().post(page(calendar, "read"))
    assert Calendar.objects.get().tried_at is not None

    User.objects.get().user_permissions.add(Permission.objects.get(codename="change_calendar"))
    assert client.get(page(calendar, "read")).status_code == 405
    assert client.post(page(calendar, "read")).status_code == 302
    assert client.post(reverse("admin:scheduling_calendar_read", args=[999])).status_code == 404


@pytest.mark.parametrize(
    ("typed", "anew"),
    [({"name": "Other"}, False), ({"url": f"{ADDRESS}?b"}, True), ({"active": None}, True), ({}, False)],
)
def test_another_address_is_read_anew_and_another_name_is_not(admin_client, public, typed, anew):
    calendar = make(etag='"1"', alerted_at=timezone.now(), error="Old.", failures=3)

    save(admin_client, calendar, **typed)

    calendar.refresh_from_db()
    assert (calendar.read_at is None, calendar.etag == "", calendar.failures == 0, calendar.alerted_at is None) == (
        anew,
    ) * 4


def test_saving_writes_only_what_was_typed(admin_client, public, monkeypatch):
    """A worker settles its reading between the moment the form was checked and that of saving."""
    calendar = make(error="Old.")
    check = Calendar.full_clean

    def meanwhile(self, *args, **kwargs):
        check(self, *args, **kwargs)
        Calendar.objects.update(error="New.")

    monkeypatch.setattr(Calendar, "full_clean", meanwhile)

    save(admin_client, calendar, name="Other")

    calendar.refresh_from_db()
    assert (calendar.name, calendar.error) == ("Other", "New.")


def test_advisors_page_has_the_calendars_of_that_advisor(admin_client, public):
    calendar = make(name="Work")
    url = reverse("admin:scheduling_advisor_change", args=[calendar.advisor_id])
    shown = admin_client.get(url).context
    fields = {field.html_name: field.value() for field in shown["adminform"].form if field.value() is not None}
    fields |= {field.html_name: field.value() for inline in shown["inline_admin_formsets"]
               for field in inline.formset.management_form}  # fmt: skip
    rows = {"calendars-TOTAL_FORMS": 2, "calendars-INITIAL_FORMS": 1, "calendars-0-id": calendar.pk,
            "calendars-0-advisor": calendar.advisor_id, "calendars-0-name": "Office", "calendars-0-url": ADDRESS,
            "calendars-0-active": "on", "calendars-1-advisor": calendar.advisor_id, "calendars-1-name": "Home",
            "calendars-1-url": "webcal://home.example.com/x.ics", "calendars-1-active": "on"}  # fmt: skip

    answer = admin_client.post(url, fields | rows)

    assert answer.status_code == 302, answer.context["errors"]
    assert set(Calendar.objects.values_list("name", "url")) == {
        ("Office", ADDRESS), ("Home", "https://home.example.com/x.ics"),
    }  # fmt: skip
    assert Calendar.objects.get(name="Office").read_at is not None
    assert Advisor.objects.count() == 1
