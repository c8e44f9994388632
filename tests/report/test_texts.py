"""The words of reports: both languages alike, every measure explained, numbers as written there."""

from __future__ import annotations

import io
import re
import tomllib
from functools import cache
from pathlib import Path

import msgspec
import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from rich.console import Console

import callvoice
from callvoice import mistakes
from callvoice.report.cards import print_card
from callvoice.report.catalogue import catalogue
from callvoice.report.texts import Language, explain, load_texts, quantity, reason, source, unit
from callvoice.settings import Limit, load_settings
from callvoice.types import Finding

PACKAGE = Path(callvoice.__file__).parent
MODULES = PACKAGE / "mistakes"
LANGUAGES = ("de", "en")


def measures_in_code() -> set[str]:
    """Every measure that a judge can put into a finding."""
    code = "\n".join(path.read_text() for path in MODULES.glob("*.py"))
    named = set(re.findall(r'Finding\(\s*"\w+",\s*[^")]*?"(\w+)"', code))
    named |= set(re.findall(r'_finding\(greeting, "(\w+)"', code))
    named |= {f"phrase_{label}" for label in mistakes.know_it_all.AGAINST}
    return named | {f"strength_{label}" for label in mistakes.strengths_of.LABELS}


Entries = dict[tuple[str, str], tuple[str, ...]]


def entries(messages: Catalog) -> Entries:
    """Context and key with the text, or the texts of each plural form."""
    found = {}
    for message in messages:
        if message.id:
            key = message.id if isinstance(message.id, str) else message.id[0]
            said = message.string
            found[message.context, key] = (said,) if isinstance(said, str) else tuple(said)
    return found


@cache
def written(language: str) -> Catalog:
    path = PACKAGE / f"locale/{language}/LC_MESSAGES/callvoice.po"
    with path.open("rb") as file:
        return read_po(file, locale=language, abort_invalid=True)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_compiled_catalogue_is_that_of_the_written_one(language: str) -> None:
    compiled = catalogue(language)
    texts = entries(written(language))
    for (context, key), said in texts.items():
        if len(said) == 1:
            assert compiled.text(context, key) == said[0]
        else:
            assert [compiled.counted(context, key, n) for n in (1, 7)] == [
                one.format(number=n) for one, n in zip(said, (1, 7), strict=True)
            ]
    in_file = [key for key in compiled._catalog if key]
    assert len(in_file) == sum(map(len, texts.values()))


def test_both_catalogues_are_complete_and_have_the_same_placeholders() -> None:
    german, english = (entries(written(language)) for language in LANGUAGES)
    assert german.keys() == english.keys()
    assert len(german) > 250
    for key, texts in german.items():
        assert all(texts), key
        assert all(english[key]), key
        names = [set(re.findall(r"{\w+}", said[-1])) for said in (texts, english[key])]
        assert names[0] == names[1], key


def test_no_catalogue_has_a_key_twice_or_in_doubt() -> None:
    for language in LANGUAGES:
        path = PACKAGE / f"locale/{language}/LC_MESSAGES/callvoice.po"
        count = len(re.findall(r"^msgctxt", path.read_text("utf-8"), re.MULTILINE))
        assert count == len(entries(written(language)))
        assert not any(message.fuzzy for message in written(language))


def test_everything_that_the_page_says_is_in_the_catalogues_and_nothing_else() -> None:
    code = "\n".join(
        path.read_text("utf-8")
        for path in (PACKAGE / "report").rglob("*")
        if path.suffix in (".py", ".jinja")
    )
    keys = {key for context, key in entries(written("de")) if context == "page"}
    asked = set(re.findall(r"""\b(?:t|words|_words)(?:\.many)?\(\s*["']([\w.]+)["'][,)]""", code))
    assert asked - keys == set()
    prefixes = tuple(set(re.findall(r"""f?"(\w+\.)(?:" ~|\{)""", code)))
    unasked = {k for k in keys - asked if not k.startswith(prefixes) and f'"{k}"' not in code}
    assert unasked == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_missing_text_is_an_error_and_no_key_on_the_page(language: str) -> None:
    with pytest.raises(KeyError):
        catalogue(language).text("page", "no such key")


def test_every_limit_s_source_and_unit_is_said_in_both_languages() -> None:
    files = ("thresholds.toml", "optional_limits.toml")
    tables = [tomllib.loads((PACKAGE / "data" / name).read_text("utf-8")) for name in files]
    groups = [group for table in tables for group in table.values()]
    limits = msgspec.convert([limit for g in groups for limit in g.values()], list[Limit])
    german = entries(written("de"))
    for limit in limits:
        assert ("source", limit.source) in german, limit.source
        assert source(limit.source, "en") == limit.source
        assert source(limit.source, "de") != limit.source
    own = {"s", "dB", "1/min"}
    for name in {limit.unit for limit in limits} - own:
        assert ("page", f"unit.{name}") in german


def test_a_house_s_own_source_is_said_as_it_stands() -> None:
    assert source("callvoice.toml", "de") == "callvoice.toml"
    assert unit("furlong", "de") == "furlong"


@pytest.mark.parametrize(("language", "foreign"), [("de", "Working value"), ("en", "Arbeitswert")])
def test_a_card_speaks_one_language(language: Language, foreign: str) -> None:
    console = Console(file=io.StringIO(), width=200)
    for number, (name, _) in enumerate(mistakes.JUDGES, start=1):
        print_card(number, name, load_settings(), language, console)
    said = console.file.getvalue()  # type: ignore[attr-defined]
    assert foreign not in said
    assert ("Arbeitswert" in said) == (language == "de")


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
