"""Which signs set an enquiry aside, alone or together; no database."""

import pytest

from intake.suspicion import ENOUGH, REASONS, Facts, in_words, reasons, signs

HONEST = Facts(
    name="Ada Lovelace", message="Our CTO left. See https://engines.example for what we do.", intent="prospect"
)
THREE_LINKS = "See https://a.example, https://b.example and https://c.example."


@pytest.mark.parametrize(
    "facts",
    [
        HONEST,
        Facts(name="Jan de Vries (Booking.com)"),
        Facts(name="Dr. No", message="www.engines.example"),
        Facts(message=THREE_LINKS),
        Facts(intent="spam"),
        Facts(intent="vendor", message=THREE_LINKS),
        Facts(is_throwaway=True),
        Facts(is_throwaway=True, message=THREE_LINKS),
        Facts(seconds_to_fill=0.3),
        Facts(is_forged=True),
        Facts(from_client=59),
        Facts(from_address=11),
        Facts(name="https://engines.example"),
        Facts(message="We lend: loans, credit and casino chips, no risk!!"),
        Facts(message="Our casino has no CTO, and a new bank account.", seconds_to_fill=0.3),
    ],
)
def test_one_weak_sign_is_no_verdict(facts):
    assert reasons(facts) == []


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (Facts(trapped=True), ["trap_field"]),
        (Facts(blocked=frozenset({"address"})), ["blocked_address"]),
        (
            Facts(blocked=frozenset({"word", "network", "domain"})),
            ["blocked_domain", "blocked_network", "blocked_word"],
        ),
        (Facts(proof="missing"), ["proof_missing"]),
        (Facts(proof="wrong"), ["proof_wrong"]),
        (Facts(proof="used"), ["proof_used"]),
        (Facts(from_client=60), ["many_from_client"]),
        (Facts(from_address=12), ["many_from_address"]),
    ],
)
def test_one_strong_sign_is_enough(facts, expected):
    assert reasons(facts) == expected


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (Facts(name="WIN http://x.example", seconds_to_fill=0.3), ["url_in_name", "too_fast"]),
        (Facts(message='<a href="https://x.example">x</a>', intent="spam"), ["link_markup", "reads_as_spam"]),
        (Facts(message="https://x.example " * 8, is_throwaway=True), ["many_links", "throwaway_address"]),
        (Facts(intent="spam", message="500 backlinks, limited offer"), ["reads_as_spam", "bulk_words"]),
        (Facts(intent="spam", seconds_to_fill=0.3), ["reads_as_spam", "too_fast"]),
        (Facts(from_client=15, is_forged=True), ["some_from_client", "forged_form_token"]),
        (Facts(from_client=15, from_address=4), ["some_from_client", "some_from_address"]),
        (
            Facts(intent="vendor", message=THREE_LINKS, is_throwaway=True),
            ["throwaway_address", "some_links", "reads_as_vendor"],
        ),
    ],
)
def test_weak_signs_together_are_enough_and_the_gravest_is_named_first(facts, expected):
    assert reasons(facts) == expected


def test_what_is_unknown_says_nothing():
    assert signs(Facts()) == []


@pytest.mark.parametrize(("seconds", "found"), [(2.9, ["too_fast"]), (3, []), (None, []), (80_000, [])])
def test_three_seconds_are_the_least_for_a_form(seconds, found):
    assert signs(Facts(seconds_to_fill=seconds)) == found


def test_neither_intent_alone_is_a_verdict():
    weights = {code: weight for code, (weight, _) in REASONS.items()}

    assert weights["reads_as_spam"] + weights["reads_as_vendor"] < ENOUGH


def test_reasons_stand_in_the_order_of_their_weight():
    weights = [weight for weight, _ in REASONS.values()]

    assert weights == sorted(weights, reverse=True)


def test_reasons_are_told_as_a_sentence():
    told = in_words(["url_in_name", "too_fast", "of_an_older_release"])

    assert (
        told == "A web address stands in the name; the form was sent faster than anybody reads it; of an older release"
    )
