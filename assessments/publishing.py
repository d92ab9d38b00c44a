"""May these statements be published? Says what is in the way, statement by statement, and how to get it out.

Pure. Comes after staff have edited a draft (`assessments.drafts`) and before it is published: what was published
judges people who wait for an answer, and is never changed again.
"""

import json
import random
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping

from assessments.evidence import GAPS
from assessments.judge import Decision, judge
from assessments.rulesets import OPTIONS, Ruleset, Side, Signal
from assessments.telling import WHOLE
from assessments.weighing import Verdict, weigh

KEY = re.compile(r"[a-z][a-z0-9_]{2,49}")
LONGEST = {"text": 200, "help": 300, "affirmed": 300, "denied": 300}
MOST_STATEMENTS = 40  # nobody answers more, and checking takes the square of it
LEAST_A_SIDE = 4
SIDES: tuple[Side, ...] = ("cto", "ai")
NAMES: dict[Side, str] = {"cto": "CTO", "ai": "AI"}
# The house rules look for these keys (`assessments.weighing`) and would say nonsense from the other side.
HOUSE_RULES: dict[str, Side] = {"no_core_systems": "cto", "no_technical_leadership": "cto", "core_systems_work": "ai"}
RESERVED = {WHOLE}

ANSWER_SETS = 20_000
SEED = 20261123
FULL_EVERY = 10  # one in so many random answer sets is judged in full, and of each kind of verdict the first ones:
FULL_OF_A_KIND = 20  # a rare kind is where a mistake would hide from a plain sample

Answers = Mapping[str, str]


def problems(ruleset: Ruleset, *, answer_sets: int = ANSWER_SETS) -> list[str]:
    """Why these statements cannot be published, each with the way out; nothing where they can.

    Looks at each statement, then at the whole, then judges plain and random answers. What comes first hides what
    comes after: a weight of 7 would only make noise there.
    """
    found = [f"“{signal.key}”: {flaw}" for signal in ruleset.signals for flaw in flaws(signal).values()]
    found += [f"“{signal.key}”: {flaw}" for signal, (_, flaw) in repeated(ruleset.signals)]
    found += _of_the_whole(ruleset)
    return found or list(_of_plain_answers(ruleset)) or list(_of_random_answers(ruleset, answer_sets))


# --- each statement -------------------------------------------------------------------------------------


def flaws(signal: Signal) -> dict[str, str]:
    """What is wrong with one statement by itself: field → a sentence with the way out."""
    found = {name: sentence for name, wrong, sentence in _rules(signal) if wrong}
    found |= {name: sentence for name, most in LONGEST.items() if (sentence := _text_flaw(signal, name, most))}
    return found


def _rules(signal: Signal) -> Iterator[tuple[str, bool, str]]:
    key, side, weight = signal.key, signal.side, signal.weight
    yield (
        "key",
        not KEY.fullmatch(key),
        "Give a key of 3 to 50 small letters, digits and underscores that begins with a letter, like data_is_ready.",
    )
    if key in RESERVED:
        yield "key", True, "This key means the message as a whole. Choose another one."
    yield "side", side not in SIDES, "Choose CTO or AI."
    if side in SIDES and side != HOUSE_RULES.get(key, side):
        yield (
            "side",
            True,
            f"A rule of the house reads this answer for {NAMES[HOUSE_RULES[key]]}. "
            f"Set the side back, or use another key.",
        )
    yield (
        "weight",
        not isinstance(weight, int | float) or not 0 < weight < 1,
        "Give a weight between 0 and 1, such as 0.4: how far one yes moves its side.",
    )
    yield (
        "wish",
        signal.wish and side == "cto",
        "Only a wish for AI waits for the foundation. Take the tick away, or move it to AI.",
    )


def _text_flaw(signal: Signal, name: str, most: int) -> str | None:
    text = getattr(signal, name)
    if not text.strip():
        return None if name == "help" else MISSING[name]
    return f"Shorten it to {most} characters; it has {len(text)}." if len(text) > most else None


MISSING = {
    "text": "Write the statement as the prospect reads it.",
    "affirmed": "Write what a yes is told back as.",
    "denied": "Write what a no is told back as.",
}


def repeated(signals: tuple[Signal, ...]) -> list[tuple[Signal, tuple[str, str]]]:
    """The statements whose key or wording stands in an earlier one: statement, (field, sentence)."""
    found: list[tuple[Signal, tuple[str, str]]] = []
    keys: set[str] = set()
    texts: dict[str, str] = {}
    for signal in signals:
        if signal.key in keys:
            found.append((signal, ("key", "This key is there twice. Give one of the two statements another key.")))
        elif signal.text in texts and signal.text.strip():
            found.append((signal, ("text", f"It reads like “{texts[signal.text]}”. Word or remove one of the two.")))
        keys.add(signal.key)
        texts.setdefault(signal.text, signal.key)
    return found


# --- the whole ------------------------------------------------------------------------------------------


