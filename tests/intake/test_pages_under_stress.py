"""Pages for people when there are too many calls, or no database."""

import pytest
from django.db import OperationalError

from intake.rates import Rate
from scheduling import pages
from tests.factories import make_submission


@pytest.mark.django_db
def test_page_of_a_token_is_limited_and_says_so(client, house, settings):
    settings.PUBLIC_RATE = Rate(count=2, seconds=3600)
    path = make_submission().page_path

    answers = [client.get(path), client.post(f"{path}cancel/"), client.post(f"{path}cancel/")]

    assert [answer.status_code for answer in answers] == [200, 303, 429]
    assert int(answers[2].headers["Retry-After"]) > 0
    assert "One moment" in answers[2].content.decode()


@pytest.mark.django_db
def test_browser_that_posts_too_often_gets_a_page_and_a_script_gets_a_problem(client, house, settings):
    settings.SUBMISSION_RATE = Rate(count=1, seconds=3600)
    form = {"name": "Ada", "email": "ada@example.com", "message": "Hello"}
    client.post("/api/v1/submissions/", form)

    page = client.post("/api/v1/submissions/", form, headers={"accept": "text/html"})
    problem = client.post("/api/v1/submissions/", form)

    assert (page.status_code, problem.status_code) == (429, 429)
    assert "One moment" in page.content.decode()
    assert int(page.headers["Retry-After"]) > 0
    assert problem.headers["Content-Type"] == "application/problem+json"


@pytest.mark.django_db
def test_questionnaire_is_limited(client, house, settings):
    settings.PUBLIC_RATE = Rate(count=1, seconds=3600)

    answers = [client.get("/api/v1/questionnaires/fractional-leadership/") for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 429]
    assert answers[1].headers["Content-Type"] == "application/problem+json"


@pytest.mark.django_db
def test_page_without_a_database_is_back_in_a_minute(client, monkeypatch):
    def dead(*_, **__):
        raise OperationalError("connection refused at 10.0.0.1")

    monkeypatch.setattr(pages, "submission_of", dead)

    answer = client.get("/r/some-token/")

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert "Back in a minute" in answer.content.decode()
    assert "10.0.0.1" not in answer.content.decode()
