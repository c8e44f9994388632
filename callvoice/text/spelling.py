"""Reading past a recogniser's slips: a word that nobody knows is read as the known one beside it.

A word is known if training utterances or rules have it (``callvoice/data/vocabulary``). Any other
of five letters or more is read as the most frequent known word with the same first letter that is
one edit away (optimal string alignment: a letter dropped, added, exchanged, or two transposed); if
there is none, as two frequent words that it may have run together. What was said is never changed
by this, only what it is taken for; a real word that the list lacks mostly becomes another form of
itself.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from importlib.resources import files

from rapidfuzz import process
from rapidfuzz.distance import OSA

Fold = Callable[[str], str]

_WORD = re.compile(r"(?<![\w*'’`-])[^\W\d_]+(?:['’`][^\W\d_]+)*(?![\w*'’`-])")
_APOSTROPHES = str.maketrans("", "", "'’`")
_LEAST_LETTERS = 5
_LEAST_PART, _MOST_JOINED = 2, 13
_PARTS_AMONG = 3000  # run-together words are sought among this many of the most frequent
_CACHED = 50_000


class Spelling:
    """The known words of a language, all in one folded spelling."""

    def __init__(self, words: Sequence[str], own: Iterable[str] = ()) -> None:
        """``words``: the most frequent first. ``own``: words that are read as they are, though no
        other word is read as one of them.
        """
        self._words = words
        self._known = frozenset(words) | frozenset(own)
        self._frequent = {word: rank for rank, word in enumerate(words[:_PARTS_AMONG])}
        self._by_letter: defaultdict[str, list[str]] = defaultdict(list)
        for word in words:
            self._by_letter[word[0]].append(word)
        self._read: dict[str, tuple[str, ...]] = {}

    def knowing(self, own: Iterable[str]) -> Spelling:
        """The same with words of a user's own."""
        return Spelling(self._words, own)

    def read(self, word: str) -> tuple[str, ...]:
        """What a folded word is read as: itself, another word, or two.

        >>> Spelling(["haben", "zustaendig"]).read("zustendig")
        ('zustaendig',)
        """
        found = self._read.get(word)
        if found is None:
            found = self._taken_for(word)
            if len(self._read) < _CACHED:
                self._read[word] = found
        return found

    def _taken_for(self, word: str) -> tuple[str, ...]:
        if len(word) < _LEAST_LETTERS or word in self._known or not word.isalpha():
            return (word,)
        return self._nearest(word) or self._parted(word) or (word,)

    def _nearest(self, word: str) -> tuple[str, ...]:
        found = process.extract(
            word, self._by_letter[word[0]], scorer=OSA.distance, score_cutoff=1, limit=None
        )
        return (min(found, key=lambda one: one[2])[0],) if found else ()

    def _parted(self, word: str) -> tuple[str, ...]:
        if len(word) > _MOST_JOINED:
            return ()
        cuts = range(_LEAST_PART, len(word) - _LEAST_PART + 1)
        pairs = [(word[:cut], word[cut:]) for cut in cuts]
        known = [pair for pair in pairs if self._frequent.keys() >= set(pair)]
        return min(known, key=lambda pair: max(map(self._frequent.__getitem__, pair)), default=())


def plain_words(text: str) -> list[str]:
    """The words of a text in the spelling of the list; words joined by hyphens, and a pattern's
    beginnings and ends of words, are none.

    >>> plain_words("Geht's? Ja, E-Mail.")
    ['gehts', 'ja']
    """
    return [word.casefold().translate(_APOSTROPHES) for word in _WORD.findall(text)]


@lru_cache(maxsize=8)
def load(language: str, fold: Fold) -> Spelling:
    """The packaged words of a language in the spelling of ``fold``, read once."""
    path = files("callvoice") / "data" / "vocabulary" / f"{language}.txt"
    return Spelling(tuple(dict.fromkeys(map(fold, path.read_text("utf-8").split()))))
