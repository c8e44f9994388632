"""Reading past a recogniser's slips: what unknown words are taken for, and what is left alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callvoice.text.classifier import load as load_classifier
from callvoice.text.lexicon import load as load_lexicon
from callvoice.text.normalise import fold, fold_word
from callvoice.text.phrases import find
from callvoice.text.spelling import Spelling, load, plain_words
from callvoice.types import Turn

KNOWN = Spelling(["ich", "hab", "beschwerde", "beschwerden", "leiter", "leider", "zustaendig"])
GERMAN = load("de", fold_word)


def labels(text: str, language: str = "de", *own: Path) -> set[str]:
    turns = (Turn("caller", 0, 1, "Hm."), Turn("agent", 1, 2, text))
    return {hit.label for hit in find(turns, load_lexicon(language, own))}


@pytest.mark.parametrize(
    ("word", "read"),
    [
        ("zustendig", ("zustaendig",)),
        ("zustentig", ("zustentig",)),  # two edits
        ("zustaendik", ("zustaendig",)),
        ("zusteandig", ("zustaendig",)),
        ("zustaendigg", ("zustaendig",)),
        ("ustaendig", ("ustaendig",)),  # another first letter
        ("beschwerd", ("beschwerde",)),
        ("beschwerdex", ("beschwerde",)),  # the more frequent of two
        ("leiter", ("leiter",)),  # known, though one edit from "leider"
        ("leite", ("leiter",)),
        ("hap", ("hap",)),  # too short to tell
        ("habich", ("hab", "ich")),
        ("42000", ("42000",)),
    ],
)
def test_what_a_word_is_read_as(word: str, read: tuple[str, ...]) -> None:
    assert KNOWN.read(word) == read


@given(st.sampled_from(sorted(plain_words(" ".join(GERMAN._words)))))
def test_every_known_word_is_read_as_itself(word: str) -> None:
    assert GERMAN.read(fold_word(word)) == (fold_word(word),)


@given(st.text())
def test_reading_is_settled_after_once(word: str) -> None:
    for one in GERMAN.read(word):
        assert GERMAN.read(one) == (one,)


def test_own_words_are_kept_but_not_read_into_others() -> None:
    mine = KNOWN.knowing(["beschwerdet"])
    assert mine.read("beschwerdet") == ("beschwerdet",)
    assert mine.read("beschwerdetx") == ("beschwerdetx",)


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Dafür bin ich nicht zustendig.", "dismissive"),
        ("Wie ich bereits erwäent habe, geht das nicht.", "know_it_all"),
        ("Da haben Sie nicht richtig zugehöhrt.", "know_it_all"),
        ("Ich bitte vielmals um Endschuldigung.", "apology"),
        ("Kommen Sie bitte zum Punckt.", "impatient"),
    ],
)
def test_a_rule_fires_on_a_misheard_word(text: str, label: str) -> None:
    assert label in labels(text)


@pytest.mark.parametrize(
    "text",
    [
        "Der Leiter der Abteilung ist heute da.",
        "Die Zuständigkeiten stehen im Vertrag.",
        "Der Punker kommt um drei.",
        "Die Entschuldung läuft über das Gericht.",
    ],
)
def test_a_real_word_beside_a_rule_s_fires_nothing(text: str) -> None:
    assert not labels(text)


def test_the_quote_is_what_was_said() -> None:
    text = "Nein, dafür binich nicht zustendig, gell."
    turns = (Turn("caller", 0, 1, "Hm."), Turn("agent", 1, 2, text))
    (hit,) = (hit for hit in find(turns, load_lexicon("de")) if hit.label == "dismissive")
    assert hit.quote == text[slice(*hit.span)] == "dafür binich nicht zustendig"


def test_both_halves_of_a_parted_word_stand_where_it_stood() -> None:
    folded = fold("Ja, habich gesagt.", GERMAN)
    assert folded.text == ". ja hab ich gesagt . "
    assert folded.spans[2] == folded.spans[3] == (4, 10)


def test_a_lexicon_of_one_s_own_may_use_words_that_nobody_knows(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text('impatient = ["zackizacki jetzt", "leidar"]', "utf-8")
    assert labels("Bitte zackizacki jetzt!", "de", own) == {"impatient"}
    assert "impatient" in labels("Das ist leidar so.", "de", own)
    assert "impatient" not in labels("Das ist leider so.", "de", own)


def test_the_classifier_reads_past_slips_too() -> None:
    model = load_classifier("de")
    said, slipped = "Das war ganz klar unser Fehler.", "Das war ganz klaar unser Fehlre."
    assert model.logits([said])[0] == pytest.approx(model.logits([slipped])[0])
