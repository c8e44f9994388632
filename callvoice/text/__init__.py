"""The text stage: what was said, as facts. It measures and holds no opinion.

>>> from callvoice.types import Transcript, Turn
>>> turns = (Turn("agent", 0, 2, "Guten Tag, was kann ich für Sie tun?"),)
>>> facts = analyze(Transcript("de", "given", turns))
>>> facts.syllables, facts.greeting.parts
((9,), ('salutation', 'offer'))
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from callvoice.text.classifier import load as load_classifier
from callvoice.text.greeting import find_greeting
from callvoice.text.lexicon import LABELS, Label, load
from callvoice.text.phrases import survey
from callvoice.text.syllables import count_syllables
from callvoice.types import TextFacts, Transcript

__all__ = [
    "LABELS",
    "LANGUAGES",
    "Label",
    "analyze",
    "analyze_with_labels",
    "better_wordings",
    "count_syllables",
]

LANGUAGES = ("de", "en")


def analyze(transcript: Transcript, *, extra_lexicons: Sequence[Path] = ()) -> TextFacts:
    """Syllables, phrases and greeting of a transcript.

    In a language other than German and English only syllables are counted, as well as can be.

    Raises:
        InvalidSettings: a lexicon of ``extra_lexicons`` cannot be used.
    """
    return analyze_with_labels(transcript, extra_lexicons=extra_lexicons)[0]


def analyze_with_labels(
    transcript: Transcript, *, extra_lexicons: Sequence[Path] = ()
) -> tuple[TextFacts, tuple[dict[str, float], ...]]:
    """The facts of a transcript, and for each turn the probability per class.

    Raises:
        InvalidSettings: a lexicon of ``extra_lexicons`` cannot be used.
    """
    language, turns = transcript.language, transcript.turns
    supported = language in LANGUAGES
    none: tuple[dict[str, float], ...] = tuple({} for _ in turns)
    hits, labels = (
        survey(turns, load(language, extra_lexicons), load_classifier(language))
        if supported
        else ((), none)
    )
    facts = TextFacts(
        language=language,
        supported=supported,
        syllables=tuple(count_syllables(turn.text, language) for turn in turns),
        hits=hits,
        greeting=find_greeting(turns, language) if supported else None,
    )
    return facts, labels


def better_wordings(language: str, *, extra_lexicons: Sequence[Path] = ()) -> dict[str, str]:
    """For rules that know one, by rule id: what can be said instead."""
    rules = load(language, extra_lexicons).rules if language in LANGUAGES else ()
    return {rule.id: rule.entry.better for rule in rules if rule.entry.better}
