"""Whether an enquiry looks like a person's: from facts to the reasons for setting it aside. Pure.

`intake.looks` gathers the facts, `intake.services` stores what comes out. One strong sign is enough; weak ones have
to come together, since each of them also fits a real person in a hurry.
"""

import re
from dataclasses import dataclass

# A form of ours has statements to read: nobody answers it faster, and only an autofill comes near.
TOO_FAST_SECONDS = 3
FEW_LINKS, MANY_LINKS = 3, 8
# Stored within an hour. A fair or an office behind one address stays below; a machine does not.
SOME_FROM_CLIENT, MANY_FROM_CLIENT = 15, 60
SOME_FROM_ADDRESS, MANY_FROM_ADDRESS = 4, 12
ENOUGH = 10

LINK = re.compile(r"https?://|www\.[a-z0-9-]+\.|\[url", re.IGNORECASE)
MARKUP = re.compile(r"<a\s[^>]*href|\[url[=\]]|\[link[=\]]", re.IGNORECASE)
# What bulk mail lives on, in the languages that we get most of it in. A prospect may use one of these words, too.
BULK = re.compile(
    r"back-?links?|guest post|do-?follow|\bseo\b|\bloans?\b|crypto|bitcoin|\bforex\b|casino|\bwallet\b|lottery"
    r"|jackpot|viagra|inheritance|next of kin|bank (particulars|details|account)|million (usd|dollars|euro)"
    r"|risk[- ]free|no risk|guaranteed|congratulations|you (have been|were|are) (selected|chosen|nominated)"
    r"|was (selected|chosen|nominated)|act now|buy now|order now|claim (now|your|it|in)"
    r"|limited (time|offer|places)|last chance|click (here|below)|% (off|discount|rabatt)|unsubscribe"
    r"|factory price|reply yes|(make|earn|verdien)\w* [$€\d]|kredit|crédito|crédit|préstamo|empréstimo"
    r"|gewonnen|gewinn|kostenlos|ganhe|gagn(é|ez)|gratis|!!",
    re.IGNORECASE,
)
URL_IN_NAME = re.compile(r"https?:|www\.|[a-z0-9-]{2,}\.[a-z]{2,}/", re.IGNORECASE)

# Code, weight, and the words for staff; the gravest first.
REASONS: dict[str, tuple[int, str]] = {
    "trap_field": (10, "filled in the field that people do not see"),
    "blocked_address": (10, "the address is on the blocklist"),
    "blocked_domain": (10, "the address’s domain is on the blocklist"),
    "blocked_network": (10, "the network it came from is on the blocklist"),
    "blocked_word": (10, "a word on the blocklist stands in it"),
    "proof_missing": (10, "came without the proof of work that its site asks for"),
    "proof_wrong": (10, "its proof of work is wrong or too old"),
    "proof_used": (10, "its proof of work was used before"),
    "many_from_client": (10, "very many came from the same client within an hour"),
    "many_from_address": (10, "very many came with the same address within an hour"),
    "staff": (10, "set aside by staff"),
    "url_in_name": (8, "a web address stands in the name"),
    "link_markup": (7, "its message has links in a forum’s markup"),
    "many_links": (7, "its message is full of links"),
    "reads_as_spam": (6, "its message reads like an advertisement sent to many"),
    "some_from_client": (5, "several came from the same client within an hour"),
    "some_from_address": (5, "several came with the same address within an hour"),
    "too_fast": (5, "the form was sent faster than anybody reads it"),
    "forged_form_token": (5, "its form was not given out by us"),
    "throwaway_address": (5, "a throwaway address"),
    "bulk_words": (4, "its message uses words of bulk mail"),
    "some_links": (3, "its message has several links"),
    "reads_as_vendor": (3, "its message offers something for sale"),
}


@dataclass(frozen=True)
class Facts:
    """Everything that the decision goes by; whatever is unknown stays at its default and says nothing."""

    name: str = ""
    message: str = ""
    intent: str = ""
    trapped: bool = False
    blocked: frozenset[str] = frozenset()  # address, domain, network, word
    proof: str = ""  # missing, wrong or used; empty where it is right or not asked for
    is_throwaway: bool = False
    is_forged: bool = False
    seconds_to_fill: float | None = None
    from_client: int = 0
    from_address: int = 0


def reasons(facts: Facts) -> list[str]:
    """Why to set it aside, the gravest reason first; empty where it is to be accepted."""
    seen = signs(facts)
    return seen if sum(REASONS[code][0] for code in seen) >= ENOUGH else []


def signs(facts: Facts) -> list[str]:
    """Everything about it that also machines do."""
    links = len(LINK.findall(facts.message))
    shown = {
        "trap_field": facts.trapped,
        **{f"blocked_{kind}": True for kind in facts.blocked},
        **({f"proof_{facts.proof}": True} if facts.proof else {}),
        "many_from_client": facts.from_client >= MANY_FROM_CLIENT,
        "some_from_client": SOME_FROM_CLIENT <= facts.from_client < MANY_FROM_CLIENT,
        "many_from_address": facts.from_address >= MANY_FROM_ADDRESS,
        "some_from_address": SOME_FROM_ADDRESS <= facts.from_address < MANY_FROM_ADDRESS,
        "url_in_name": bool(URL_IN_NAME.search(facts.name)),
        "link_markup": bool(MARKUP.search(facts.message)),
        "many_links": links >= MANY_LINKS,
        "some_links": FEW_LINKS <= links < MANY_LINKS,
        "bulk_words": bool(BULK.search(facts.message)),
        "reads_as_spam": facts.intent == "spam",
        "reads_as_vendor": facts.intent == "vendor",
        "too_fast": facts.seconds_to_fill is not None and facts.seconds_to_fill < TOO_FAST_SECONDS,
        "forged_form_token": facts.is_forged,
        "throwaway_address": facts.is_throwaway,
    }
    return [code for code in REASONS if shown.get(code)]


def in_words(codes: list[str]) -> str:
    """The reasons as a sentence for staff; a code that is known no longer stands for itself."""
    text = "; ".join(REASONS[code][1] if code in REASONS else code.replace("_", " ") for code in codes)
    return text[:1].upper() + text[1:]
