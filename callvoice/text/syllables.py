"""Syllables of a text as spoken: vowel groups, with what each language's spelling hides.

Counts are of careful speech, not of hyphenation: "Nation" has two, "Studio" three; a schwa counts
("haben" two). Sources: own rules; a reference list in the tests says how often they are right.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files

import msgspec

from callvoice.text.verbalise import verbalise

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_SUPPORTED = ("de", "en")
_SPELLED_UP_TO = 5


class Orthography(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a language writes vowels. ``groups`` are letters that are one syllable together,
    ``respell`` regular expressions and their replacements ("|" parts two vowels), ``words`` whole
    words with their counts, ``acronyms`` capitals that are read as words, ``letters`` letter names
    of more than one syllable.
    """

    vowels: str
    groups: tuple[str, ...]
    respell: tuple[tuple[str, str], ...]
    words: Mapping[str, int]
    acronyms: Mapping[str, int]
    letters: Mapping[str, int]


class _Counter:
    """One language's compiled orthography."""

    def __init__(self, data: Orthography) -> None:
        self.data = data
        self.vowel = re.compile("|".join((*data.groups, f"[{data.vowels}]")))
        self.respell = [(re.compile(a), b) for a, b in data.respell]

    def word(self, word: str) -> int:
        """Syllables of one word, at least 1."""
        if self._spelled(word):
            return sum(self.data.letters.get(c.lower(), 1) for c in word)
        lower = word.lower().replace("’", "'")
        known = self.data.words.get(lower) or self.data.acronyms.get(word)
        return known or max(self._vowel_groups(lower), 1)

    def _spelled(self, word: str) -> bool:
        capitals = word.isupper() and 1 < len(word) <= _SPELLED_UP_TO
        lone_consonant = len(word) == 1 and word.lower() in self.data.letters
        known = word in self.data.acronyms or word.lower() in self.data.words
        return (capitals or lone_consonant) and not known

    def _vowel_groups(self, word: str) -> int:
        for pattern, replacement in self.respell:
            word = pattern.sub(replacement, word)
        return len(self.vowel.findall(word))


@lru_cache(maxsize=2)
def _counter(language: str) -> _Counter:
    path = files("callvoice") / "data" / "syllables" / f"{language}.toml"
    return _Counter(msgspec.toml.decode(path.read_text("utf-8"), type=Orthography))


@lru_cache(maxsize=65536)
def syllables_of_word(word: str, language: str) -> int:
    """Syllables of one written word, at least 1; capitals are spelled.

    >>> [syllables_of_word(w, "de") for w in ("beenden", "Studio", "ADAC", "PIN")]
    [3, 3, 4, 1]
    """
    return _counter(language if language in _SUPPORTED else "de").word(word)


@lru_cache(maxsize=4096)
def count_syllables(text: str, language: str) -> int:
    """Syllables of a text as spoken; 0 for a text without words.

    In a language other than German and English, vowel groups by the German rules: best effort.

    >>> count_syllables("Guten Tag, was kann ich für Sie tun?", "de")
    9
    """
    said = verbalise(text, language) if language in _SUPPORTED else text
    return sum(syllables_of_word(word, language) for word in _WORD.findall(said))
