"""Copies of an utterance as a small recogniser might hand it on: for training and for measuring.

Word errors at a stated rate (words dropped, merged, split, misheard or replaced by a sound-alike),
and, each at times, no capitals, no punctuation, no umlauts.
"""

from __future__ import annotations

import random
import re

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
_SOUNDS = (
    ("sch", "ch"), ("ei", "ai"), ("ie", "i"), ("tz", "z"), ("th", "f"), ("ee", "ea"), ("v", "f"),
    ("b", "p"), ("d", "t"), ("g", "k"), ("m", "n"), ("ä", "e"), ("ü", "i"), ("ö", "e"), ("a", "o"),
)  # fmt: skip
_MARKS = re.compile(r"[.,;:!?–—\"„“]")
_UMLAUTS = str.maketrans("äöüÄÖÜ", "aouAOU")


def noised(text: str, language: str, rng: random.Random, *, rate: float = 0.2) -> str:
    """The text with about ``rate`` of its words wrong."""
    out: list[str] = []
    for word in text.split():
        out.extend(_misheard(word, language, rng) if rng.random() < rate else [word])
        if len(out) > 1 and rng.random() < rate / 10:
            out[-2:] = [out[-2] + out[-1].lower()]
    return _plain(" ".join(out) or text, rng)


def _misheard(word: str, language: str, rng: random.Random) -> list[str]:
    bare = word.lower().strip(".,!?;:")
    if bare in _SWAPS[language] and rng.random() < 0.6:
        return [_SWAPS[language][bare]]
    if len(bare) <= 4 and rng.random() < 0.5:
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
