"""Why a passage is not believed.

Whisper writes sentences where nobody speaks, and says the same over and over where it has lost the
thread. Each gate gives a slug; what no gate stops is kept. Limits of the first three are Whisper's
own, see ``transcribe.py`` of openai/whisper.
"""

from __future__ import annotations

import re
import tomllib
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from statistics import median
from unicodedata import name

import numpy as np
from numpy.typing import NDArray

from callvoice.ingest.whisper import Passage
from callvoice.types import Interval


@dataclass(frozen=True)
class GateOptions:
    """Limits. A passage is dropped when it is probably silence *and* improbable; when it is very
    improbable, or half of its words are below ``median_word_below`` (over music they lie at 0.02
    to 0.35; in speech, on bad lines too, hardly any passage is below 0.75); when it compresses
    like a repetition or repeats a phrase ``repeats`` times over ``repeated_words`` words; when it
    has more letters than ``letters_per_s`` can carry; or when its language is below
    ``language_below`` while another is above ``other_above``. Speech has about 20 letters a second:
    a stretch that would lack more than ``missing_letters`` at ``slow_letters_per_s``, or a word
    that would lack more than ``missing_in_word``, hides speech that was passed over. A word with
    ``straddling_s`` in each of two stretches may belong to either.
    """

    no_speech_above: float = 0.6
    log_probability_below: float = -1.0
    hopeless_below: float = -2.0
    median_word_below: float = 0.4
    compression_above: float = 2.4
    repeats: int = 4
    repeated_words: int = 8
    letters_per_s: float = 40.0
    language_below: float = 0.02
    other_above: float = 0.9
    language_min_s: float = 3.0
    slow_letters_per_s: float = 7.0
    missing_letters: float = 4.0
    missing_in_word: float = 7.0
    straddling_s: float = 0.1


def doubt(
    passage: Passage,
    *,
    speech_s: float,
    language: str,
    languages: dict[str, float],
    options: GateOptions | None = None,
) -> str | None:
    """The slug of the first gate that stops a passage, or None.

    Args:
        passage: what was decoded.
        speech_s: seconds of speech in its window.
        language: the call's language.
        languages: the window's own probability of each.
        options: limits.
    """
    options = options or GateOptions()
    text = passage.text
    if not text:
        return None
    improbable = passage.log_probability < options.log_probability_below
    gates = {
        "no-speech": improbable and passage.no_speech > options.no_speech_above,
        "improbable": passage.log_probability < options.hopeless_below
        or median(word.probability for word in passage.words) < options.median_word_below,
        "repetitive": _repetitive(text, options),
        "too-dense": n_letters(text) > options.letters_per_s * max(speech_s, 0.5),
        "phantom": _phantom(text),
        "other-language": _other_language(text, speech_s, language, languages, options),
    }
    return next((slug for slug, closed in gates.items() if closed), None)


def unheard(
    passage: Passage, speech: Sequence[Interval], *, options: GateOptions | None = None
) -> NDArray[np.bool_]:
    """Which stretches have too little text for their speech: a sentence was passed over.

    The alignment spreads the words that there are over the sound that there is, so a word counts
    for every stretch that it lies in, in proportion.

    Args:
        passage: what was decoded.
        speech: of its window, in order of time and on the window's clock.
        options: limits.

    Returns:
        ``[n_stretches]``.
    """
    options = options or GateOptions()
    starts, ends = _bounds(speech)
    wanted = options.slow_letters_per_s * (ends - starts)
    if not passage.words:
        return np.asarray(wanted > options.missing_letters)
    letters = np.array([n_letters(word.text) for word in passage.words])
    middles = (ends[:-1] + starts[1:]) / 2
    lies = _shared(passage, np.r_[-np.inf, middles], np.r_[middles, np.inf])
    there = (letters[:, None] * lies / lies.sum(axis=1, keepdims=True)).sum(axis=0)
    said = _shared(passage, starts, ends)
    lacks = options.slow_letters_per_s * said.sum(axis=1) - letters > options.missing_in_word
    drawn = (lacks[:, None] & (said == said.max(axis=1, keepdims=True))).any(axis=0)
    return np.asarray((wanted - there > options.missing_letters) | drawn)


def straddled(
    passage: Passage, speech: Sequence[Interval], *, options: GateOptions | None = None
) -> NDArray[np.bool_]:
    """Between which stretches a word lies that takes time of both: ``[n_stretches - 1]``."""
    options = options or GateOptions()
    if not passage.words:
        return np.zeros(len(speech) - 1, bool)
    starts, ends = _bounds(speech)
    lies = _shared(passage, starts, ends) > options.straddling_s
    return np.asarray((lies[:, :-1] & lies[:, 1:]).any(axis=0))


def _bounds(speech: Sequence[Interval]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    return np.array([s.start_s for s in speech]), np.array([s.end_s for s in speech])


def _shared(
    passage: Passage, starts: NDArray[np.float64], ends: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Seconds ``[n_words, n_stretches]`` of each word in each stretch; a word lasts some time."""
    begin = np.array([[word.start_s] for word in passage.words])
    until = np.maximum([[word.end_s] for word in passage.words], begin + 0.01)
    return np.asarray(np.clip(np.minimum(until, ends) - np.maximum(begin, starts), 0.0, None))


def n_letters(text: str) -> int:
    """Letters of a text; a digit takes as long to say as about four."""
    return sum(4 if c.isdigit() else c.isalpha() for c in text)


def _repetitive(text: str, options: GateOptions) -> bool:
    packed = text.encode()
    if len(packed) / len(zlib.compress(packed)) > options.compression_above:
        return True
    words = re.findall(r"\w+", text.lower())
    return any(
        _longest_loop(words, size) * size >= options.repeated_words
        for size in range(1, len(words) // options.repeats + 1)
        if _longest_loop(words, size) >= options.repeats
    )


def _longest_loop(words: list[str], size: int) -> int:
    """How often, at most, ``size`` words are said again at once."""
    longest = run = 0
    for at in range(size, len(words)):
        run = run + 1 if words[at] == words[at - size] else 0
        longest = max(longest, run)
    return longest // size + 1


def _phantom(text: str) -> bool:
    """Whether the text is nothing but what subtitles end with."""
    plain = " ".join(re.findall(r"\w+", text.lower()))
    return any(re.fullmatch(pattern, plain) for pattern in _phantoms())


@cache
def _phantoms() -> tuple[str, ...]:
    file = resources.files("callvoice").joinpath("data/recogniser/phantoms.toml")
    return tuple(tomllib.loads(file.read_text("utf-8"))["phantoms"])


def _other_language(
    text: str,
    speech_s: float,
    language: str,
    languages: dict[str, float],
    options: GateOptions,
) -> bool:
    letters = [c for c in text if c.isalpha()]
    latin = sum("LATIN" in name(c, "") for c in letters)
    if language in {"de", "en"} and latin < 0.8 * len(letters):
        return True
    if speech_s < options.language_min_s:
        return False
    sure = max(languages.values(), default=0.0) > options.other_above
    return sure and languages.get(language, 0.0) < options.language_below
