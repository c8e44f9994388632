"""What the classifier sees of a sentence: words, pieces of words, and frames of common words.

Case, umlauts, apostrophes and all marks but question and exclamation marks are folded away, so a
recogniser's spelling changes little. A frame keeps common words and stands a class of endings for
every other one: what is talked about drops out, how it is said remains.
"""

from __future__ import annotations

import re
from collections.abc import Sequence, Set
from functools import lru_cache
from itertools import chain, pairwise

from callvoice.text.spelling import Spelling

_TOKEN = re.compile(r"[^\W_]+|[?!]")
_FOLDED = str.maketrans(  # "#" is a digit that has been masked
    {"ä": "a", "ö": "o", "ü": "u", "ß": "ss", "'": "", "’": "", "`": "", "-": " ", "#": "0"}
)
_ENDINGS = ("ieren", "iert", "lich", "isch", "ung", "ing", "ed", "ly", "en", "st", "te", "t", "e")
_PIECE_LENGTHS = (2, 3, 4, 5)
_FRAME_REACH = 6


def fold_token(text: str) -> str:
    """Letters and digits in the spelling of the classifier.

    >>> fold_token("Grüß-Gott")
    'gruss gott'
    """
    return text.casefold().translate(_FOLDED)


def tokens(text: str, spelling: Spelling) -> list[str]:
    """The words of a text in the spelling of the classifier, as they are read.

    >>> tokens("Grüß Gott! Wie geht's?", Spelling(["gruss", "gehts"]))
    ['gruss', 'gott', '!', 'wie', 'gehts', '?']
    """
    found = _TOKEN.findall(fold_token(text))
    return list(chain.from_iterable(map(spelling.read, found)))


def words(row: Sequence[str]) -> list[str]:
    """Words and pairs of neighbours, with the edges of the sentence."""
    edged = ["<", *row, ">"]
    return [*row, *map(" ".join, pairwise(edged))]


@lru_cache(maxsize=65536)
def pieces(word: str) -> tuple[str, ...]:
    """Strings of two to five letters of a word, its edges marked."""
    edged = f" {word} "
    return tuple(edged[i : i + n] for n in _PIECE_LENGTHS for i in range(len(edged) - n + 1))


def frame(row: Sequence[str], common: Set[str]) -> list[str]:
    """The sentence with words out of ``common`` kept and all others replaced by their class."""
    return ["<", *(word if word in common else _class(word) for word in row), ">"]


def frames(row: Sequence[str], common: Set[str]) -> list[str]:
    """Pairs within reach of each other, and runs of three and four, of the sentence's frame."""
    kept = frame(row, common)
    n = len(kept)
    pairs = [
        f"{kept[i]}~{kept[j]}" for i in range(n) for j in range(i + 2, min(i + 1 + _FRAME_REACH, n))
    ]
    runs = [" ".join(kept[i : i + k]) for k in (2, 3, 4) for i in range(n - k + 1)]
    return pairs + runs


@lru_cache(maxsize=65536)
def _class(word: str) -> str:
    if word[0].isdigit():
        return "#0"
    return next((f"#{end}" for end in _ENDINGS if word.endswith(end)), "#")
