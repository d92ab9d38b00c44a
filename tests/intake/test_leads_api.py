"""The leads of the staff API: found, read, changed, refused by name; and two who change one lead at once."""

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from intake.models import ApiKey, Correction, Lead
from outbox.models import Event
from tests.factories import BOTH_ANSWERS, CTO_ANSWERS, assign, make_advisor, make_submission, published
from tests.intake.door import problem
from tests.staff import ADVISORS, BOOKINGS, LEADS, Caller

pytestmark = pytest.mark.django_db

DAY = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


@pytest.fixture
def crm(house) -> Caller:
    return Caller("leads:read", "leads:write")


def make_lead(number: int = 0, **over: Any) -> Lead:
    submission = make_submission(**{"email": f"ada{number}@example.com", **over})
    assert submission.lead is not None
    return submission.lead


def url(lead: Lead) -> str:
    return f"{LEADS}{lead.pk}/"


def found(crm: Caller, **query: Any) -> list[str]:
    answer = crm.get(LEADS, **query)
    assert answer.status_code == 200, answer.content
    return [row["email"].partition("@")[0] for row in answer.json()["results"]]


# --- read -----------------------------------------------------------------------------------------------


def test_lead_is_told_with_its_verdict_and_all_that_was_sent(crm):
    lead = make_lead(message="We have no data strategy.", now=DAY)

    answer = crm.get(url(lead))

    body = answer.json()
    assert (body["email"], body["stage"], body["gap"], body["owner"]) == ("ada0@example.com", "new", "ai", None)
    assert (body["intent"], body["best_guess"], body["assessment"]["confidence"]) == ("prospect", "ai", "clear")
    assert [each["message"] for each in body["submissions"]] == ["We have no data strategy."]
    assert (body["created_at"], body["needs_attention"]) == ("2026-11-23T10:00:00Z", False)
    assert answer.headers["Cache-Control"] == "no-store"


def test_record_never_opens_the_page_of_the_prospect(crm):
    submission = make_submission()

    text = crm.get(url(submission.lead)).content.decode()

    assert submission.token not in text
    assert submission.id.hex not in text


def test_who_has_the_newest_version_is_sent_nothing(crm):
    lead = make_lead()
    tag = crm.get(url(lead)).headers["ETag"]

    again = crm.send("GET", url(lead), if_none_match=tag)

    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", tag)


@pytest.mark.parametrize("path", ["01a20a11-6ee5-7f0e-8a6f-6f9a4f1c2b3d", "x", "%00", "1"])
def test_lead_that_is_none_is_a_404(crm, path):
    problem(crm.get(f"{LEADS}{path}/"), 404)


# --- find -----------------------------------------------------------------------------------------------


def test_each_filter_finds_what_it_says(crm):
    advisor = make_advisor()
    old = make_submission(email="old@example.com", name="Alan Turing", answers=CTO_ANSWERS, now=DAY)
    assign(old, advisor)
    make_submission(email="new@example.com", company="Bletchley", now=DAY + timedelta(days=2))
    grace = User.objects.create_user("grace", is_staff=True)
    Lead.objects.filter(email="new@example.com").update(stage="won", owner=grace, corrected_gap="both")

    assert found(crm) == ["new", "old"]
    assert found(crm, q="turing") == ["old"]
    assert found(crm, q="BLETCH") == ["new"]
    assert found(crm, q="%") == []
    assert found(crm, gap="cto") == ["old"]
    assert found(crm, gap="both") == ["new"]
    assert found(crm, gap="ai") == []
    assert found(crm, stage="won") == ["new"]
    assert found(crm, owner="grace") == ["new"]
    assert found(crm, advisor=advisor.pk) == ["old"]
    assert found(crm, advisor=2**63 - 1) == []
    assert found(crm, since="2026-11-24") == ["new"]
    assert found(crm, until="2026-11-25T11:00:00 01:00", since="") == ["old"]
    assert found(crm, needs_attention="false") == ["new", "old"]


def test_who_waits_for_staff_is_found(crm):
    waiting, make = make_submission(email="waits@example.com"), make_lead()
    waiting.time_requests.create(wish="After four", created_at=DAY)

    assert found(crm, needs_attention="true") == ["waits"]
    assert found(crm, needs_attention="false") == ["ada0"]
    assert crm.get(url(waiting.lead)).json()["needs_attention"] is True
    assert make.stage == "new"


