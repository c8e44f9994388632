"""The words of reports: both languages alike, every measure explained, numbers as written there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import callvoice
from callvoice import mistakes
from callvoice.report.texts import explain, load_texts, quantity, reason
from callvoice.settings import load_settings
from callvoice.types import Finding

MODULES = Path(callvoice.__file__).parent / "mistakes"


def measures_in_code() -> set[str]:
    """Every measure that a judge can put into a finding."""
    code = "\n".join(path.read_text() for path in MODULES.glob("*.py"))
    named = set(re.findall(r'Finding\(\s*"\w+",\s*[^")]*?"(\w+)"', code))
    named |= set(re.findall(r'_finding\(greeting, "(\w+)"', code))
    named |= {f"phrase_{label}" for label in mistakes.know_it_all.AGAINST}
    return named | {f"strength_{label}" for label in mistakes.strengths_of.LABELS}


def test_both_languages_say_the_same_things() -> None:
    german, english = load_texts("de"), load_texts("en")
    for section in german.__struct_fields__:
        assert list(getattr(german, section)) == list(getattr(english, section)), section


def test_placeholders_are_the_same_in_both_languages() -> None:
    for section in ("finding", "reason", "terminal"):
        german, english = (getattr(load_texts(code), section) for code in ("de", "en"))
        for key, text in german.items():
            assert sorted(re.findall(r"{\w+}", text)) == sorted(
                re.findall(r"{\w+}", english[key])
            ), key


def test_every_measure_has_its_sentence_and_every_sentence_its_measure() -> None:
    assert measures_in_code() == set(load_texts("de").finding)


def test_every_reason_in_code_has_its_sentence() -> None:
    code = "\n".join(path.read_text() for path in MODULES.glob("*.py"))
    limits = {name: limit.value for name, limit in load_settings().limits["material"].items()}
    for slug in load_texts("de").reason:
        assert f'"{slug}"' in code
        assert "{" not in reason(slug, limits, "de") + reason(slug, limits, "en")


@pytest.mark.parametrize("language", ["de", "en"])
def test_no_text_names_a_feeling_as_a_fact(language: str) -> None:
    texts = load_texts(language)  # type: ignore[arg-type]
    said = " ".join([*texts.finding.values(), *(c.advice for c in texts.mistake.values())]).lower()
    for word in ("genervt", "gelangweilt", "wütend", "unmotiviert", "bored", "angry", "annoyed"):
        assert word not in said


@pytest.mark.parametrize(
    ("value", "unit", "german", "english"),
    [
        (6.54, "syll/s", "6,5", "6.5"),
        (0.456, "share", "46 %", "46 %"),
        (27.0, "syllables", "27", "27"),
        (22.5, "syllables", "22,5", "22.5"),
        (None, "s", "–", "–"),
    ],
)
def test_numbers_are_written_as_the_language_does(
    value: float | None, unit: str, german: str, english: str
) -> None:
    assert quantity(value, unit, "de") == german
    assert quantity(value, unit, "en") == english


def test_a_sentence_carries_value_and_limit() -> None:
    finding = Finding("agent", 1.0, 2.0, "rate_syll_s", 7.36, 6.5, "syll/s")
    assert explain(finding, "de") == "7,4 Silben je Sekunde in diesem Beitrag (Grenze 6,5)."
