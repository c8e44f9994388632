"""What the classifier says of each turn: probabilities, and the sentences that decide a class.

A turn is read in one piece while it is short, else in chunks of whole sentences.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np

from callvoice.text.classifier import Classifier, ClassModel, Floats
from callvoice.text.timing import Span
from callvoice.types import Role, Turn

_CHUNK_WORDS = 30
_LEAST_WORDS = 3  # a "Ja," or "verstehe" alone decides nothing; known short phrases have rules
# Sympathy and reproach share words: where both are possible, the more probable one is meant.
_KIND = ("empathy", "apology")
_AGAINST = frozenset({"know_it_all", "dismissive", "excuse", "impatient"})
_SENTENCE = re.compile(r"[^.!?…]+[.!?…]*")


@dataclass(frozen=True, slots=True)
class Decided:
    """A class decided by the classifier, and the sentence of the turn that speaks for it most."""

    label: str
    span: Span
    probability: float


class Labeller:
    """Reads the turns of a conversation at once; then turn by turn, as the rules' hits come in."""

    def __init__(self, classifier: Classifier, turns: Sequence[Turn]) -> None:
        self.name = classifier.name
        self._classifier = classifier
        self._column = {label: i for i, label in enumerate(classifier.labels)}
        self._threshold = np.array([one.threshold for one in classifier.classes])
        self._chunks = [_chunks(turn.text) for turn in turns]
        texts = [
            turn.text[start:end]
            for turn, chunks in zip(turns, self._chunks, strict=True)
            for start, end in chunks
        ]
        self._logits = classifier.logits(texts)
        self._starts = [0, *accumulate(len(chunks) for chunks in self._chunks)]

    def read(
        self, number: int, turn: Turn, fired: Sequence[tuple[str, int]]
    ) -> tuple[dict[str, float], list[Decided]]:
        """Probability per class of one turn, and the classes decided.

        ``fired``: label and place in the text of the rules' hits in it.
        """
        chunks = self._chunks[number]
        if not chunks:
            return {}, []
        logits = self._logits[self._starts[number] : self._starts[number + 1]]
        evidence = [{label for label, at in fired if a <= at < b} for a, b in chunks]
        found = self._classifier.probabilities(logits, evidence)
        decided = [
            Decided(label, self._quoted(turn.text, chunk, label), round(p, 4))
            for chunk, row in zip(chunks, found, strict=True)
            if _n_words(turn.text, chunk) >= _LEAST_WORDS
            for label, p in self._decided(row, turn.role).items()
        ]
        return self._labels(found, turn.role), decided

    def _labels(self, found: Floats, role: Role | None) -> dict[str, float]:
        best = np.round(found.max(axis=0).astype(float), 4).tolist()
        return {
            one.label: p
            for one, p in zip(self._classifier.classes, best, strict=True)
            if not one.members and _speaks(one, role)
        }

    def _decided(self, row: Floats, role: Role | None) -> dict[str, float]:
        """Classes of one chunk that reach their threshold, or whose family does as its best."""
        found: dict[str, float] = {}
        for i in np.flatnonzero(row >= self._threshold).tolist():
            one = self._classifier.classes[i]
            if _speaks(one, role):
                label = max(one.members or (one.label,), key=lambda name: row[self._column[name]])
                found[label] = max(found.get(label, 0.0), float(row[i]))
        kind = max(float(row[self._column[name]]) for name in _KIND)
        return {label: p for label, p in found.items() if label not in _AGAINST or p > kind}

    def _quoted(self, text: str, chunk: Span, label: str) -> Span:
        """The sentence of a chunk with the highest odds of a class."""
        spans = _sentences(text, *chunk)
        if len(spans) < 2:
            return _trimmed(text, chunk)
        logits = self._classifier.logits([text[a:b] for a, b in spans])
        return _trimmed(text, spans[int(np.argmax(logits[:, self._column[label]]))])


def _speaks(one: ClassModel, role: Role | None) -> bool:
    return role is None or one.role == role


def _chunks(text: str) -> list[Span]:
    """Spans of whole sentences, together while they have few enough words."""
    chunks: list[Span] = []
    for start, end in _sentences(text, 0, len(text)):
        joined = (chunks[-1][0], end) if chunks else (start, end)
        if chunks and _n_words(text, joined) <= _CHUNK_WORDS:
            chunks[-1] = joined
        else:
            chunks.append((start, end))
    return chunks


def _n_words(text: str, span: Span) -> int:
    return len(text[slice(*span)].split())


def _sentences(text: str, start: int, end: int) -> list[Span]:
    found = (match.span() for match in _SENTENCE.finditer(text, start, end))
    return [(a, b) for a, b in found if any(map(str.isalnum, text[a:b]))]


def _trimmed(text: str, span: Span) -> Span:
    quote = text[slice(*span)]
    start = span[0] + len(quote) - len(quote.lstrip())
    return start, span[1] - (len(quote) - len(quote.rstrip()))
