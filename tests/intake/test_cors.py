"""Which websites may read the answers of the door from a visitor's browser."""

import pytest

from intake.rates import Rate
from tests.factories import enquiry_fields
from tests.intake.door import URL, post

pytestmark = pytest.mark.django_db

SITE = "https://engines.example"


@pytest.fixture
def site(settings):
    settings.CORS_ALLOWED_ORIGINS = [SITE]


def access(response) -> dict[str, str]:
    return {name: value for name, value in response.headers.items() if name.lower().startswith("access-control-")}


@pytest.mark.parametrize(("fields", "status"), [(enquiry_fields(), 201), ({}, 400)])
def test_known_site_may_read_the_answer_whatever_it_is(house, client, site, fields, status):
    response = post(client, fields, origin=SITE)

    assert response.status_code == status
    assert response.headers["Access-Control-Allow-Origin"] == SITE
    assert "Access-Control-Allow-Credentials" not in response.headers
    assert response.headers["Access-Control-Expose-Headers"] == "Idempotency-Replayed, Retry-After, ETag, Location"
    assert "origin" in response.headers["Vary"].lower()


def test_known_site_may_ask_first_with_an_idempotency_key(client, site):
    headers = {
        "Origin": SITE,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type,idempotency-key",
    }

    response = client.options(URL, headers=headers)

    assert response.status_code == 200
    assert response.headers["Access-Control-Allow-Origin"] == SITE
    assert response.headers["Access-Control-Allow-Headers"] == "content-type, idempotency-key"
    assert "POST" in response.headers["Access-Control-Allow-Methods"]
    assert "Access-Control-Allow-Credentials" not in response.headers


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "null", f"{SITE}.evil.example", "http://engines.example", f"{SITE}:8443",
     "https://sub.engines.example", "https://engines.example@evil.example", "engines.example"],
)  # fmt: skip
def test_other_site_is_told_nothing(house, client, site, origin):
    posted = post(client, enquiry_fields(), origin=origin)
    asked = client.options(URL, headers={"Origin": origin, "Access-Control-Request-Method": "POST"})

    assert posted.status_code == 201
    assert access(posted) == {}
    assert access(asked) == {}


@pytest.mark.parametrize("path", ["/admin/login/", "/", "/readyz", "/r/x/", "/api/v1/leads/", "/api/v1/other/"])
def test_known_site_reads_nothing_but_the_public_doors(house, client, site, path):
    got = client.get(path, headers={"Origin": SITE})
    asked = client.options(path, headers={"Origin": SITE, "Access-Control-Request-Method": "GET"})

    assert access(got) == {}
    assert access(asked) == {}


@pytest.mark.parametrize(
    ("path", "status"), [("questionnaires/fractional-leadership/", 200), ("questionnaires/x/", 404)]
)
def test_known_site_may_read_the_questionnaire(house, client, site, path, status):
    response = client.get(f"/api/v1/{path}", headers={"Origin": SITE})

    assert response.status_code == status
    assert response.headers["Access-Control-Allow-Origin"] == SITE


def test_known_site_may_read_that_it_asks_too_often(house, client, site, settings):
    settings.SUBMISSION_RATE = Rate(count=1, seconds=3600)
    post(client, enquiry_fields(), origin=SITE)

    response = post(client, enquiry_fields(), origin=SITE)

    assert response.status_code == 429
    assert response.headers["Access-Control-Allow-Origin"] == SITE