def test_pages_lead_on_and_back_though_rows_come_and_go(crm):
    leads = [make_lead(number) for number in range(5)]
    first = crm.get(LEADS, limit=2, stage="new").json()
    make_lead(9)
    leads[1].submissions.all().delete()
    leads[1].delete()

    second = crm.get(first["next"]).json()
    back = crm.get(second["previous"]).json()
    top = crm.get(back["previous"]).json()

    emails = [[row["email"][3] for row in page["results"]] for page in (first, second, back, top)]
    assert emails == [["4", "3"], ["2", "0"], ["4", "3"], ["9"]]
    assert (first["previous"], second["next"], top["previous"]) == (None, None, None)
    assert first["next"].startswith("http://testserver/api/v1/leads/?limit=2&stage=new&cursor=")


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ({"q": "a\x00"}, "q"), ({"q": "x" * 201}, "q"), ({"gap": "\x00"}, "gap"), ({"gap": "everything"}, "gap"),
        ({"stage": "NEW"}, "stage"), ({"advisor": "\x00"}, "advisor"), ({"advisor": "0"}, "advisor"),
        ({"advisor": 2**63}, "advisor"), ({"owner": "\x00"}, "owner"), ({"since": "\x00"}, "since"),
        ({"since": "yesterday"}, "since"), ({"since": "2026-02-30"}, "since"), ({"since": "0001-01-01"}, "since"),
        ({"until": "2026-11-23T10:00:00"}, "until"), ({"until": "9999-12-31T23:59:59-14:00"}, "until"),
        ({"needs_attention": "\x00"}, "needs_attention"), ({"needs_attention": "perhaps"}, "needs_attention"),
        ({"limit": "-1"}, "limit"), ({"limit": "0"}, "limit"), ({"limit": 10**9}, "limit"),
        ({"limit": "\x00"}, "limit"),
        ({"cursor": "\x00"}, "cursor"), ({"cursor": "x"}, "cursor"), ({"cursor": "bGVhZC5vbGRlci54"}, "cursor"),
        ({"stages": "new"}, "stages"), ({"\x00": "x"}, "\x00"), ({"stage": ["new", "won"]}, "stage"),
    ],
)  # fmt: skip
def test_parameter_that_is_wrong_is_named(crm, query, name):
    body = problem(crm.get(LEADS, **query), 400)

    assert [error["pointer"] for error in body["errors"]] == [f"/{name}"]


def test_cursor_of_another_list_is_refused():
    staff = Caller("leads:read", "bookings:read")
    make_advisor()
    make_advisor()
    cursor = staff.get(ADVISORS, limit=1).json()["next"].partition("cursor=")[2]

    for other in (LEADS, BOOKINGS):
        assert problem(staff.get(f"{other}?cursor={cursor}"), 400)["errors"][0]["pointer"] == "/cursor"


def test_a_page_costs_the_same_queries_for_one_lead_and_for_thirty(crm):
    make_lead()
    crm.get(LEADS)  # notes the use of the key
    counts = []
    for number in range(30):
        if number in {0, 29}:
            with CaptureQueriesContext(connection) as queries:
                crm.get(LEADS)
            counts.append(len(queries))
        make_lead(number + 1, answers=BOTH_ANSWERS)

    assert counts == [3, 3]


# --- change ---------------------------------------------------------------------------------------------


def test_stage_owner_and_gap_are_changed_and_told(crm):
    lead = make_lead()
    grace = User.objects.create_user("grace", is_staff=True)
    ApiKey.objects.update(created_by=grace)
    tag = crm.get(url(lead)).headers["ETag"]
    change = {"stage": "won", "owner": "grace", "gap": "both", "reason": "They said so."}

    answer = crm.send("PATCH", url(lead), change, if_match=tag)

    body = answer.json()
    assert answer.status_code == 200
    assert (body["stage"], body["owner"], body["gap"], body["corrected_gap"]) == ("won", "grace", "both", "both")
    assert answer.headers["ETag"] == crm.get(url(lead)).headers["ETag"] != tag
    assert published() == {"lead.created": 1, "lead.assessed": 1, "lead.stage_changed": 1, "lead.reassessed": 1}
    assert Correction.objects.get().reason == "They said so. (by the API key “CRM”)"
    assert sorted(LogEntry.objects.values_list("user__username", "change_message")) == [
        ("grace", "corrected the gap to both, by the API key “CRM”"),
        ("grace", "gave it to grace, by the API key “CRM”"),
        ("grace", "moved to won, by the API key “CRM”"),
    ]


