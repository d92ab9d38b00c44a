"""What may stand in each field, what is refused with its name, and what is stored in the end."""

import pytest

from intake.models import Lead, Submission
from scheduling.calls import book_call
from tests.factories import enquiry_fields, run_delivery
from tests.intake.door import NOTHING, ONE_ENQUIRY, post, problem, stored

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("message", ["", " \n\t ", "\u200b\u200b", None])
def test_enquiry_without_answer_and_message_is_refused(house, client, message):
    fields = enquiry_fields(answers={}) | ({} if message is None else {"message": message})

    response = post(client, fields)

    error = problem(response, 400)["errors"][0]
    assert (error["pointer"], error["code"]) == ("", "nothing_to_judge")
    assert stored() == NOTHING


@pytest.mark.parametrize(
    ("answers", "wrong"),
    [
        ({"core_systems_work": "maybe"}, {"/answers/core_systems_work": "unknown_answer"}),
        ({"no_such_thing": "yes"}, {"/answers/no_such_thing": "unknown_statement"}),
        ({"a": "yes", "b": "no", "siloed_ai_tools": 1}, {
            "/answers/a": "unknown_statement",
            "/answers/b": "unknown_statement",
            "/answers/siloed_ai_tools": "unknown_answer",
        }),
        ({"siloed_ai_tools": ["yes"]}, {"/answers/siloed_ai_tools": "unknown_answer"}),
        ({"siloed_ai_tools": None}, {"/answers/siloed_ai_tools": "unknown_answer"}),
    ],
)  # fmt: skip
def test_every_wrong_answer_is_named(house, client, answers, wrong):
    response = post(client, enquiry_fields(answers=answers))

    assert {error["pointer"]: error["code"] for error in problem(response, 400)["errors"]} == wrong
    assert stored() == NOTHING


def test_unknown_questionnaire_is_refused(house, client):
    response = post(client, enquiry_fields(questionnaire="astrology"))

    assert problem(response, 400)["errors"][0]["pointer"] == "/questionnaire"
    assert stored() == NOTHING


def test_fields_that_are_not_offered_change_nothing(house, client):
    own = "01890000-0000-7000-8000-000000000000"
    strange = {"id": own, "is_staff": True, "status": "won", "stage": "won", "score": 1, "gap": "both", "owner": 1,
               "lead": own, "created_at": "2001-01-01T00:00:00Z", "quarantine_reasons": ["x"], "token": "x",
               "corrected_gap": "both", "event_sequence": 99, "is_test": True}  # fmt: skip

    response = post(client, enquiry_fields(**strange))

    lead, submission = Lead.objects.get(), Submission.objects.get()
    assert response.status_code == 201
    assert (lead.stage, lead.gap, lead.corrected_gap, lead.owner, lead.event_sequence) == ("new", "ai", "", None, 2)
    assert own not in (str(lead.id), str(submission.id))
    assert (submission.is_test, submission.quarantine_reasons, submission.created_at.year > 2001) == (False, [], True)
    assert stored() == ONE_ENQUIRY


@pytest.mark.parametrize(
    ("consent", "kept"),
    [
        ({"follow_up": True, "text": "Yes, write to me."}, (True, "Yes, write to me.")),
        ({"follow_up": False, "text": "Yes, write to me."}, (False, "Yes, write to me.")),
        ({"text": "Yes, write to me."}, (False, "Yes, write to me.")),
        (None, (False, "")),
    ],
)
def test_consent_is_kept_with_the_words_that_were_shown(house, client, consent, kept):
    post(client, enquiry_fields() if consent is None else enquiry_fields(consent=consent))

    assert Submission.objects.values_list("consent_follow_up", "consent_text").get() == kept


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("engines.example", "https://engines.example"),
        (" engines.example/team?a=1#b ", "https://engines.example/team?a=1#b"),
        ("engines.example:8080/x", "https://engines.example:8080/x"),
        ("localhost:8080", "https://localhost:8080"),
        ("http://engines.example", "http://engines.example"),
        ("HTTPS://Engines.Example/", "HTTPS://Engines.Example/"),
        ("bücher.example", "https://bücher.example"),
        ("", ""),
    ],
)
def test_website_gets_a_scheme(house, client, typed, kept):
    post(client, enquiry_fields(website=typed))

    assert Lead.objects.get().website == kept


@pytest.mark.parametrize(
    "typed",
    [
        "javascript:alert(1)", "JavaScript:alert(1)", "java\tscript:alert(1)", " \x01javascript:alert(1)",
        "data:text/html,x", "ftp://engines.example", "file:///etc/passwd", "mailto:ada@example.com", "vbscript:x",
        "//engines.example",
        "https://", "https:///x", "http://[::1", "https:engines.example", "two words.example", "x" * 501,
    ],
)  # fmt: skip
def test_website_with_another_scheme_or_no_host_is_refused(house, client, typed):
    response = post(client, enquiry_fields(website=typed))

    assert problem(response, 400)["errors"][0]["pointer"] == "/website"
    assert stored() == NOTHING


