"""The reader that needs no model file: sentence evidence and a learned decision over words and letter groups.

Three layers. Each sentence is held against the signals, affirmed or denied, and against what is no need; the
message as a whole, with that evidence, gives the gap and who writes; where it is both, the order and the words of
weight give the heavier side. Trained by `assessments.training`.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from assessments.evidence import GAPS, INTENTS, PROSPECT, Evidence, Gap, Reading
from assessments.reading import asks, emphasis, text
from assessments.reading.linear import Floats, Weights

SUPPORTS, DENIES = "+", "-"  # the end of a sentence's label: signal and polarity
POLARITY: dict[str, Literal["supports", "denies"]] = {SUPPORTS: "supports", DENIES: "denies"}
BOTH_FROM = 0.1  # below this nobody asks which side is the heavier one
FEWEST_WORDS = 2  # known words and pairs of them; with fewer, stray letters would decide
SHORTEST_QUOTE = 3  # words; “plan:” and “none” are no sentences
QUOTED_FROM = 0.55  # how sure a sentence's label must be to be evidence
CTO_GAP, AI_GAP = "cto", "ai"
VAGUE = "vague"  # a prospect without a gap that shows


@dataclass(frozen=True)
class Sentences:
    """A message in its sentences, with the likelihoods of each sentence's labels (sentences × labels)."""

    texts: list[str]
    counted: Counter[int]
    chances: Floats

    @property
    def evidence(self) -> Floats:
        """For each label, the surest sentence and how likely any sentence says it."""
        return np.concatenate([self.chances.max(axis=0), 1 - np.prod(1 - self.chances, axis=0)])


class LinearReader:
    """Reads with one set of weights. Safe for threads: it only looks things up."""

    def __init__(self, weights: Weights, sides: Mapping[str, str]) -> None:
        """`sides` gives the side of each signal."""
        self.weights = weights
        self.version: str = weights.about["version"]
        labels = weights.layers["sentence"].labels
        self.telling = [n for n, label in enumerate(labels) if label[-1] in POLARITY]
        self.columns = {
            side: [n for n, label in enumerate(labels) if label[-1] == SUPPORTS and sides.get(label[:-1]) == side]
            for side in (CTO_GAP, AI_GAP)
        }

    def read(self, message: str) -> Reading | None:
        sentences = self.sentences(message)
        return self.reading(message, sentences, self.whole(sentences)) if sentences else None

    def reading(self, message: str, sentences: Sentences, found: Floats) -> Reading:
        """The reading, from the likelihoods of the sentences and of the message as a whole."""
        chances = dict(zip(self.weights.layers["message"].labels, map(float, found), strict=True))
        gaps = _gaps(chances)
        intent, intent_strength = _intent(chances)
        return Reading(
            reader=self.version,
            gaps=gaps,
            intent=intent,
            intent_strength=intent_strength,
            primary_cto=self._primary(sentences) if gaps["both"] >= BOTH_FROM else 0.5,
            asked_for=asks.asked_for(message),
            evidence=tuple(self._evidence(sentences)),
        )

    def whole(self, sentences: Sentences) -> Floats:
        """The likelihoods of who writes and of what gap."""
        features = self.weights.vocabulary.features(sentences.counted)
        chances: Floats = self.weights.layers["message"].chances([features], sentences.evidence[None])[0]
        return chances

    def sentences(self, message: str) -> Sentences | None:
        """The sentences with their likelihoods; None where nothing is written that can be read."""
        texts = text.sentences(message)
        counted = [self.weights.vocabulary.count(sentence) for sentence in texts]
        whole: Counter[int] = Counter()
        for counts in counted:
            whole.update(counts)
        known = sum(number < len(self.weights.vocabulary.words) for number in whole)
        if known < FEWEST_WORDS:
            return None
        return Sentences(texts, whole, self._labels(counted))

    def emphasis(self, sentences: Sentences) -> Floats:
        clauses = [clause for sentence in sentences.texts for clause in text.clauses(sentence)]
        chances = self._labels([self.weights.vocabulary.count(clause) for clause in clauses])
        cto, ai = (chances[:, self.columns[side]].sum(axis=1) for side in (CTO_GAP, AI_GAP))
        return emphasis.features(clauses, cto - ai)

    def _labels(self, counted: list[Counter[int]]) -> Floats:
        return self.weights.layers["sentence"].chances([self.weights.vocabulary.features(counts) for counts in counted])

    def _primary(self, sentences: Sentences) -> float:
        """How likely technology is the heavier side, with an even weight counted half."""
        layer = self.weights.layers["primary"]
        features = self.weights.vocabulary.features(sentences.counted)
        found = layer.chances([features], self.emphasis(sentences)[None])[0]
        chances = dict(zip(layer.labels, map(float, found), strict=True))
        return round(chances[CTO_GAP] + chances["even"] / 2, 3)

    def _evidence(self, sentences: Sentences) -> list[Evidence]:
        labels = self.weights.layers["sentence"].labels
        found = []
        for sentence, chances in zip(sentences.texts, sentences.chances, strict=True):
            best = int(chances.argmax())
            is_sentence = len(sentence.split()) >= SHORTEST_QUOTE
            if is_sentence and labels[best][-1] in POLARITY and chances[best] >= QUOTED_FROM:
                strength = round(float(chances[best]), 3)
                found.append(Evidence(labels[best][:-1], POLARITY[labels[best][-1]], strength, sentence))
        return found


def _gaps(chances: dict[str, float]) -> dict[Gap, float]:
    gaps: dict[Gap, float] = {gap: round(chances.get(gap, 0.0), 3) for gap in GAPS}
    gaps["unclear"] = round(max(0.0, 1 - sum(gaps[gap] for gap in GAPS if gap != "unclear")), 3)
    return gaps


def _intent(chances: dict[str, float]) -> tuple[str, float]:
    """Who writes, and how likely; a prospect unless all others together are likelier."""
    others = {intent: chances.get(intent, 0.0) for intent in INTENTS if intent != PROSPECT}
    strength = round(sum(others.values()), 3)
    if strength <= 0.5:
        return PROSPECT, round(1 - strength, 3)
    return max(others, key=others.__getitem__), strength
