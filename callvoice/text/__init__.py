"""The text stage: what was said, as facts. It measures and holds no opinion.

>>> from callvoice.types import Transcript, Turn
>>> turns = (Turn("agent", 0, 2, "Guten Tag, was kann ich für Sie tun?"),)
>>> facts = analyze(Transcript("de", "given", turns))
>>> facts.syllables, facts.greeting.parts
((9,), ('salutation', 'offer'))
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

from callvoice.text.classifier import load as load_classifier
from callvoice.text.greeting import find_greeting
from callvoice.text.labelling import Labeller, labellers
from callvoice.text.lexicon import LABELS, Label, load
from callvoice.text.phrases import survey
from callvoice.text.syllables import count_syllables
from callvoice.types import Hit, TextFacts, Transcript

__all__ = [
    "LABELS",
    "LANGUAGES",
    "Label",
    "analyze",
    "analyze_each",
    "better_wordings",
    "count_syllables",
]

LANGUAGES = ("de", "en")
Labels = tuple[dict[str, float], ...]
_AT_ONCE = 64


def analyze(transcript: Transcript, *, extra_lexicons: Sequence[Path] = ()) -> TextFacts:
    """Syllables, phrases and greeting of a transcript.

    In a language other than German and English only syllables are counted, as well as can be.

    Raises:
        InvalidSettings: a lexicon of ``extra_lexicons`` cannot be used.
    """
    return next(analyze_each([transcript], extra_lexicons=extra_lexicons))[0]


def analyze_each(
    transcripts: Iterable[Transcript], *, extra_lexicons: Sequence[Path] = ()
) -> Iterator[tuple[TextFacts, Labels]]:
    """The facts of each transcript, and of each of its turns the probability per class.

    Many are scored together, which is several times as fast as one by one.

    Raises:
        InvalidSettings: a lexicon of ``extra_lexicons`` cannot be used.
    """
    remaining = iter(transcripts)
    while some := tuple(islice(remaining, _AT_ONCE)):
        readers = _labellers(some)
        for transcript, labeller in zip(some, readers, strict=True):
            yield _facts(transcript, labeller, extra_lexicons)


def _labellers(transcripts: Sequence[Transcript]) -> list[Labeller | None]:
    """Those of the supported languages' transcripts, each language's together."""
    found: list[Labeller | None] = [None] * len(transcripts)
    for language in LANGUAGES:
        places = [i for i, one in enumerate(transcripts) if one.language == language]
        if places:
            model = load_classifier(language)
            made = labellers(model, [transcripts[i].turns for i in places])
            for place, labeller in zip(places, made, strict=True):
                found[place] = labeller
    return found


def _facts(
    transcript: Transcript, labeller: Labeller | None, extra_lexicons: Sequence[Path]
) -> tuple[TextFacts, Labels]:
    language, turns = transcript.language, transcript.turns
    hits: tuple[Hit, ...] = ()
    labels: Labels = tuple({} for _ in turns)
    if labeller:
        hits, labels = survey(turns, load(language, extra_lexicons), labeller)
    facts = TextFacts(
        language=language,
        supported=labeller is not None,
        syllables=tuple(count_syllables(turn.text, language) for turn in turns),
        hits=hits,
        greeting=find_greeting(turns, language) if labeller else None,
    )
    return facts, labels


def better_wordings(language: str, *, extra_lexicons: Sequence[Path] = ()) -> dict[str, str]:
    """For rules that know one, by rule id: what can be said instead."""
    rules = load(language, extra_lexicons).rules if language in LANGUAGES else ()
    return {rule.id: rule.entry.better for rule in rules if rule.entry.better}
