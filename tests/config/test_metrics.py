"""/metrics: what it tells, to whom, and at what cost."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.factories import make_submission

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("house")]


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture(autouse=True)
def token(settings):
    settings.METRICS_TOKEN = "a-long-token"


def test_it_tells_of_leads_the_outbox_and_the_clocks(client):
    make_submission()

    text = client.get("/metrics", headers=bearer("a-long-token")).content.decode()

    assert 'truegap_leads{gap="ai",stage="new"} 1.0' in text
    assert 'truegap_outbox_due{queue="booking"}' in text
    assert 'truegap_clock_count{clock="verdict"} 1.0' in text
    assert "ada@example.com" not in text


@pytest.mark.parametrize(
    ("proxies", "address", "headers", "status"),
    [
        (0, "127.0.0.1", {}, 200),
        (0, "::1", {}, 200),
        (0, "203.0.113.9", {}, 401),
        (0, "127.0.0.1", {"X-Forwarded-For": "203.0.113.9"}, 401),
        (1, "127.0.0.1", {}, 401),
        (0, "203.0.113.9", bearer("a-long-token"), 200),
        (1, "10.0.0.1", bearer("a-long-token"), 200),
        (0, "127.0.0.1", bearer("wrong"), 401),
    ],
)
def test_it_is_for_who_has_the_token_or_sits_at_this_machine(client, settings, proxies, address, headers, status):
    settings.NUM_PROXIES = proxies

    assert client.get("/metrics", headers=headers, REMOTE_ADDR=address).status_code == status


def test_without_a_token_no_token_is_right(client, settings):
    settings.METRICS_TOKEN = ""

    assert client.get("/metrics", headers=bearer(""), REMOTE_ADDR="203.0.113.9").status_code == 401


def test_a_scrape_costs_the_same_however_much_there_is(client):
    def cost():
        with CaptureQueriesContext(
            connection,
        ) as queries:
            client.get("/metrics")
        return len(queries)

    make_submission()
    first = cost()
    for number in range(5):
        make_submission(email=f"ada{number}@example.com")

    assert cost() == first <= 8
