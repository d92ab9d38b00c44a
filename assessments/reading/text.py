"""Text as the reader sees it: cut into sentences, folded, counted as words and letter groups.

Pure, and used alike by the reader and by its training: a feature that is counted differently there would be noise.
"""

import re
import unicodedata
from collections.abc import Iterator
from itertools import pairwise

LONGEST = 5000  # characters; what the door lets in
LONGEST_SENTENCE = 300
MOST_SENTENCES = 120  # what comes after is one more; no letter has as many, a hostile text has thousands
LONGEST_TOKEN = 40  # longer than the longest German compound: a link, a code or a hostile text
GROUPS = range(2, 6)  # letters a group

WORD = re.compile(r"\w+|[?!€$£%]")
# After a full stop and a space, at a line's end, at a bullet or a dash between spaces.
ENDS = re.compile(r"(?<=[.!?…;:。！？])\s+|\n|\s[•·*–—-]\s")
SPACES = re.compile(r"[^\S\n]+")
LINES = re.compile(r"\n[\n ]*")
CLAUSES = re.compile(r",\s|\s(?:and|but|und|aber|et|mais|y|pero|e|ma|en|maar|och|men|og|i|ale)\s")
EDGES = " -•*·–—"
SHORTEST_CLAUSE = 12
ENGLISH = re.compile(
    r"\b(?:the|of|and|to|we|our|is|for|that|with|not|have|it|are|be|by|from|but|you|at|they|has|this|which|who|what|when|"
    r"your|i|my|us|nobody|would|can|need|been|was|were|had|do|does|how|there|their|any|or|needs|no|a|an|in|on)\b"
)
ENGLISH_FROM = 0.15  # of all words; other languages share a few of these, English has a third


def sentences(text: str) -> list[str]:
    """The sentences and list items as they were typed, with single spaces.

    One that never ends is cut at its commas or spaces.
    """
    # Runs of spaces and lines first: every pattern after it looks at each letter once.
    tidy = LINES.sub("\n", SPACES.sub(" ", text[:LONGEST].replace("\r", "\n")))
    parts = (part.strip(EDGES) for part in ENDS.split(tidy, maxsplit=MOST_SENTENCES))
    return [piece for part in parts if any(map(str.isalnum, part)) for piece in _pieces(part)]


def _pieces(part: str) -> Iterator[str]:
    while len(part) > LONGEST_SENTENCE:
        at = max(part.rfind(mark, 0, LONGEST_SENTENCE) for mark in (", ", " "))
        cut = at + 1 if at > 0 else LONGEST_SENTENCE
        yield part[:cut].strip()
        part = part[cut:].strip()
    if part:
        yield part


def clauses(sentence: str) -> list[str]:
    """The parts of a sentence that could stand alone, for what weighs more than what."""
    return [part for part in CLAUSES.split(sentence) if len(part) > SHORTEST_CLAUSE] or [sentence]


def fold(text: str) -> str:
    """Without accents and case, in compatibility form: ﬁrst, FIRST and fírst are one word."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter)).lower()


def words(folded: str) -> list[str]:
    """Single words and pairs of neighbours."""
    found = WORD.findall(folded)
    return found + [f"{first} {second}" for first, second in pairwise(found)]


def groups(token: str) -> list[str]:
    """Groups of two to five letters within the edges of a token: they read through typos and endings."""
    padded = f" {token[:LONGEST_TOKEN]} "
    return [padded[at : at + size] for size in GROUPS for at in range(len(padded) - size + 1)]


def is_english(text: str) -> bool:
    """Whether enough of its words are the small ones of English."""
    folded = fold(text[:LONGEST])
    return len(ENGLISH.findall(folded)) >= ENGLISH_FROM * len(WORD.findall(folded))