def _of_the_whole(ruleset: Ruleset) -> list[str]:
    count = Counter(signal.side for signal in ruleset.signals)
    found = [
        f"{NAMES[side]} has {count[side]} statements and needs at least {LEAST_A_SIDE}: "
        f"add {LEAST_A_SIDE - count[side]} for {NAMES[side]}."
        for side in SIDES
        if count[side] < LEAST_A_SIDE
    ]
    surplus = len(ruleset.signals) - MOST_STATEMENTS
    return found + ([f"There may be {MOST_STATEMENTS} statements: remove {surplus}."] if surplus > 0 else [])


def _of_plain_answers(ruleset: Ruleset) -> Iterator[str]:
    """Who says yes to all of one side must get that side; who says nothing must get no gap."""
    for side in SIDES:
        other = NAMES["ai" if side == "cto" else "cto"]
        gap = weigh({s.key: "yes" if s.side == side else "no" for s in ruleset.signals}, None, ruleset).gap
        if gap != side:
            yield (
                f"Yes to every {NAMES[side]} statement and no to every {other} one gives “{gap}”, not “{side}”: "
                f"raise the weights of {_heaviest(ruleset, side)}."
            )
    for answer in ("no", "unsure", None):
        answers = {signal.key: answer for signal in ruleset.signals if answer}
        verdict = weigh(answers, None, ruleset)
        if verdict.gap != "unclear":
            said = f"“{answer}” to every statement" if answer else "No answer at all"
            heavy = _heaviest(ruleset, "cto" if verdict.cto >= verdict.ai else "ai")
            yield f"{said} gives “{verdict.gap}”, not “unclear”: lower the weights of {heavy}, or remove some."


def _heaviest(ruleset: Ruleset, side: Side) -> str:
    """The statements of a side that move it most, by their keys."""
    keys = [s.key for s in sorted(ruleset.signals, key=lambda s: -s.weight) if s.side == side]
    return ", ".join(f"“{key}”" for key in keys[:3])


# --- random answers -------------------------------------------------------------------------------------


def _of_random_answers(ruleset: Ruleset, count: int) -> Iterator[str]:
    """The first answers that get a record that is not sound."""
    kinds: Counter[object] = Counter()
    for number, answers in enumerate(random_answers(ruleset, count)):
        verdict = weigh(answers, None, ruleset)
        kind = (verdict.gap, verdict.primary, verdict.confidence, verdict.waits_for, verdict.contradicts)
        kinds[kind] += 1
        wrong = _unsound(verdict)
        if not wrong and (number % FULL_EVERY == 0 or kinds[kind] <= FULL_OF_A_KIND):
            wrong = unsound(judge(answers, ruleset=ruleset), answers, ruleset)
        if wrong:
            said = ", ".join(f"“{key}”: {answer}" for key, answer in answers.items()) or "nothing"
            yield f"These answers get no sound verdict, since {wrong}: {said}. Change their weights or texts."
            return


def random_answers(ruleset: Ruleset, count: int) -> Iterator[Answers]:
    """Always the same ones for the same keys: few answers and many, mostly yes and hardly any."""
    chance = random.Random(SEED)  # noqa: S311 - drawn to be repeated, not to be secret
    keys = [signal.key for signal in ruleset.signals]
    for _ in range(count):
        yes = chance.random()
        asked = chance.sample(keys, chance.randint(0, len(keys)))
        drawn = chance.choices(OPTIONS, weights=(2 * yes, 1 - yes, 1 - yes), k=len(asked))
        yield dict(zip(asked, drawn, strict=True))


def unsound(decision: Decision, answers: Answers, ruleset: Ruleset) -> str | None:
    """What is wrong with a decision record, as half a sentence; None where it is sound."""
    record = decision.as_dict()
    settled = {key for key, answer in answers.items() if answer != "unsure"}
    holds: dict[str, Callable[[], bool]] = {
        "the scores leave 0 to 1": lambda: all(0 <= score <= 1 for score in decision.scores.values()),
        "the margin is not the distance of the scores": lambda: (
            abs(decision.margin - abs(decision.scores["cto"] - decision.scores["ai"])) < 0.011
        ),
        "confidence, gap and engagement disagree": lambda: (
            (decision.confidence == "none") == (decision.gap == "unclear") == (decision.engagement == "discovery")
        ),
        "a reason has no text": lambda: all(reason.text.strip() for reason in decision.reasons),
        "it asks for what was answered": lambda: (
            len(decision.tie_breaks) <= 2 and set(decision.tie_breaks) <= ruleset.by_key.keys() - settled
        ),
        "the record does not survive JSON": lambda: json.loads(json.dumps(record)) == record,
    }
    return next((wrong for wrong, is_sound in holds.items() if not is_sound()), None)


def _unsound(verdict: Verdict) -> str | None:
    """The same for the numbers alone, which is quick enough for every set."""
    if not (0 <= verdict.cto <= 1 and 0 <= verdict.ai <= 1):
        return "the scores leave 0 to 1"
    if verdict.gap not in GAPS or (verdict.confidence == "none") != (verdict.gap == "unclear"):
        return "gap and confidence disagree"
    heavier = "cto" if verdict.cto >= verdict.ai else "ai"
    right = (None, heavier) if verdict.gap == "both" else (None if verdict.gap == "unclear" else verdict.gap,)
    return None if verdict.primary in right else "the heavier side is not the one that is named"