def test_null_takes_the_correction_and_the_owner_back(crm):
    lead = make_lead()
    Lead.objects.update(owner=User.objects.create_user("grace", is_staff=True))
    crm.send("PATCH", url(lead), {"gap": "cto", "reason": "I asked."})

    body = crm.send("PATCH", url(lead), {"gap": None, "owner": None}).json()

    assert (body["gap"], body["corrected_gap"], body["owner"]) == ("ai", None, None)
    assert [each["gap"] for each in body["corrections"]] == [None, "cto"]


def test_same_change_again_changes_and_tells_nothing(crm):
    lead = make_lead()
    change = {"stage": "contacted", "gap": "cto", "reason": "I asked."}
    first = crm.send("PATCH", url(lead), change)
    events = Event.objects.count()

    again = crm.send("PATCH", url(lead), change)
    nothing = crm.send("PATCH", url(lead), {})

    assert first.content == again.content == nothing.content
    assert Event.objects.count() == events


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"stage": "gone"}, "/stage"), ({"stage": None}, "/stage"), ({"stage": ["won"]}, "/stage"),
        ({"owner": "nobody"}, "/owner"), ({"owner": "eve"}, "/owner"), ({"owner": 1}, "/owner"),
        ({"owner": "x" * 1000}, "/owner"), ({"gap": "cto"}, "/reason"),
        ({"gap": "cto", "reason": " \u200b"}, "/reason"),
        ({"gap": "", "reason": "x"}, "/gap"), ({"gap": "all", "reason": "x"}, "/gap"),
        ({"reason": "x" * 2001}, "/reason"),
        ({"gap": "cto", "reason": "a\x00b"}, "/reason"), ({"name": "Eve"}, "/name"), ({"stages": "won"}, "/stages"),
    ],
)  # fmt: skip
def test_change_that_is_wrong_is_named_and_nothing_is_changed(crm, change, pointer):
    lead = make_lead()
    User.objects.create_user("eve", is_staff=False)
    before = crm.get(url(lead)).content

    body = problem(crm.send("PATCH", url(lead), {"stage": "won", **change}), 400)

    assert [error["pointer"] for error in body["errors"]] == [pointer]
    assert crm.get(url(lead)).content == before


@pytest.mark.parametrize("tag", ["nonsense", '"x"', "", "\x00", "W/", '"' + "x" * 5000 + '"'])
def test_change_to_another_version_is_refused(crm, tag):
    lead = make_lead()

    assert problem(crm.send("PATCH", url(lead), {"stage": "won"}, if_match=tag), 412)["code"] == "stale"
    assert Lead.objects.get().stage == "new"


@pytest.mark.parametrize("mark", ["{}", "W/{}", '"x", {}', "*"])
def test_version_is_known_in_each_way_of_naming_it(crm, mark):
    lead = make_lead()
    tag = mark.format(crm.get(url(lead)).headers["ETag"])

    assert crm.send("PATCH", url(lead), {"stage": "won"}, if_match=tag).status_code == 200


def test_reading_key_changes_nothing_and_forms_are_not_taken(crm):
    lead = make_lead()

    refused = Caller("leads:read").send("PATCH", url(lead), {"stage": "won"})
    form = crm._client.patch(url(lead), "stage=won", content_type="application/x-www-form-urlencoded")

    assert problem(refused, 403)["scope"] == "leads:write"
    assert problem(form, 415)["detail"] == "The body must be application/json."
    assert Lead.objects.get().stage == "new"
    assert problem(crm.send("PUT", url(lead), {}), 405)
    assert problem(crm.send("POST", LEADS, {}), 405)


@pytest.mark.django_db(transaction=True)
def test_of_two_who_change_the_same_version_at_once_one_is_refused(crm):
    lead = make_lead()
    tag = crm.get(url(lead)).headers["ETag"]
    start, codes = threading.Barrier(2), []

    def change(stage: str) -> None:
        start.wait()
        codes.append(crm.send("PATCH", url(lead), {"stage": stage}, if_match=tag).status_code)
        connection.close()

    threads = [threading.Thread(target=change, args=[stage]) for stage in ("won", "lost")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(codes) == [200, 412]
    assert published()["lead.stage_changed"] == 1


def test_a_person_is_erased_by_who_may_write_and_by_nobody_else(house):
    lead = make_submission().lead
    url = f"{LEADS}{lead.pk}/"

    refused = Caller("leads:read").send("DELETE", url)
    stale = Caller("leads:write").send("DELETE", url, if_match='"another"')
    erased, gone = (Caller("leads:write").send("DELETE", url) for _ in range(2))

    assert problem(refused, 403)["code"] == "missing_scope"
    assert stale.status_code == 412
    assert (erased.status_code, gone.status_code) == (204, 404)
    assert published()["lead.erased"] == 1
