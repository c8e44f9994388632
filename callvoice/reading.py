"""A file of turns through the text stage: needs no sound, no speech model and no prosody."""

from __future__ import annotations

from typing import Any

import msgspec

from callvoice import text
from callvoice.ingest import given
from callvoice.mistakes import is_overlong
from callvoice.settings import Settings
from callvoice.types import Hit, TextFacts


def text_lines(content: bytes, *, source: str, language: str, settings: Settings) -> list[bytes]:
    """The text stage alone: each turn of a turns file with its hits, then the greeting, as JSON.

    Raises:
        InvalidTranscript: a line is not a turn.
    """
    lines: list[bytes] = []
    read = tuple(given.read_turns(content, source=source, language=language))
    analyzed = text.analyze_each((one for _, one in read), extra_lexicons=settings.lexicons)
    for (fields, _), (facts, labels) in zip(read, analyzed, strict=True):
        hits_of: list[list[Hit]] = [[] for _ in fields]
        for hit in facts.hits:
            hits_of[hit.turn].append(hit)
        for turn, probabilities, hits in zip(fields, labels, hits_of, strict=True):
            classes = list(dict.fromkeys(hit.label for hit in hits))
            found = {"labels": probabilities, "classes": classes, "hits": hits}
            lines.append(msgspec.json.encode({**turn, **found}))
        lines.append(msgspec.json.encode({"greeting": _greeting(facts, settings)}))
    return lines


def _greeting(facts: TextFacts, settings: Settings) -> dict[str, Any] | None:
    greeting = facts.greeting
    if greeting is None:
        return None
    limits = settings.limits_of("overlong_greeting")
    overlong = is_overlong(greeting, limits, facts.language)
    return {**msgspec.structs.asdict(greeting), "overlong": overlong}
