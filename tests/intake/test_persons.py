"""One person as a whole: exported, erased across every table, and what has outlived its time."""

import io
import json
from datetime import timedelta

import pytest
from django.apps import apps
from django.conf import settings as django_settings
from django.contrib.admin.models import LogEntry
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone
from django.utils.module_loading import import_module

from assessments.models import Assessment
from intake import erasures, persons
from intake.models import Erasure, Lead, Submission
from notifications import erasure_notes, replies
from notifications.models import Mail, Suppression
from outbox import outbox
from outbox.models import Attempt, Delivery, Event
from scheduling import services
from scheduling.answers import correct
from tests.factories import make_submission, published, run_delivery
from tests.intake.lives import make_lead_with_a_life, page_url

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("house")]
CANARIES = {
    "name": "Zephyrine Quillfeather",
    "email": "zephyrine.q@example.com",
    "company": "Quillfeather Aviaries",
    "phone": "+353 1 555 0199",
    "message": "Our penguins ledger keeps failing and the zanzibar module is lost.",
}
WORDS = ("Zephyrine", "zephyrine.q", "Aviaries", "555 0199", "penguins ledger")
CONSENT = {"follow_up": True, "text": "You may write to me."}


def dump():
    """Every row of every table as text."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
        tables = [name for (name,) in cursor.fetchall()]
        rows = []
        for name in tables:
            cursor.execute(f'SELECT to_jsonb(t)::text FROM "{name}" t')
            rows += [f"{name}: {text}" for (text,) in cursor.fetchall()]
    return "\n".join(rows)


def found_in(text):
    return [word for word in WORDS if word.lower() in text.lower()]


@pytest.fixture
def lead(admin_client, mail_server):
    lead = make_lead_with_a_life(**CANARIES, consent=CONSENT)
    correct(lead.submissions.get(), {"answers": {"needs_ai_governance": "yes"}}, now=timezone.now())
    admin_client.post(page_url(lead), {"name": "Zephyrine Quillfeather", "company": "Quillfeather Aviaries"})
    services.confirm(lead.submissions.get(), now=timezone.now())
    make_submission(**{**CANARIES, "contact_fax_ext": "filled"})
    return lead


def test_every_table_says_what_becomes_of_a_person_in_it():
    known = {}
    for name in django_settings.PERSONAL_DATA:
        known |= import_module(name).MODELS
    tables = {model._meta.label for model in apps.get_models()}

    assert tables - set(known) == set(), "Say in MODELS of its room's privacy.py what an erasure does with it."
    assert set(known) - tables == set()


def test_export_holds_everything_in_plain_names(lead):
    found = persons.export(persons.of_lead(lead))

    assert found_in(json.dumps(found, ensure_ascii=False)) == list(WORDS)
    assert len(found["enquiries"]) == 2
    assert found["conversations"][0]["status"] == "confirmed"
    assert found["mails"][0]["subject"].startswith("Your result")
    assert found["enquiries"][0]["consent"]["text"] == "You may write to me."


def test_nothing_of_an_erased_person_is_left_in_any_table(lead):
    assert found_in(dump()) == list(WORDS)
    before = Assessment.objects.count()

    persons.erase(persons.of_lead(lead), now=timezone.now())

    assert found_in(dump()) == []
    others = Submission.objects.filter(payload__email__startswith="mallory")
    assert (Lead.objects.count(), Submission.objects.count()) == (0, others.count())
    assert Assessment.objects.count() < before
    assert set(LogEntry.objects.values_list("object_repr", flat=True)) <= {"(erased)"}


def test_what_stays_is_a_hash_and_the_proof_of_consent(lead):
    persons.erase(persons.of_lead(lead), now=timezone.now())

    kept = Erasure.objects.get()
    assert kept.address_hash == erasures.hash_of("ZEPHYRINE.Q@example.com")
    assert [(one["given"], one["wording"]) for one in kept.consents] == [(True, "You may write to me."), (False, "")]
    assert Suppression.objects.filter(reason="erased", scope="all").count() == 1


def test_consumers_are_told_the_id_alone_and_earlier_events_keep_id_and_type(lead):
    earlier = set(Event.objects.filter(subject=lead.pk).values_list("id", "type"))

    persons.erase(persons.of_lead(lead), now=timezone.now())

    told = Event.objects.get(type="lead.erased")
    assert told.data["lead"] == {"id": str(lead.pk)}
    rest = Event.objects.filter(subject=lead.pk).exclude(pk=told.pk)
    assert set(rest.values_list("id", "type")) == earlier
    assert set(map(str, rest.values_list("data", flat=True))) == {"{}"}
    assert not Delivery.objects.filter(event__in=rest, status__in=Delivery.OPEN).exists()
    assert set(Attempt.objects.filter(delivery__event__in=rest).values_list("error", flat=True)) == {""}


def test_advisors_give_the_time_back_and_hear_no_name(lead, mail_server):
    persons.erase(persons.of_lead(lead), now=timezone.now())
    while not mail_server.mails.empty():
        mail_server.next()

    run_delivery("notifications.send_erasure_note", erasure_notes.send_erasure_note)

    note = mail_server.next()
    text = note.as_string()
    (calendar,) = [part.get_content() for part in note.walk() if part.get_content_type() == "text/calendar"]
    assert "METHOD:CANCEL" in calendar
    assert "STATUS:CANCELLED" in calendar
    assert found_in(calendar) == []
    assert found_in(text) == []
    assert mail_server.mails.empty()


def test_an_effect_in_flight_writes_nothing_back(lead, mail_server):
    submission = make_submission(**{**CANARIES, "email": "zephyrine.q2@example.com"})
    row = Delivery.objects.get(task="notifications.send_reply", event__subject=submission.lead_id)
    Delivery.objects.filter(pk=row.pk).update(leased_until=timezone.now() + timedelta(seconds=30))

    def erased_meanwhile(delivery):
        details = replies.send_reply(delivery)
        persons.erase(persons.find("zephyrine.q2@example.com"), now=timezone.now())
        return details

    outbox.attempt(str(row.pk), erased_meanwhile)

    row.refresh_from_db()
    assert (row.status, row.last_error) == ("cancelled", "")
    assert not Mail.objects.filter(to="zephyrine.q2@example.com").exists()


def test_whoever_was_erased_is_never_mailed_again(lead, mail_server):
    persons.erase(persons.of_lead(lead), now=timezone.now())
    while not mail_server.mails.empty():
        mail_server.next()
    make_submission(**CANARIES)

    run_delivery("notifications.send_reply", replies.send_reply, status="pending")

    assert mail_server.mails.empty()
    assert Mail.objects.get(kind="reply").reason == "The person had everything about them erased."


# --- commands and the desk ------------------------------------------------------------------------------


def run(name, *args):
    out = io.StringIO()
    call_command(name, *args, stdout=out)
    return out.getvalue()


def test_commands_export_and_erase_by_address(lead):
    assert json.loads(run("export_person", "Zephyrine.Q@example.com"))["person"]["name"] == CANARIES["name"]
    assert run("erase_person", "zephyrine.q@example.com").startswith("Erased: 2 enquiries")
    assert found_in(dump()) == []
    with pytest.raises(CommandError, match="Nothing is held"):
        run("erase_person", "zephyrine.q@example.com")


def test_somebody_in_quarantine_alone_is_erased_too():
    make_submission(**{**CANARIES, "contact_fax_ext": "filled"})

    run("erase_person", "zephyrine.q@example.com")

    assert found_in(dump()) == []


def test_whom_a_restored_backup_brings_back_is_erased_again(lead, tmp_path):
    run("erase_person", "zephyrine.q@example.com")
    listed = tmp_path / "erased.txt"
    listed.write_text(run("list_erasures"))
    Erasure.objects.all().delete()
    make_submission(**CANARIES)
    make_submission()

    assert run("reapply_erasures", str(listed)) == "Erased again: 1.\n"

    assert found_in(dump()) == []
    assert Lead.objects.get().email == "ada@example.com"


def test_a_list_that_is_none_erases_nobody(lead, tmp_path):
    wrong = tmp_path / "wrong.txt"
    wrong.write_text("zephyrine.q@example.com\n")

    with pytest.raises(CommandError, match="is no hash"):
        run("reapply_erasures", str(wrong))
    assert Lead.objects.filter(pk=lead.pk).exists()


def test_staff_see_what_goes_before_it_goes(admin_client, lead):
    url = f"/admin/intake/lead/{lead.pk}/erase/"

    page = admin_client.get(url).content.decode()
    admin_client.post(url, {})
    assert Lead.objects.filter(pk=lead.pk).exists()
    answer = admin_client.post(url, {"sure": "yes"})

    assert "2 × enquiries" in page
    assert answer.status_code == 302
    assert found_in(dump()) == []


# --- retention ------------------------------------------------------------------------------------------


def test_each_thing_goes_when_its_time_is_over_and_not_before(settings):
    start = timezone.now()
    spam = make_submission(contact_fax_ext="x", email="spam@example.com")
    kept = make_submission(key="k")
    won = make_submission(email="won@example.com").lead
    Lead.objects.filter(pk=won.pk).update(stage="won")
    Submission.objects.update(client_network="203.0.113.0/24")
    Delivery.objects.update(status="succeeded", settled_at=start)

    def after(days):
        return {name: count for name, count in persons.purge(now=start + timedelta(days=days)).items() if count}

    assert after(2) == {}
    assert after(4) == {"idempotency keys": 1}
    deliveries = Delivery.objects.count()
    assert after(31) == {"quarantined": 1, "client addresses": 2, "deliveries": deliveries}
    assert not Submission.objects.filter(pk=spam.pk).exists()
    assert set(after(91)) == {"events"}
    assert after(729) == {}
    assert after(731)["people"] == 1
    assert list(Lead.objects.values_list("pk", flat=True)) == [won.pk]
    assert not Submission.objects.filter(pk=kept.pk).exists()
    assert Erasure.objects.count() == 0
    assert published()["lead.erased"] == 1


def test_whose_conversation_lies_ahead_stays():
    lead = make_lead_with_a_life()
    Lead.objects.filter(pk=lead.pk).update(last_activity_at=timezone.now() - timedelta(days=800))

    assert persons.purge(now=timezone.now())["people"] == 0


def test_what_old_mails_said_goes_and_that_they_were_sent_stays(mail_server):
    make_submission()
    run_delivery("notifications.send_reply", replies.send_reply)

    assert persons.purge(now=timezone.now() + timedelta(days=366))["mail bodies"] == 1

    mail = Mail.objects.get()
    assert (mail.text, mail.html, mail.status) == ("", "", "sent")
