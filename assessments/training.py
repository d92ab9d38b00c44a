"""Trains the reader from the labelled sets; run by `manage.py train_reader`, never while anything is served.

Needs scikit-learn (the extra `training`). What comes out is one small file that `assessments.reading` applies with
numpy alone. Deterministic: the same sets give the same weights.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from assessments import rulesets
from assessments.evaluation_sets import Row
from assessments.evidence import GAPS, PROSPECT, Reading
from assessments.reading import text
from assessments.reading.linear import Floats, Layer, Vocabulary, Weights
from assessments.reading.reader import DENIES, SUPPORTS, VAGUE, LinearReader

RARE = 4  # texts; what stands in fewer says nothing that carries over (measured: as good as 2, at half the size)

if TYPE_CHECKING:
    from assessments.reading.embeddings import EmbeddingReader  # an extra of its own


@dataclass(frozen=True)
class Recipe:
    """How a layer is fitted; all numbers were chosen by leaving out writer after writer (docs/reading.md).

    `penalty` is scikit-learn's C; dense features are scaled to `share` of a standard deviation, so that they stay
    beside the words. A strong penalty makes likelihoods too modest: `sharpness` times the scores, they are right as
    often as they say.
    """

    penalty: float
    balanced: bool = False
    share: float = 1.0
    sharpness: float = 1.0


SENTENCE = Recipe(penalty=30, sharpness=1.5)
MESSAGE = Recipe(penalty=8, balanced=True, share=0.03, sharpness=1.7)
PRIMARY = Recipe(penalty=10, share=0.3)
JOINED = Recipe(penalty=1, balanced=True, share=0.12, sharpness=1.3)
TURNS = 5
POLARITY = {"supports": SUPPORTS, "denies": DENIES, None: ""}


def sides() -> dict[str, str]:
    """The side of each signal."""
    return {signal.key: signal.side for signal in rulesets.current().signals}


def train(messages: Sequence[Row], bank: Sequence[Row], *, version: str) -> Weights:
    """A reader trained on labelled messages and a bank of labelled sentences."""
    vocabulary = _vocabulary([row["text"] for row in [*messages, *bank]])
    about = {"version": version, "trained_on": fingerprint([*messages, *bank]), "messages": len(messages)}
    layers = {"sentence": _sentence_layer(vocabulary, bank)}
    reader = LinearReader(Weights(about, vocabulary, layers), sides())
    layers["message"] = _message_layer(reader, messages)
    layers["primary"] = _primary_layer(reader, [row for row in messages if row["gap"] == "both"])
    about["labels"] = {name: list(layer.labels) for name, layer in layers.items()}
    return Weights(about, vocabulary, layers)


def fingerprint(rows: Iterable[Row]) -> str:
    """Of texts and labels, in any order: tells whether weights are as old as the sets."""
    lines = sorted(json.dumps([row["text"], label_of(row)], ensure_ascii=False) for row in rows)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def label_of(row: Row) -> list[Any]:
    if "label" in row:
        return [row["label"], row["polarity"]]
    return [row["gap"], row["primary"], row["intent"]]


# --- layers ---------------------------------------------------------------------------------------------


def _vocabulary(texts: Sequence[str]) -> Vocabulary:
    words: Counter[str] = Counter()
    groups: Counter[str] = Counter()
    for whole in texts:
        folded = [text.fold(sentence) for sentence in text.sentences(whole)]
        words.update({word for sentence in folded for word in text.words(sentence)})
        groups.update({group for sentence in folded for token in sentence.split() for group in text.groups(token)})
    kept = [sorted(item for item, times in counted.items() if times >= RARE) for counted in (words, groups)]
    times = [counted[item] for counted, items in zip((words, groups), kept, strict=True) for item in items]
    idf = np.log((1 + len(texts)) / (1 + np.array(times))) + 1
    # As it is stored, so that what is trained is what is applied.
    known_words, known_groups = kept
    return Vocabulary(known_words, known_groups, idf.astype(np.float16).astype(np.float32))


def _sentence_layer(vocabulary: Vocabulary, bank: Sequence[Row]) -> Layer:
    counted = [vocabulary.count(row["text"]) for row in bank]
    labels = [row["label"] + POLARITY[row["polarity"]] for row in bank]
    return _fit(_matrix(vocabulary, counted), labels, SENTENCE)


def _message_layer(reader: LinearReader, messages: Sequence[Row]) -> Layer:
    labels = [_message_label(row) for row in messages]
    read = [(reader.sentences(row["text"]), label) for row, label in zip(messages, labels, strict=True)]
    known = [(sentences, label) for sentences, label in read if sentences is not None]
    return _fit(
        _matrix(reader.weights.vocabulary, [sentences.counted for sentences, _ in known]),
        [label for _, label in known],
        MESSAGE,
        dense=np.array([sentences.evidence for sentences, _ in known]),
    )


def _message_label(row: Row) -> str:
    if row["gap"] != "unclear":
        return str(row["gap"])
    return VAGUE if row["intent"] == PROSPECT else str(row["intent"])


def _primary_layer(reader: LinearReader, messages: Sequence[Row]) -> Layer:
    read = [sentences for row in messages if (sentences := reader.sentences(row["text"])) is not None]
    return _fit(
        _matrix(reader.weights.vocabulary, [sentences.counted for sentences in read]),
        [row["primary"] or "even" for row in messages],
        PRIMARY,
        dense=np.array([reader.emphasis(sentences) for sentences in read]),
    )


def train_joined(reader: "EmbeddingReader", messages: Sequence[Row], *, version: str) -> Weights:
    """The layer over the encoder's vectors of English messages, beside the linear layers of `reader` and their sets."""
    read = [(reader.sentences(row["text"]), row) for row in messages if text.is_english(row["text"])]
    known = [(sentences, row) for sentences, row in read if sentences is not None]
    dense = np.array([reader.vector(sentences) for sentences, _ in known])
    labels = [_message_label(row) for _, row in known]
    layer = _fit(sparse.csr_matrix((len(known), 0)), labels, JOINED, dense=dense)
    about = {"version": version, "messages": len(known), "labels": {"message": list(layer.labels)}}
    return Weights(reader.weights.about | about, Vocabulary([], [], np.zeros(0, np.float32)), {"message": layer})


