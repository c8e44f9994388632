"""The agent's own impression of a call: ratings and a few words, from a small file.

TOML or JSON::

    [ratings]
    too_fast = 4

    [texts]
    "Was ist gut gelungen?" = "Ich habe sie ausreden lassen."
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, Literal

import msgspec
from msgspec import Struct

from callvoice.calibrate.labels import MISTAKES
from callvoice.errors import InvalidSettings, UnreadableInput, printable
from callvoice.report.texts import load_texts
from callvoice.types import SelfAssessment

_LOWEST, _HIGHEST = 1, 5
_WORDS = {
    "de": (
        "Eigene Einschätzung eines Gesprächs, am besten vor dem Lesen des Berichts.",
        "Je Zeile eine Zahl von 1 (nicht zu hören) bis 5 (deutlich zu hören); dazu das # am"
        " Zeilenanfang entfernen. Zeilen mit # zählen nicht.",
        "Antworten in eigenen Worten; leere zählen nicht. Eigene Fragen sind möglich.",
        ("Was ist gut gelungen?", "Was würden Sie beim nächsten Mal anders machen?"),
    ),
    "en": (
        "Own impression of a call, best written before reading the report.",
        "One number a line, from 1 (not to be heard) to 5 (clearly to be heard); remove the # at"
        " its beginning. Lines with # do not count.",
        "Answers in your own words; empty ones do not count. Questions of your own are welcome.",
        ("What went well?", "What would you do differently next time?"),
    ),
}


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    ratings: dict[str, int] = {}
    texts: dict[str, str] = {}


def read_self_assessment(path: Path) -> SelfAssessment:
    """What an agent wrote down.

    Raises:
        UnreadableInput: the file cannot be read.
        InvalidSettings: it is neither TOML nor JSON of that form, rates something unknown or
            outside 1–5, or is empty.
    """
    try:
        loose = _loose(path)
        given = msgspec.convert(loose, _File)
    except OSError as error:
        raise UnreadableInput(
            f"cannot read the self-assessment {printable(path)}: {error.strerror}."
        ) from error
    except (ValueError, msgspec.MsgspecError) as error:  # TOML, JSON and encoding errors are these
        raise InvalidSettings(
            f"{printable(path)} is not a self-assessment: {error}. `callvoice analyze"
            " --self-assessment-template` prints one to fill in."
        ) from error
    for mistake, rating in given.ratings.items():
        _check(path, mistake, rating)
    texts = tuple((ask, said.strip()) for ask, said in given.texts.items() if said.strip())
    if not given.ratings and not texts:
        raise InvalidSettings(f"{printable(path)} is not filled in: no rating and no answer.")
    return SelfAssessment(given.ratings, texts)


def template(language: Literal["de", "en"]) -> str:
    """A file to fill in, in a report language."""
    cards = load_texts(language).mistake
    heading, ratings, answers, questions = _WORDS[language]
    lines = [f"# {heading}", "", f"# {ratings}", "[ratings]"]
    for number, mistake in enumerate(MISTAKES, start=1):
        card = cards[mistake]
        lines += [f"# {number} · {card.title}: {card.definition}", f"# {mistake} = 1"]
    lines += ["", f"# {answers}", "[texts]", *(f'"{question}" = ""' for question in questions)]
    return "\n".join(lines) + "\n"


def _loose(path: Path) -> Any:
    text = path.read_text("utf-8-sig")
    return msgspec.json.decode(text) if text.lstrip().startswith("{") else tomllib.loads(text)


def _check(path: Path, mistake: str, rating: int) -> None:
    if mistake not in MISTAKES:
        raise InvalidSettings(
            f"{printable(path)}: '{mistake}' is no mistake. Known: {', '.join(MISTAKES)}."
        )
    if not _LOWEST <= rating <= _HIGHEST:
        raise InvalidSettings(
            f"{printable(path)}: {mistake} = {rating} is not possible. Ratings go from 1 (not to be"
            " heard) to 5 (clearly to be heard)."
        )
