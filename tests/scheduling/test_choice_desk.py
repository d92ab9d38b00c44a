"""“Why Maya?”: what a salesperson reads on the page of an assignment and of a lead."""

import re
from datetime import datetime, timedelta
from html import unescape

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from intake.models import Firm, Submission
from scheduling import calls
from scheduling.models import Advisor, Assignment
from tests import factories
from tests.intake.lives import list_url, page_url

LARGE = {"answers": factories.BOTH_ANSWERS, "company_size": "201-1000"}


def decided(**over: object) -> Submission:
    submission = factories.make_submission(**over)
    factories.run_delivery("scheduling.book_call", calls.book_call, event__data__submission__id=str(submission.id))
    return submission


def rows(client: Client, page: str) -> list[list[str]]:
    """The cells of each row of each table on the page, as text."""
    html = client.get(page).content.decode()
    lines = re.findall(r"<tr>(.*?)</tr>", html, re.DOTALL)
    return [
        [unescape(re.sub(r"<[^>]+>", "", cell)) for cell in re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", line, re.DOTALL)]
        for line in lines
    ]


@pytest.fixture
def house_of_four(monday: datetime) -> dict[str, Advisor]:
    """Two who fit equally well, one of the other side, one on leave; the first has more ahead."""
    people = {
        "Ben": factories.make_advisor(name="Ben", cto_depth=0, ai_depth=3, joined_at=monday - timedelta(days=99)),
        "Maya": factories.make_advisor(name="Maya", cto_depth=0, ai_depth=3, weight=2),
        "Noah": factories.make_advisor(name="Noah", cto_depth=3, ai_depth=0),
        "Lea": factories.make_advisor(name="Lea", ai_depth=3),
    }
    people["Lea"].time_off.create(starts_at=monday, ends_at=monday + timedelta(days=7))
    met = factories.make_submission(email="grace@example.com")
    factories.make_booking(met, people["Ben"], monday + timedelta(days=2))
    return people


def test_page_of_an_assignment_says_why_it_is_her(admin_client, house_of_four: dict[str, Advisor]) -> None:
    assignment = decided().assignment

    found = rows(admin_client, page_url(assignment))

    assert ["Is here, and fits what is offered", "Maya, Ben"] in found
    assert ["Of equals, was given the smallest share", "Maya"] in found
    # 1 / (2 x 160) + a mean of 1 / 160, and 2 / 160; to 100 hours.
    assert ["Maya", "Leads", "0", "3", "0", "2", "160", "0", "0.94", "Never"] in found
    assert ["Ben", "", "0", "3", "1", "1", "160", "28+", "1.25", "Never"] in found
    assert ["Noah", "Does not fit", "3", "0", *[""] * 6] in found
    assert ["Lea", "On leave", "2", "3", *[""] * 6] in found


def test_page_of_the_lead_says_it_too(admin_client, house_of_four: dict[str, Advisor]) -> None:
    submission = decided()

    page = admin_client.get(page_url(submission.lead)).content.decode()

    assert "Maya. Of equals, was given the smallest share." in page
    assert page_url(submission.assignment) in page
    assert "fits what is offered: Maya, Ben; Of equals, was given the smallest share: Maya." in page
    assert ["Noah", "Does not fit", "3", "0", *[""] * 6] in rows(admin_client, page_url(submission.lead))


def test_both_of_a_pair_are_named(admin_client, monday: datetime) -> None:
    factories.make_advisor(name="Noah", cto_depth=3, ai_depth=0)
    factories.make_advisor(name="Maya", cto_depth=0, ai_depth=3)
    pair = decided(**LARGE)
    Assignment.objects.filter(submission=pair).update(is_joint=False)

    briefed = admin_client.get(page_url(pair.assignment)).content.decode()
    Assignment.objects.filter(submission=pair).update(is_joint=True)
    joint = admin_client.get(page_url(pair.assignment)).content.decode()

    # Who may join has numbers, too: 1 / 160, to 100 hours.
    assert ["Maya", "Joins", "0", "3", "0", "1", "160", "0", "0.62", "Never"] in rows(
        admin_client, page_url(pair.assignment)
    )
    assert "Noah, who briefs Maya" in briefed
    assert "Noah, together with Maya" in joint
    assert "Both are free within five working days: they come together" in joint


def test_nobody_is_told_as_nobody(admin_client, monday: datetime) -> None:
    submission = decided()

    page = admin_client.get(page_url(submission.assignment)).content.decode()

    assert "Nobody is here" in page
    assert "Nobody was there." in page


def test_advisor_who_was_deleted_is_told_by_number(admin_client, house_of_four: dict[str, Advisor]) -> None:
    assignment, gone = decided().assignment, house_of_four["Noah"]
    id_ = gone.pk
    gone.delete()

    assert [f"Advisor {id_}, who was deleted", "Does not fit", "3", "0", *[""] * 6] in rows(
        admin_client, page_url(assignment)
    )


def test_names_are_text(admin_client, house_of_four: dict[str, Advisor]) -> None:
    Advisor.objects.filter(name="Ben").update(name="<b onclick=x>Ben</b>")

    page = admin_client.get(page_url(decided().assignment)).content.decode()

    assert "<b onclick" not in page
    assert "&lt;b onclick=x&gt;Ben" in page


def test_page_asks_as_many_queries_for_thirty_advisors(admin_client, monday: datetime) -> None:
    counts = []
    for number in (2, 28):
        for _ in range(number):
            factories.make_advisor(ai_depth=3)
        submission = decided(email=f"p{number}@example.com")
        pages = page_url(submission.assignment), page_url(submission.lead), list_url(Assignment)
        [admin_client.get(page) for page in pages]
        with CaptureQueriesContext(connection) as captured:
            assert [admin_client.get(page).status_code for page in pages] == [200] * 3
        counts.append(len(captured))

    assert counts[0] == counts[1]


def test_page_of_the_firm_has_the_choice_and_explains_it(admin_client, monday: datetime) -> None:
    page = admin_client.get(page_url(Firm.objects.create(pk=1))).content.decode()

    assert all(label in page for label in Firm.Holds.labels)
    assert "What the house books of itself when an enquiry comes." in page


def test_firm_is_switched_off_in_the_admin(admin_client, monday: datetime) -> None:
    factories.make_advisor()
    firm = Firm.objects.create(pk=1)
    fields = {"name": "Truegap", "accent": "#14665c", "language": "en", "timezone": "UTC", "holds": "off"}

    response = admin_client.post(page_url(firm), fields)

    assert response.status_code == 302
    assert Firm.get().holds == "off"
    assert decided().assignment.outcome == "offer"
