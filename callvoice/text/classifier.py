"""The classifier: for what no rule foresees, a probability per class of a short utterance.

One linear model per class over the features of :mod:`callvoice.text.features`; a logistic
regression weighs their scores and the rules that hit into probabilities (stacking, Wolpert 1992).
A model file is JSON: loading reads numbers and strings and executes nothing.
``models/train_phrases.py`` makes it.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence, Set
from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Annotated

import msgspec
import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from callvoice.errors import InvalidSettings
from callvoice.text import spelling
from callvoice.text.features import fold_token, frames, pieces, tokens, words
from callvoice.types import Role

Floats = NDArray[np.float32]
Share = Annotated[float, Meta(ge=0, le=1)]
_CACHED_WORDS = 50_000
_BATCH = 512


class ClassModel(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One class. Its probability is the sigmoid of ``offset`` and the products of ``slopes`` with
    the scores of all classes and with the evidence of the rules; it is decided from ``threshold``
    on. ``scale`` is what one step of its quantised weights is worth.

    ``members``: a family, such as all that is said against the caller. When it is decided, so is
    the most probable of its members. Precision and recall are those on held-out groups.
    """

    label: str
    role: Role
    threshold: Share
    slopes: tuple[float, ...]
    offset: float
    bias: float
    scale: float
    members: tuple[str, ...] = ()
    precision: float | None = None
    recall: float | None = None


class ModelFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A model as stored. ``weights`` are int8 ``[n_features, n_classes]`` in base64, features in
    the order words, pieces, frames; ``evidence`` are the labels whose rules' hits are weighed in;
    ``sha256`` is that of all the rest.
    """

    version: str
    language: str
    trained: str
    common: tuple[str, ...]
    words: tuple[str, ...]
    pieces: tuple[str, ...]
    frames: tuple[str, ...]
    classes: tuple[ClassModel, ...]
    evidence: tuple[str, ...]
    weights: str
    sha256: str


def digest(model: ModelFile) -> str:
    """The SHA-256 of all of a model but this checksum, in hex."""
    return hashlib.sha256(
        msgspec.json.encode(msgspec.structs.replace(model, sha256=""))
    ).hexdigest()


class Classifier:
    """A model in memory."""

    def __init__(self, model: ModelFile) -> None:
        self.name = f"model:{model.language}-{model.version}"
        self.classes = model.classes
        self.labels = tuple(one.label for one in model.classes)
        self._spelling = spelling.load(model.language, fold_token)
        self._common = frozenset(model.common)
        self._weights = _weights(model)
        names = (model.words, model.pieces, model.frames)
        starts = np.cumsum([0, *map(len, names)])
        self._words, self._pieces, self._frames = (
            {name: int(start) + i for i, name in enumerate(block)}
            for start, block in zip(starts, names, strict=False)
        )
        self._bias = np.array([c.bias for c in model.classes], np.float32)
        slopes = np.array([c.slopes for c in model.classes], np.float32).T
        self._slopes = slopes[: len(model.classes)]
        self._evidence = dict(zip(model.evidence, slopes[len(model.classes) :], strict=True))
        self._offset = np.array([c.offset for c in model.classes], np.float32)
        self._of_word: dict[str, tuple[Floats, int]] = {}

    def scores(self, texts: Sequence[str]) -> Floats:
        """Margins ``[n_texts, n_classes]``, positive inside a class."""
        rows = [tokens(text, self._spelling) for text in texts]
        word_ids = [_known(words(row), self._words) for row in rows]
        frame_ids = [_known(frames(row, self._common), self._frames) for row in rows]
        found = self._summed(word_ids) + self._summed(frame_ids)
        return np.asarray(found + self._pieced(rows) + self._bias, np.float32)

    def logits(self, texts: Sequence[str]) -> Floats:
        """Log-odds ``[n_texts, n_classes]`` as long as no rule has hit."""
        parts = [
            self.scores(texts[i : i + _BATCH]) @ self._slopes + self._offset
            for i in range(0, len(texts), _BATCH)
        ]
        return np.concatenate([np.zeros((0, len(self.classes)), np.float32), *parts])

    def probabilities(self, logits: Floats, fired: Sequence[Set[str]]) -> Floats:
        """Probabilities ``[n_texts, n_classes]``, 0…1, in the order of ``labels``.

        ``logits``: what ``logits`` returned; ``fired``: the labels of the rules that hit each text.
        """
        weighed = np.array(logits)
        for row, labels in enumerate(fired):
            for label in labels & self._evidence.keys():
                weighed[row] += self._evidence[label]
        return np.asarray(1 / (1 + np.exp(-weighed)), np.float32)

    def _summed(self, rows: Sequence[Sequence[int]]) -> Floats:
        """The weights of each row's features, over the root of their number."""
        found = np.zeros((len(rows), len(self.classes)), np.float32)
        counts = np.array([len(row) for row in rows])
        filled = counts > 0
        if filled.any():
            starts = np.cumsum(counts[filled]) - counts[filled]
            together = np.concatenate([row for row in rows if row]).astype(np.intp)
            summed = np.add.reduceat(self._weights[together], starts, axis=0)
            found[filled] = summed / np.sqrt(counts[filled])[:, None]
        return found

    def _pieced(self, rows: Sequence[Sequence[str]]) -> Floats:
        found = np.zeros((len(rows), len(self.classes)), np.float32)
        for number, row in enumerate(rows):
            known = [self._word(word) for word in row]
            count = sum(n for _, n in known)
            if count:
                found[number] = np.sum([sums for sums, _ in known], axis=0) / np.sqrt(count)
        return found

    def _word(self, word: str) -> tuple[Floats, int]:
        """The summed weights of a word's pieces, and how many of them the model knows."""
        kept = self._of_word.get(word)
        if kept is None:
            ids = _known(pieces(word), self._pieces)
            kept = self._weights[ids].sum(axis=0), len(ids)
            if len(self._of_word) < _CACHED_WORDS:
                self._of_word[word] = kept
        return kept


def _known(names: Iterable[str], ids: dict[str, int]) -> list[int]:
    return [ids[name] for name in names if name in ids]


def _weights(model: ModelFile) -> Floats:
    steps = np.frombuffer(base64.b64decode(model.weights, validate=True), np.int8)
    scales = np.array([c.scale for c in model.classes], np.float32)
    return steps.reshape(-1, len(model.classes)).astype(np.float32) * scales


def packaged(language: str) -> Traversable:
    """The packaged model file of a language."""
    return files("callvoice") / "data" / f"phrases_{language}.json"


@lru_cache(maxsize=4)
def load(language: str) -> Classifier:
    """The packaged classifier of a language, read once.

    Raises:
        InvalidSettings: the file is damaged.
    """
    return decode(packaged(language).read_bytes(), source=packaged(language).name)


def decode(content: bytes, *, source: str) -> Classifier:
    """A classifier from the bytes of a model file.

    Raises:
        InvalidSettings: the bytes are no model file, or not the one that was written.
    """
    try:
        model = msgspec.json.decode(content, type=ModelFile)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidSettings(f"{source} is no phrase model: {error}") from error
    if model.sha256 != digest(model):
        raise InvalidSettings(f"{source} is damaged: its checksum does not fit; install it anew")
    return Classifier(model)
