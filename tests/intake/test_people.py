"""Names and mail addresses as strangers type them: who is one person, who is nobody, and what is kept of it."""

import pytest

from intake import addresses
from intake.models import Lead, Submission
from tests.factories import enquiry_fields
from tests.intake.door import KINDS, NOTHING, ONE_ENQUIRY, post, problem, stored

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "address",
    [
        "x@localhost", "a@[127.0.0.1]", "a@127.0.0.1", f"{'a' * 65}@example.com", "a@b.com,c@d.com",
        "a@b.com;c@d.com", "a@b.com c@d.com", "a@b.com\nBcc:x@y.z", "a@b.com\r\nBcc: x@y.z",
        "a@b.com%0ABcc:x@y.z@", "Ada <ada@example.com>", "\uff4dike@x.org", "a\ufe6bb.com", "", " ", "ada",
        "@example.com", "ada@", "a@b", "a b@example.com", "a..b@example.com", ".a@example.com", "a@-example.com",
        "a@example..com", "a@exa_mple.com", '"a b"@example.com', f"a@{'b' * 64}.com", f"a@{'b.' * 130}com",
        f"{'é' * 64}@{'ä' * 20}.{'ä' * 50}.{'ä' * 50}.{'ä' * 50}.com",
        "x" * 60_000, f"{'x' * 60_000}@example.com", "\u200b",
    ],
)  # fmt: skip
def test_address_that_is_none_or_several_is_refused(house, client, address):
    response = post(client, enquiry_fields(email=address))

    assert [error["pointer"] for error in problem(response, 400)["errors"]] == ["/email"]
    assert stored() == NOTHING


@pytest.mark.parametrize(
    ("typed", "kept", "key"),
    [
        ("ada@example.com", "ada@example.com", "ada@example.com"),
        (" Ada@Example.COM ", "Ada@example.com", "ada@example.com"),
        ("ada+lead@example.com", "ada+lead@example.com", "ada+lead@example.com"),
        ("ada@bücher.example", "ada@bücher.example", "ada@xn--bcher-kva.example"),
        ("ada@xn--bcher-kva.example", "ada@bücher.example", "ada@xn--bcher-kva.example"),
        ("a@\u0430pple.com", "a@\u0430pple.com", "a@xn--pple-43d.com"),
        ("a@b\u3002com", "a@b.com", "a@b.com"),
        ("m\u0131ke@x.org", "m\u0131ke@x.org", "m\u0131ke@x.org"),
        (f"{'a' * 64}@example.com", f"{'a' * 64}@example.com", f"{'a' * 64}@example.com"),
        ("o'brien@example.com", "o'brien@example.com", "o'brien@example.com"),
    ],
)
def test_address_is_kept_as_typed_and_known_by_its_key(house, client, typed, kept, key):
    response = post(client, enquiry_fields(email=typed))

    assert response.status_code == 201
    assert Lead.objects.values_list("email", "email_key").get() == (kept, key)


@pytest.mark.parametrize(
    ("first", "second"),
    [("mike@x.org", "m\u0131ke@x.org"), ("a@apple.com", "a@\u0430pple.com"), ("ada@example.com", "ada+1@example.com")],
)
def test_addresses_that_only_look_alike_are_two_people(house, client, first, second):
    post(client, enquiry_fields(email=first, name="First"))
    post(client, enquiry_fields(email=second, name="Second"))

    assert sorted(Lead.objects.values_list("name", "email")) == [("First", first), ("Second", second)]
    assert [lead.submissions.count() for lead in Lead.objects.all()] == [1, 1]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "name",
    [
        "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{7*7}}", "=HYPERLINK(1)", "+1", "-1", "@x",
        "O\u2019Brien \u2764\ufe0f", "\u674e\u5c0f\u9f99", "\u0645\u062d\u0645\u062f", "a" * 200, "\U0001f600" * 200,
    ],
)  # fmt: skip
def test_name_is_kept_as_it_was_typed(house, client, kind, name):
    post(client, enquiry_fields(name=name), kind)

    assert Lead.objects.get().name == name
    assert stored() == ONE_ENQUIRY


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  Ada\t Lovelace \n", "Ada Lovelace"),
        ("Ada\r\nBcc: x@y.z", "Ada Bcc: x@y.z"),
        ("\tAda", "Ada"),
        ("Ada\x1b[31m Lovelace\x07", "Ada[31m Lovelace"),
        ("Ada\x9b31m", "Ada31m"),
        ("\u202eecalevoL adA\u202c", "ecalevoL adA"),
        ("A\u200bd\u2060a\ufeff", "Ada"),
        ("\u2066Ada\u2069 \u061cLovelace", "Ada Lovelace"),
        ("Ada\u2028Lovelace\u2029x", "Ada Lovelace x"),
        ("Ada\x85Lovelace", "AdaLovelace"),
    ],
)
def test_name_loses_what_breaks_lines_or_cannot_be_seen(house, client, typed, kept):
    post(client, enquiry_fields(name=typed))

    assert Lead.objects.get().name == kept


@pytest.mark.parametrize(
    "name", ["", " \n", "\u202e\u200b", "a" * 201, "a" + "\u0301" * 10_000, "\U0001f600" * 201]
)  # fmt: skip
def test_name_that_is_empty_or_too_long_is_refused(house, client, name):
    response = post(client, enquiry_fields(name=name))

    assert [error["pointer"] for error in problem(response, 400)["errors"]] == ["/name"]
    assert stored() == NOTHING


@pytest.mark.parametrize(("field", "limit"), [("company", 200), ("role", 200), ("phone", 40), ("message", 5000)])
@pytest.mark.parametrize("letter", ["x", "\U0001f600"])
def test_text_up_to_its_limit_is_kept_and_one_letter_more_is_refused(house, client, field, limit, letter):
    kept = post(client, enquiry_fields(**{field: letter * limit}))
    refused = post(client, enquiry_fields(**{field: letter * (limit + 1)}))

    row = Submission.objects.select_related("lead").get()
    assert kept.status_code == 201
    assert getattr(row if field == "message" else row.lead, field) == letter * limit
    assert [error["pointer"] for error in problem(refused, 400)["errors"]] == [f"/{field}"]
    assert stored() == ONE_ENQUIRY


def test_message_keeps_its_lines(house, client):
    post(client, enquiry_fields(message="First.\r\n\r\n  Second.\tEnd \u202e"))

    assert Submission.objects.get().message == "First.\n\n  Second.\tEnd "


def test_missing_fields_are_named_all_at_once(house, client):
    response = post(client, {"message": "hi"})

    errors = problem(response, 400)["errors"]
    assert [(error["pointer"], error["code"]) for error in errors] == [("/name", "required"), ("/email", "required")]
    assert stored() == NOTHING


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("ada@gmail.com", "A.d.a+news@googlemail.com", True),
        ("ada@outlook.com", "ada+x@outlook.com", True),
        ("a.da@outlook.com", "ada@outlook.com", False),
        ("ada@example.com", "ada+x@example.com", False),
        ("mike@gmail.com", "mıke@gmail.com", False),
    ],
)
def test_tags_are_one_person_where_the_provider_ignores_them(one, other, same):
    (typed, key), (_, other_key) = addresses.normalise(other), addresses.normalise(one)

    assert (key == other_key) is same
    assert typed.rpartition("@")[0] == other.rpartition("@")[0]