def _matrix(vocabulary: Vocabulary, counted: Sequence[Counter[int]]) -> Any:
    features = [vocabulary.features(counts) for counts in counted]
    rows = np.repeat(np.arange(len(features)), [len(row.ids) for row in features])
    columns = np.concatenate([row.ids for row in features])
    values = np.concatenate([row.values for row in features])
    return sparse.csr_matrix((values, (rows, columns)), shape=(len(features), len(vocabulary.idf)))


def _fit(matrix: Any, labels: Sequence[str], recipe: Recipe, *, dense: Floats | None = None) -> Layer:
    """A logistic regression as a layer."""
    mean = dense.mean(axis=0) if dense is not None else np.zeros(0)
    factor = recipe.share / np.maximum(dense.std(axis=0), 1e-6) if dense is not None else np.zeros(0)
    inputs = _beside(matrix, None if dense is None else (dense - mean) * factor)
    model = LogisticRegression(C=recipe.penalty, max_iter=500, class_weight="balanced" if recipe.balanced else None)
    model.fit(inputs, labels)
    coefficients, intercept = model.coef_.T * recipe.sharpness, model.intercept_ * recipe.sharpness
    words, rest = coefficients[: matrix.shape[1]], coefficients[matrix.shape[1] :] * factor[:, None]
    scale = np.maximum(np.abs(words).max(axis=0, initial=0), 1e-9) / 127
    return Layer(
        labels=tuple(map(str, model.classes_)),
        weights=np.rint(words / scale).astype(np.int8),
        scale=scale.astype(np.float32),
        bias=(intercept - mean @ rest).astype(np.float32),
        dense=rest.astype(np.float32),
    )


def _beside(matrix: Any, dense: Any) -> Any:
    if dense is None:
        return matrix
    # Without words the numbers stay dense: a sparse matrix that is full is ten times slower to fit.
    return sparse.hstack([matrix, dense]).tocsr() if matrix.shape[1] else dense


# --- an honest figure -----------------------------------------------------------------------------------


def leave_out(messages: Sequence[Row], bank: Sequence[Row]) -> Iterator[str]:
    """How right the reader is on writers it never saw: trained without a fifth of them, in turn. Takes minutes."""
    writers = sorted({row["id"][0] for row in messages})
    seen: list[tuple[Row, str]] = []
    for turn in range(TURNS):
        strangers = set(writers[turn::TURNS])
        others = [row for row in messages if row["id"][0] not in strangers]
        weights = train(others, [row for row in bank if row["writer"] not in strangers], version="leave-out")
        reader = LinearReader(weights, sides())
        theirs = [(row, _best(reader.read(row["text"]))) for row in messages if row["id"][0] in strangers]
        seen += theirs
        yield f"writers {', '.join(sorted(strangers))}: {_right(theirs):.3f} of {len(theirs)}"
    for name, value in (("hard", "hard"), ("plain", "plain"), ("English", "en")):
        some = [(row, gap) for row, gap in seen if value in (row["difficulty"], row["language"])]
        yield f"{name}: {_right(some):.3f} of {len(some)}"
    yield f"all: {_right(seen):.3f} of {len(seen)}"


def _best(reading: Reading | None) -> str:
    return max(GAPS, key=reading.gaps.__getitem__) if reading else "unclear"


def _right(cases: Sequence[tuple[Row, str]]) -> float:
    return sum(1 for row, gap in cases if row["gap"] == gap) / len(cases)