@pytest.mark.parametrize(
    "name",
    ["../../etc/passwd", "Etc/GMT+99", "Foo/Bar", "x" * 10_000, "localtime", "posixrules", "Factory", "europe/berlin",
     "/etc/localtime", "Europe", "+01:00", "Europe/Berlin\n../x"],
)  # fmt: skip
def test_unknown_time_zone_is_refused(house, client, name):
    response = post(client, enquiry_fields(timezone=name))

    assert [error["pointer"] for error in problem(response, 400)["errors"]] == ["/timezone"]
    assert stored() == NOTHING


@pytest.mark.parametrize("name", ["Europe/Berlin", "UTC", "Etc/GMT+5", "Asia/Kathmandu", ""])
def test_known_time_zone_is_kept(house, client, name):
    post(client, enquiry_fields(timezone=name))

    assert (Lead.objects.get().timezone, Submission.objects.get().timezone) == (name, name)


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        ("2027-01-11T10:00:00", "no_offset"),
        ("2026-10-25T02:30:00", "no_offset"),
        ("2027-02-30T10:00:00Z", "invalid"),
        ("tomorrow", "invalid"),
        ("", "invalid"),
        (1_800_000_000, "invalid"),
        (None, "null"),
        (["2027-01-11T10:00:00Z"], "invalid"),
        ("2027-01-11T10:00:00+99:00", "invalid"),
        ("9" * 5000, "invalid"),
    ],
)
def test_wish_that_is_no_instant_is_refused_by_its_place(house, client, wish, code):
    response = post(client, enquiry_fields(preferred_start=["2027-01-11T09:00:00Z", wish]))

    errors = problem(response, 400)["errors"]
    assert [(error["pointer"], error["code"]) for error in errors] == [("/preferred_start/1", code)]
    assert stored() == NOTHING


def test_five_wishes_are_kept_in_their_order_and_six_are_refused(house, client):
    wishes = [f"2027-01-1{day}T10:00:00+01:00" for day in range(6)]

    kept = post(client, enquiry_fields(preferred_start=wishes[:5]))
    refused = post(client, enquiry_fields(preferred_start=wishes))

    assert kept.status_code == 201
    assert problem(refused, 400)["errors"][0]["pointer"] == "/preferred_start"
    assert Submission.objects.get().preferred_start == wishes[:5]


@pytest.mark.parametrize("kind", ["form", "multipart"])
def test_form_repeats_the_name_for_several_wishes(house, client, kind):
    wishes = ["2027-01-11T10:00:00+01:00", "2027-01-12T10:00:00+01:00"]

    post(client, enquiry_fields(preferred_start=wishes), kind)

    assert Submission.objects.get().preferred_start == wishes


@pytest.mark.parametrize("wish", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "2001-01-01T10:00:00Z"])
def test_wish_at_the_end_of_the_calendar_is_passed_over(house, client, wish):
    response = post(client, enquiry_fields(preferred_start=[wish]))
    booked = run_delivery("scheduling.book_call", book_call)

    assert response.status_code == 201
    assert [(row.status, row.last_error) for row in booked] == [("succeeded", "")]


@pytest.mark.parametrize(
    ("language", "kept"),
    [("de", "de"), ("pt-BR", "pt-BR"), ("zh-Hant-TW", "zh-Hant-TW"), ("<b>", ""), ("x" * 36, ""), ("", "")],
)
def test_language_that_is_no_tag_is_passed_over(house, client, language, kept):
    post(client, enquiry_fields(language=language))

    assert Submission.objects.get().language == kept


def test_attribution_is_cut_and_filtered_and_never_a_reason_to_refuse(house, client):
    attribution = {
        "utm_source": "x" * 600,
        "utm_medium": 7,
        "referrer": "https://a.example/",
        "other": "y",
        "utm_term": "",
    }

    post(client, enquiry_fields(attribution=attribution))
    post(client, enquiry_fields(attribution=["utm_source"]))

    first, second = Submission.objects.order_by("created_at")
    assert first.attribution == {"utm_source": "x" * 500, "referrer": "https://a.example/"}
    assert second.attribution == {}


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("true", True), ("on", True), ("1", True), ("yes", True), ("false", False), ("off", False), ("0", False),
     ("no", False), (None, True), ("", True)],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["form", "multipart"])
def test_form_says_yes_and_no_in_its_words_and_silence_lets_a_time_be_held(house, client, kind, typed, kept):
    post(client, enquiry_fields() if typed is None else enquiry_fields(hold=typed), kind)

    assert Submission.objects.get().hold == kept


@pytest.mark.parametrize("field", ["hold", "test"])
def test_word_that_is_neither_yes_nor_no_is_refused_with_those_that_are(house, client, field):
    (error,) = problem(post(client, enquiry_fields(**{field: "maybe"}), "form"), 400)["errors"]

    assert (error["pointer"], error["detail"]) == (f"/{field}", "Use true or false.")
    assert stored() == NOTHING


@pytest.mark.parametrize("field", ["company_size", "asked_for"])
def test_word_that_is_not_offered_is_refused_with_those_that_are(house, client, field):
    response = post(client, enquiry_fields(**{field: "everything"}))

    (error,) = problem(response, 400)["errors"]
    assert (error["pointer"], error["code"]) == (f"/{field}", "invalid_choice")
    assert {"company_size": "1000+", "asked_for": "not_sure"}[field] in error["detail"]
    assert stored() == NOTHING
