"""Copies of an utterance as a recogniser might hand it on: for training and for measuring.

``noised``: word errors at a stated rate (words dropped, added, merged, split, misheard, replaced by
a sound-alike or by any frequent word), and, each at times, no capitals, no punctuation, no umlauts.
``confused``: words taken for other words of a vocabulary that look like them, dropped or added. It
is for measuring only, so that what was learned is not asked about itself.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable

_ALIKE = {
    "de": "den dem|ihn ihnen|ihnen ihn|das dass|ein einen|einen ein|seit seid|wir mir|nicht nichts"
    "|habe hab|ist is|sie so|ich nicht|da das|noch doch|doch noch|mal man|jetzt jetz|schon schön"
    "|kann kannst|denn den|ihre ihr|für vor|im in|dann dan|auch auf|hätten hätte|müssen müsse"
    "|einfach ein fach|eigentlich eigendlich|leider leiter|bereits bereit|zuständig ständig",
    "en": "your you're|you're your|there their|their there|to too|it's its|we're were|were where"
    "|can't can|don't do|than then|for four|i'll all|i've i|a the|the a|in and|and an|that the"
    "|we'll will|you'd you|of have|what was|isn't is|already all ready|sorry sore",
}
_SWAPS = {
    lang: dict(pair.split(" ", 1) for pair in pairs.split("|")) for lang, pairs in _ALIKE.items()
}
_FREQUENT = {
    "de": "ja und also so dann das die der ich sie wir es ist in mit auf zu nicht von ein eine auch"
    " noch mal schon hier da jetzt was wie wenn aber oder haben hat kann wird war bei für am im an"
    " ihnen mir uns gut heute nein äh ähm genau okay bitte alle ganz mehr sehr weil",
    "en": "yes and so then the a i you we it is in with on to not of that this there now what how"
    " if but or have has can will was at for by just well right okay um uh please all very more"
    " here because them no go get do",
}
_SOUNDS = (
    ("sch", "ch"), ("ei", "ai"), ("ie", "i"), ("tz", "z"), ("th", "f"), ("ee", "ea"), ("v", "f"),
    ("b", "p"), ("d", "t"), ("g", "k"), ("m", "n"), ("ä", "e"), ("ü", "i"), ("ö", "e"), ("a", "o"),
)  # fmt: skip
_MARKS = re.compile(r"[.,;:!?–—\"„“]")
_UMLAUTS = str.maketrans("äöüÄÖÜ", "aouAOU")


def noised(text: str, language: str, rng: random.Random, *, rate: float = 0.2) -> str:
    """The text with about ``rate`` of its words wrong."""
    frequent = _FREQUENT[language].split()
    out: list[str] = []
    for word in text.split():
        out.extend(_misheard(word, language, frequent, rng) if rng.random() < rate else [word])
        if len(out) > 1 and rng.random() < rate / 10:
            out[-2:] = [out[-2] + out[-1].lower()]
    return _plain(" ".join(out) or text, rng)


def _misheard(word: str, language: str, frequent: list[str], rng: random.Random) -> list[str]:
    bare, kind = word.lower().strip(".,!?;:"), rng.random()
    if kind < 0.4:
        return [] if kind < 0.15 else [*([word] if kind < 0.25 else []), rng.choice(frequent)]
    if bare in _SWAPS[language] and rng.random() < 0.6:
        return [_SWAPS[language][bare]]
    if len(bare) <= 4 and rng.random() < 0.4:
        return []
    if len(bare) >= 9 and rng.random() < 0.4:
        cut = rng.randrange(3, len(word) - 3)
        return [word[:cut], word[cut:]]
    return [_blurred(word, rng)]


def _blurred(word: str, rng: random.Random) -> str:
    fitting = [(a, b) for a, b in _SOUNDS if a in word.lower()]
    if fitting and rng.random() < 0.6:
        return word.lower().replace(*rng.choice(fitting), 1)
    cut = rng.randrange(len(word))
    return word[:cut] + word[cut + 1 :] if rng.random() < 0.5 else word[: max(cut, 2)]


def _plain(text: str, rng: random.Random) -> str:
    if rng.random() < 0.4:
        text = _MARKS.sub("", text)
    if rng.random() < 0.3:
        text = text.lower()
    return text.translate(_UMLAUTS) if rng.random() < 0.15 else text


class Confusion:
    """Takes words for others of a vocabulary: three in five errors are another word that begins or
    ends alike, one in five a word dropped, one in five a word added.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        """``texts``: their words are the vocabulary."""
        self._words = sorted({word for text in texts for word in _bare(text).split()})
        self._alike: dict[str, list[str]] = {}
        for word in self._words:
            for part in _ends(word):
                self._alike.setdefault(part, []).append(word)

    def confused(self, text: str, rng: random.Random, *, rate: float = 0.2) -> str:
        """The text in plain words, about ``rate`` of them wrong."""
        out: list[str] = []
        for word in _bare(text).split():
            out.extend(self._taken(word, rng) if rng.random() < rate else [word])
        return " ".join(out) or text

    def _taken(self, word: str, rng: random.Random) -> list[str]:
        kind = rng.random()
        if kind < 0.2:
            return []
        if kind < 0.4:
            return [word, rng.choice(self._words)]
        alike = [
            other
            for part in _ends(word)
            for other in self._alike.get(part, ())
            if other != word and abs(len(other) - len(word)) <= 2
        ]
        return [rng.choice(alike or self._words)]


def _bare(text: str) -> str:
    return _MARKS.sub("", text).lower()


def _ends(word: str) -> tuple[str, str]:
    return f"{word[:2]}-", f"-{word[-3:]}"
