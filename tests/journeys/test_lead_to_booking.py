"""The story of the README on the real house: post, verdict, mail, booking, webhook; then what may break."""

import os
import signal
from collections import Counter

import httpx
import pytest
from standardwebhooks import Webhook

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("journey")]

# What the house promises from the 201 to the mail server, a killed worker included.
PROMISED_SECONDS = 60
ANSWERS = {"core_systems_work": "yes", "siloed_ai_tools": "yes", "asks_how_to_use_ai": "yes"}


def enquiry(email, **over):
    return {
        "name": "Ada Lovelace",
        "email": email,
        "company": "Engines Ltd",
        "answers": ANSWERS,
        "asked_for": "cto",
        "timezone": "America/New_York",
        **over,
    }


def mails_to(mail, wanted, count):
    """The next mails to these addresses; others are passed over."""
    found = []
    while len(found) < count:
        one = mail.next(seconds=PROMISED_SECONDS)
        if one["To"] in wanted:
            found.append(one)
    return found


def events_until(consumer, wanted):
    """Verified messages up to the one of the wanted type."""
    messages = []
    while not messages or messages[-1]["type"] != wanted:
        one = consumer.next()
        messages.append(Webhook(consumer.secret).verify(one.body, one.headers))
    return messages


def test_a_stranger_becomes_a_booked_lead(house, mail, consumer):
    answer = house.post(**enquiry("ada@example.com"))

    reply = answer.json()
    assert answer.status_code == 201
    assert (reply["assessment"]["gap"], reply["booking_state"]) == ("ai", "pending")

    (received,) = mails_to(mail, {"ada@example.com"}, 1)
    text = received.get_body(("plain",)).get_content()
    assert "America/New_York" in text
    assert "Europe/Stockholm" in text
    assert reply["links"]["page"] in text

    held = httpx.get(reply["links"]["self"]).json()
    assert (held["booking_state"], held["booking"]["status"]) == ("held", "tentative")
    assert held["booking"]["advisor"]["name"] == "Jonas Lindqvist"
    messages = events_until(consumer, "booking.tentative")
    assert Counter(message["type"] for message in messages)["lead.assessed"] == 1
    assert messages[-1]["data"]["booking"]["start"] == held["booking"]["start"]

    confirmed = httpx.post(f"{reply['links']['page']}confirm/", data={"start": held["booking"]["start"]})
    assert confirmed.status_code == 303
    assert httpx.get(reply["links"]["self"]).json()["booking_state"] == "confirmed"
    assert events_until(consumer, "booking.confirmed")[-1]["data"]["lead"]["stage"] == "new"
    assert len(mails_to(mail, {"ada@example.com", "jonas@truegap.example"}, 2)) == 2

    with house.admin() as browser:
        desk = browser.get("/admin/intake/lead/?q=ada%40example.com").text
    assert "Ada Lovelace" in desk


def test_worker_killed_in_the_middle_loses_and_doubles_nothing(house, mail, consumer):
    people = {f"person{number}@example.com" for number in range(12)}
    for address in sorted(people):
        assert house.post(**enquiry(address)).status_code == 201
    house.kill("celery -A config worker")

    received = mails_to(mail, people, len(people))
    house.until(lambda: _settled(house, people), seconds=90)

    assert Counter(one["To"] for one in received) == Counter(people)
    assert set(_settled(house, people)) == {"succeeded"}
    booked = house.query(
        "SELECT count(*), count(DISTINCT b.submission_id) FROM scheduling_booking b"
        " JOIN intake_submission s ON s.id = b.submission_id JOIN intake_lead l ON l.id = s.lead_id"
        " WHERE l.email = ANY(%s)",
        sorted(people),
    )
    assert booked[0][0] == booked[0][1]
    sent = house.query(
        "SELECT count(*) FROM notifications_mail WHERE kind = 'reply' AND \"to\" = ANY(%s)", sorted(people)
    )
    assert sent == [(len(people),)]
    assert not [one for one in list(mail.mails.queue) if one["To"] in people], "somebody got a second mail"


def _settled(house, people):
    """The statuses of everything that these people's submissions caused, once nothing is open any more."""
    rows = house.query(
        "SELECT d.status FROM outbox_delivery d JOIN outbox_event e ON e.id = d.event_id"
        " JOIN intake_lead l ON l.id = e.subject WHERE l.email = ANY(%s)",
        sorted(people),
    )
    statuses = [status for (status,) in rows]
    return [] if {"pending", "sending"} & set(statuses) else statuses


def test_frozen_broker_costs_time_and_no_lead(house, mail):
    valkey = house.valkey_pid()
    os.kill(valkey, signal.SIGSTOP)
    try:
        answer = house.post(**enquiry("grace@example.com"))
        status, health = house.checks()
    finally:
        os.kill(valkey, signal.SIGCONT)

    assert answer.status_code == 201
    assert (status, health["status"], health["checks"]["broker"]) == (200, "degraded", "unreachable")
    (received,) = mails_to(mail, {"grace@example.com"}, 1)
    assert answer.json()["links"]["page"] in received.get_body(("plain",)).get_content()


def test_health_says_that_all_is_well_again(house):
    house.until(lambda: house.checks() == (200, {"status": "ok", "checks": dict.fromkeys(CHECKS, "ok")}), seconds=60)


CHECKS = ("database", "migrations", "broker", "worker", "beat")
