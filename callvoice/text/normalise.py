"""Folding: one spelling for matching, with the way back to the original text.

A folded text is a row of tokens, each followed by one blank, beginning and ending with the sentence
mark ``.``: ``"Ja, schön! Gern."`` becomes ``". ja schoen . gern . "``. Case, punctuation inside a
sentence, ``ß``, umlauts and their two-letter spellings, apostrophes and hyphens are folded away;
every token remembers its span in the original. ``#`` is a digit that has been masked.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate

from callvoice.text.spelling import Spelling

_TOKEN = re.compile(r"[\d#]+(?:[.,:/][\d#]+)*|[^\W\d_]+(?:['’`\-][^\W_]+)*|[.!?;:]+")
_UMLAUTS = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "'": "", "’": "", "`": "", "-": ""}
)
_MARK = "."
_MARKS = ".!?;:"
_ABBREVIATED = r"dr|hr|fr|nr|prof|st|mr|mrs|ms|ca|bzw|evtl|ggf|inkl|mag|ing|tel|str"
_NO_BREAK = frozenset(_ABBREVIATED.split("|"))
_TWO_LETTER_UMLAUT = re.compile("([aou])e")
_PREFIX_LETTERS = 4


@dataclass(frozen=True, slots=True)
class Folded:
    """A folded text. ``starts[i]`` is the offset of token ``i`` in ``text``, ``spans[i]`` its
    place in the original (the two outer sentence marks have empty spans).
    """

    text: str
    tokens: tuple[str, ...]
    starts: tuple[int, ...]
    spans: tuple[tuple[int, int], ...]

    def marks(self) -> list[int]:
        """The numbers of the tokens that are sentence marks."""
        return [number for number, token in enumerate(self.tokens) if token == _MARK]

    def original(self, start: int, end: int) -> tuple[int, int]:
        """The span in the original text of the folded characters ``start`` to ``end``."""
        first = bisect_right(self.starts, start) - 1
        last = max(bisect_left(self.starts, end) - 1, first)
        return self.spans[first][0], self.spans[last][1]

    def around(self, start: int, end: int, words: int) -> str:
        """The folded characters ``start`` to ``end`` with so many tokens on either side."""
        first = max(bisect_right(self.starts, start) - 1 - words, 0)
        last = bisect_left(self.starts, end) + words
        stop = self.starts[last] if last < len(self.starts) else len(self.text)
        return f" {self.text[self.starts[first] : stop]}"

    def sentence(self, start: int) -> tuple[int, int]:
        """The folded bounds of the sentence around ``start``, its two marks included."""
        begin = self.text.rfind(". ", 0, start)
        end = self.text.find(". ", start)
        return max(begin, 0), (len(self.text) if end < 0 else end + 2)


@lru_cache(maxsize=65536)
def fold_word(word: str) -> str:
    """One word in the folded spelling.

    >>> fold_word("Grüß-Gott")
    'gruessgott'
    """
    return word.casefold().translate(_UMLAUTS)


@lru_cache(maxsize=65536)
def key(folded_word: str) -> str:
    """A folded word, umlaut or not: what rules are looked up by.

    >>> key("zustaendig") == key("zustandig")
    True
    """
    return _TWO_LETTER_UMLAUT.sub(r"\1", folded_word)


@lru_cache(maxsize=65536)
def prefix_key(folded_word: str) -> str | None:
    """What rules on words that begin so are looked up by; None if that is too short to tell.

    >>> prefix_key("zustaendig")
    'zust*'
    """
    begin = key(folded_word)[:_PREFIX_LETTERS]
    return f"{begin}*" if len(begin) == _PREFIX_LETTERS else None


def keys(folded: Folded) -> set[str]:
    """All keys of a text's words."""
    found = set(map(key, folded.tokens))
    found.update(filter(None, map(prefix_key, folded.tokens)))
    return found


@lru_cache(maxsize=4096)
def fold(text: str, spelling: Spelling | None = None) -> Folded:
    """Fold a text for matching; with a spelling, words that it does not know are read as others.

    >>> fold("Ja, schön! Gern.").text
    '. ja schoen . gern . '
    """
    tokens, spans = [_MARK], [(0, 0)]
    for match in _TOKEN.finditer(text):
        found = match.group()
        read = (_mark(found, tokens[-1]) if found[0] in _MARKS else fold_word(found),)
        for token in spelling.read(read[0]) if spelling else read:
            if token:
                tokens.append(token)
                spans.append(match.span())
    if tokens[-1] != _MARK:
        tokens.append(_MARK)
        spans.append((len(text), len(text)))
    starts = accumulate((len(token) + 1 for token in tokens[:-1]), initial=0)
    return Folded(" ".join(tokens) + " ", tuple(tokens), tuple(starts), tuple(spans))


def _mark(found: str, previous: str) -> str:
    """A sentence mark; empty for one that ends no sentence (an abbreviation's, an ellipsis)."""
    ends = previous != _MARK and previous not in _NO_BREAK and not found.startswith("..")
    return _MARK if ends and (len(previous) > 1 or found != _MARK) else ""
