"""The words of a report, from the catalogues, and numbers as the language writes them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Literal

import msgspec
from msgspec import Struct

from callvoice.report.catalogue import catalogue
from callvoice.types import Finding, MistakeId

Language = Literal["de", "en"]
_UNSURE_BELOW = 0.6  # mean word probability; of words well heard it is above 0.8
_DECIMALS = {"s": 1, "st": 1, "syll/s": 1, "1/min": 1, "ratio": 2, "syllables": 0, "count": 0}


class Card(Struct, frozen=True, forbid_unknown_fields=True):
    """What a mistake is, how it is measured, what that cannot tell, how it can come across to a
    caller, and what helps.
    """

    title: str
    definition: str
    measured: str
    cannot_tell: str
    effect: str
    advice: str


class Texts(Struct, frozen=True):
    """The texts of one language, section by section; the page's own are in ``page_words``."""

    mistake: dict[MistakeId, Card]
    reason: dict[str, str]
    finding: dict[str, str]
    terminal: dict[str, str]
    status: dict[str, str]
    confidence: dict[str, str]
    note: dict[str, str]
    card: dict[str, str]


@cache
def load_texts(language: Language) -> Texts:
    """The texts of German or English."""
    return msgspec.convert(catalogue(language).tables(), Texts)


def source(of_limit: str, language: str) -> str:
    """Where a limit comes from. A house's own source is said as it stands."""
    return catalogue(language).pgettext("source", of_limit)


def unit(name: str, language: str) -> str:
    """A unit as the language writes it."""
    said = catalogue(language).known("page", f"unit.{name}")
    return name if said is None else said


def number(value: float, decimals: int, language: Language) -> str:
    """A number with the language's decimal mark."""
    text = f"{value:.{decimals}f}"
    return text.replace(".", ",") if language == "de" else text


def quantity(value: float | None, unit: str | None, language: Language) -> str:
    """A measured value for a sentence: shares in percent, others with a fitting precision."""
    if value is None:
        return "–"
    if unit == "share":
        return f"{value * 100:.0f} %"
    decimals = _DECIMALS.get(unit or "", 2)
    if decimals == 0 and value != round(value):
        decimals = 1
    return number(value, decimals, language)


def unsure(finding: Finding) -> bool:
    """Whether the words quoted may be others than those said."""
    return finding.heard is not None and finding.heard < _UNSURE_BELOW


def explain(finding: Finding, language: Language) -> str:
    """A finding's sentence."""
    return (
        load_texts(language)
        .finding[finding.measure]
        .format(
            value=quantity(finding.value, finding.unit, language),
            limit=quantity(finding.limit, finding.unit, language),
            quote=finding.quote or "",
        )
    )


def reason(slug: str, limits: Mapping[str, float], language: Language) -> str:
    """Why something could not be assessed, and what would make it assessable."""
    values = {name: f"{value:g}" for name, value in limits.items()}
    return load_texts(language).reason[slug].format(**values)
