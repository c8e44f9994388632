"""Why a passage is not believed.

Whisper writes sentences where nobody speaks, and says the same over and over where it has lost the
thread. Each gate gives a slug; what no gate stops is kept. Limits of the first three are Whisper's
own, see ``transcribe.py`` of openai/whisper.
"""

from __future__ import annotations

import re
import tomllib
import zlib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from statistics import median
from unicodedata import name

from callvoice.ingest.whisper import Passage


@dataclass(frozen=True)
class GateOptions:
    """Limits. A passage is dropped when it is probably silence *and* improbable; when it is very
    improbable, or half of its words are below ``median_word_below`` (over music they lie at 0.02
    to 0.35; in speech, on bad lines too, hardly any passage is below 0.75); when it compresses
    like a repetition or repeats a phrase ``repeats`` times over ``repeated_words`` words; when it
    has more letters than ``letters_per_s`` can carry; or when its language is below
    ``language_below`` while another is above ``other_above``. Fewer letters than
    ``sparse_letters_per_s`` (speech has about 20) mean that something was left out.
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
    sparse_letters_per_s: float = 11.0
    sparse_min_s: float = 4.0


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


def sparse(passage: Passage, *, speech_s: float, options: GateOptions | None = None) -> bool:
    """Whether a passage is too short for its speech: the recogniser passed over a sentence."""
    options = options or GateOptions()
    if speech_s < options.sparse_min_s:
        return False
    return n_letters(passage.text) < options.sparse_letters_per_s * speech_s


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
