"""Whether an enquiry looks like a person's: from facts to the reasons for setting it aside. Pure.

`intake.looks` gathers the facts, `intake.services` stores what comes out. One strong sign is enough; weak ones have
to come together, since each of them also fits a real person in a hurry.
"""

import re
from dataclasses import dataclass

# A form of ours has statements to read: nobody answers it faster, and only an autofill comes near.
TOO_FAST_SECONDS = 3
FEW_LINKS, MANY_LINKS = 3, 8
# Accepted within an hour. A fair or an office behind one address stays below; a machine does not.
SOME_FROM_CLIENT, MANY_FROM_CLIENT = 15, 60
SOME_FROM_ADDRESS, MANY_FROM_ADDRESS = 4, 12
ENOUGH = 1.0

LINK = re.compile(r"https?://|www\.[a-z0-9-]+\.|\[url", re.IGNORECASE)
MARKUP = re.compile(r"<a\s[^>]*href|\[url[=\]]|\[link[=\]]", re.IGNORECASE)
URL_IN_NAME = re.compile(r"https?:|www\.|[a-z0-9-]{2,}\.[a-z]{2,}/", re.IGNORECASE)

# Code, weight, and the words for staff; the gravest first.
REASONS: dict[str, tuple[float, str]] = {
    "trap_field": (1.0, "filled in the field that people do not see"),
    "blocked_address": (1.0, "the address is on the blocklist"),
    "blocked_domain": (1.0, "the address’s domain is on the blocklist"),
    "blocked_network": (1.0, "the network it came from is on the blocklist"),
    "blocked_word": (1.0, "a word on the blocklist stands in it"),
    "proof_missing": (1.0, "came without the proof of work that its site asks for"),
    "proof_wrong": (1.0, "its proof of work is wrong or too old"),
    "proof_used": (1.0, "its proof of work was used before"),
    "many_from_client": (1.0, "very many came from the same client within an hour"),
    "many_from_address": (1.0, "very many came with the same address within an hour"),
    "staff": (1.0, "set aside by staff"),
    "url_in_name": (0.8, "a web address stands in the name"),
    "link_markup": (0.7, "its message has links in a forum’s markup"),
    "many_links": (0.7, "its message is full of links"),
    "some_from_client": (0.5, "several came from the same client within an hour"),
    "some_from_address": (0.5, "several came with the same address within an hour"),
    "reads_as_spam": (0.5, "its message reads like an advertisement sent to many"),
    "too_fast": (0.5, "the form was sent faster than anybody reads it"),
    "forged_form_token": (0.5, "its form was not given out by us"),
    "throwaway_address": (0.5, "a throwaway address"),
    "some_links": (0.3, "its message has several links"),
    "reads_as_vendor": (0.3, "its message offers something for sale"),
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
