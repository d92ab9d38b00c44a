"""The weights of the reader: a vocabulary and a few linear layers over it, in one small file.

Written by `assessments.training`, applied here with numpy alone. Layers are stored as bytes with a scale a column:
a fifth of a millisecond and two megabytes, where scikit-learn would bring 150 and a second of start.
"""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assessments.reading import text

Floats = NDArray[np.float32]
REMEMBERED = 10_000  # tokens; about 4 MB


@dataclass(frozen=True)
class Features:
    """The known words and letter groups of a text, with their weight; both kinds are scaled to length 1."""

    ids: NDArray[np.int64]
    values: Floats


NOTHING = Features(np.zeros(0, np.int64), np.zeros(0, np.float32))  # for layers over dense features alone


@dataclass(frozen=True)
class Layer:
    """Scores of each label: sparse features @ weights + dense features @ dense + bias."""

    labels: tuple[str, ...]
    weights: NDArray[np.int8]  # by feature and label
    scale: Floats  # of each label
    bias: Floats
    dense: Floats  # by dense feature and label

    def chances(self, texts: Sequence[Features], dense: Floats | None = None) -> Floats:
        """How likely each label is for each text (texts × labels); each row sums to 1."""
        ids = np.concatenate([features.ids for features in texts])
        values = np.concatenate([features.values for features in texts])
        starts = np.cumsum([0, *(len(features.ids) for features in texts)])
        # One running sum over all texts: a gather and a product a message, not a sentence.
        sums = np.zeros((len(ids) + 1, len(self.labels)), np.float64)
        np.cumsum(self.weights[ids] * values[:, None], axis=0, out=sums[1:])
        scores = (sums[starts[1:]] - sums[starts[:-1]]) * self.scale + self.bias
        if dense is not None:
            scores = scores + dense @ self.dense
        raised = np.exp(scores - scores.max(axis=1, keepdims=True))
        chances: Floats = raised / raised.sum(axis=1, keepdims=True)
        return chances


class Vocabulary:
    """Which words and letter groups are known, and how much each says (inverse document frequency)."""

    def __init__(self, words: Iterable[str], groups: Iterable[str], idf: Floats) -> None:
        self.words = {word: number for number, word in enumerate(words)}
        self.groups = {group: number for number, group in enumerate(groups, start=len(self.words))}
        self.idf = idf
        self._tokens: dict[str, list[int]] = {}  # the groups of tokens seen before

    def count(self, sentence: str) -> Counter[int]:
        """How often each known feature stands in a sentence."""
        folded = text.fold(sentence)
        found = [self.words[word] for word in text.words(folded) if word in self.words]
        for token in folded.split():
            found += self._groups_of(token)
        return Counter(found)

    def _groups_of(self, token: str) -> list[int]:
        known = self._tokens.get(token)
        if known is None:
            known = [self.groups[group] for group in text.groups(token) if group in self.groups]
            if len(self._tokens) >= REMEMBERED:
                self._tokens.clear()
            if len(token) <= text.LONGEST_TOKEN:
                self._tokens[token] = known
        return known

    def features(self, counted: Counter[int]) -> Features:
        ids = np.fromiter(counted.keys(), np.int64, len(counted))
        times = np.fromiter(counted.values(), np.float32, len(counted))
        values = (1 + np.log(times)) * self.idf[ids]
        is_word = ids < len(self.words)
        for block in (is_word, ~is_word):
            values[block] /= max(float(np.linalg.norm(values[block])), 1e-9)
        return Features(ids, values.astype(np.float32))


@dataclass(frozen=True)
class Weights:
    """A trained reader: its vocabulary, its layers by name, and where it comes from."""

    about: dict[str, Any]
    vocabulary: Vocabulary
    layers: dict[str, Layer]


def load(path: Path) -> Weights:
    """Raises OSError, ValueError or KeyError for a file that is missing or not whole."""
    # Opened here: numpy leaves the file of a broken archive open.
    with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
        about = json.loads(file["about"].tobytes())
        words, groups = (file[name].tobytes().decode().splitlines() for name in ("words", "groups"))
        vocabulary = Vocabulary(words, groups, file["idf"].astype(np.float32))
        layers = {
            name: Layer(
                labels=tuple(labels),
                weights=file[f"{name}.weights"],
                scale=file[f"{name}.scale"],
                bias=file[f"{name}.bias"],
                dense=file[f"{name}.dense"],
            )
            for name, labels in about["labels"].items()
        }
    return Weights(about, vocabulary, layers)


def save(weights: Weights, path: Path) -> None:
    vocabulary = weights.vocabulary
    arrays: dict[str, Any] = {
        "about": np.frombuffer(json.dumps(weights.about, sort_keys=True).encode(), np.uint8),
        "words": np.frombuffer("\n".join(vocabulary.words).encode(), np.uint8),
        "groups": np.frombuffer("\n".join(vocabulary.groups).encode(), np.uint8),
        "idf": vocabulary.idf.astype(np.float16),
    }
    for name, layer in weights.layers.items():
        arrays |= {f"{name}.{part}": getattr(layer, part) for part in ("weights", "scale", "bias", "dense")}
    np.savez_compressed(path, **arrays)
