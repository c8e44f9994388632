"""What the classifier says of each turn: probabilities, and the sentences that decide a class.

A turn is read in one piece while it is short, else in chunks of whole sentences.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import get_args

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
    """Reads a conversation, turn by turn, as the rules' hits come in."""

    def __init__(
        self, classifier: Classifier, chunks: Sequence[list[Span]], logits: Floats
    ) -> None:
        """``chunks``: those of each turn; ``logits``: theirs, ``[n_chunks, n_classes]``."""
        self.name = classifier.name
        self._classifier = classifier
        self._column = {label: i for i, label in enumerate(classifier.labels)}
        self._threshold = np.array([one.threshold for one in classifier.classes])
        self._listed = {role: _columns(classifier, role) for role in (*get_args(Role), None)}
        self._chunks = chunks
        self._logits = logits
        self._alone = classifier.probabilities(logits, ())
        self._starts = [0, *accumulate(map(len, chunks))]

    def read(
        self, number: int, turn: Turn, fired: Sequence[tuple[str, int]]
    ) -> tuple[dict[str, float], list[Decided]]:
        """Probability per class of one turn, and the classes decided.

        ``fired``: label and place in the text of the rules' hits in it.
        """
        chunks = self._chunks[number]
        if not chunks:
            return {}, []
        found = self._probabilities(number, fired)
        decided = [
            Decided(label, self._quoted(turn.text, chunk, label), round(p, 4))
            for chunk, row in zip(chunks, found, strict=True)
            if _n_words(turn.text, chunk) >= _LEAST_WORDS
            for label, p in self._decided(row, turn.role).items()
        ]
        return self._labels(found, turn.role), decided

    def _probabilities(self, number: int, fired: Sequence[tuple[str, int]]) -> Floats:
        """Probabilities of a turn's chunks, with the rules' hits weighed in where there are any."""
        rows = slice(self._starts[number], self._starts[number + 1])
        if not fired:
            return self._alone[rows]
        evidence = [{label for label, at in fired if a <= at < b} for a, b in self._chunks[number]]
        return self._classifier.probabilities(self._logits[rows], evidence)

    def _labels(self, found: Floats, role: Role | None) -> dict[str, float]:
        best = np.round(found.max(axis=0).astype(float), 4).tolist()
        return {label: best[column] for column, label in self._listed[role]}

    def _decided(self, row: Floats, role: Role | None) -> dict[str, float]:
        """Classes of one chunk that reach their threshold, or whose family does as its best."""
        found: dict[str, float] = {}
        for i in np.flatnonzero(row >= self._threshold).tolist():
            one = self._classifier.classes[i]
            if _speaks(one, role):
                label = max(one.members or (one.label,), key=lambda name: row[self._column[name]])
                found[label] = max(found.get(label, 0.0), float(row[i]))
        if not found:
            return found
        kind = max(float(row[self._column[name]]) for name in _KIND)
        return {label: p for label, p in found.items() if label not in _AGAINST or p > kind}

    def _quoted(self, text: str, chunk: Span, label: str) -> Span:
        """The sentence of a chunk with the highest odds of a class."""
        spans = _sentences(text, *chunk)
        if len(spans) < 2:
            return _trimmed(text, chunk)
        logits = self._classifier.logits([text[a:b] for a, b in spans])
        return _trimmed(text, spans[int(np.argmax(logits[:, self._column[label]]))])


def labellers(classifier: Classifier, conversations: Sequence[Sequence[Turn]]) -> list[Labeller]:
    """One for each conversation, all scored together: a batch costs little more than one call."""
    chunks = [[_chunks(turn.text) for turn in turns] for turns in conversations]
    texts = [
        turn.text[start:end]
        for turns, of_turns in zip(conversations, chunks, strict=True)
        for turn, spans in zip(turns, of_turns, strict=True)
        for start, end in spans
    ]
    stops = accumulate(sum(map(len, of_turns)) for of_turns in chunks)
    logits = np.split(classifier.logits(texts), list(stops)[:-1])
    return [Labeller(classifier, *pair) for pair in zip(chunks, logits, strict=False)]


def _columns(classifier: Classifier, role: Role | None) -> list[tuple[int, str]]:
    """Column and name of each class of this role, families apart."""
    return [
        (column, one.label)
        for column, one in enumerate(classifier.classes)
        if not one.members and _speaks(one, role)
    ]


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
