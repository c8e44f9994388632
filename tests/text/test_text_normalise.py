"""Folding, the pattern notation, and the place of characters in time."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callvoice.text.normalise import fold, fold_word, key, keys
from callvoice.text.patterns import PatternError, finder, parse
from callvoice.text.timing import locate
from callvoice.types import Turn, Word

FORMS = {"Sie": ("sie", "du"), "small": ("doch", "mal")}


def found(pattern: str, text: str) -> str | None:
    """What a pattern matches in a text, in the original words."""
    folded = fold(text)
    match = finder([parse(pattern, FORMS)]).search(folded.text)
    return None if match is None else text[slice(*folded.original(*match.span()))]


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Ja, schön! Gern.", ". ja schoen . gern . "),
        ("z. B. Frau Dr. Müller", ". z b frau dr mueller . "),
        ("Grüß-Gott – geht’s?", ". gruessgott gehts . "),
        ("um 14:30 Uhr, 1.234,50 €", ". um 14:30 uhr 1.234,50 . "),
        ("Also... ja…", ". also ja . "),
        ("", ". "),
        ("?!", ". "),
    ],
)
def test_folding(text: str, folded: str) -> None:
    assert fold(text).text == folded


@given(st.text(max_size=60))
def test_folding_loses_no_place(text: str) -> None:
    folded = fold(text)
    assert len(folded.tokens) == len(folded.starts) == len(folded.spans)
    for token, start in zip(folded.tokens, folded.starts, strict=True):
        assert folded.text[start : start + len(token) + 1] == token + " "
    ends = [0, *(end for _, end in folded.spans)]
    assert all(a <= b for a, b in pairwise(ends))


@given(st.text("abcäöüß ,.", max_size=40))
def test_folding_twice_changes_nothing(text: str) -> None:
    once = fold(text).text
    assert fold(once).text == once


@given(st.sampled_from(["zuständig", "Ärger", "möchte", "grün"]))
def test_umlaut_spellings_have_one_key(word: str) -> None:
    bare = word.translate(str.maketrans("äöüÄ", "aouA"))
    assert key(fold_word(word)) == key(fold_word(bare))


@pytest.mark.parametrize(
    ("pattern", "text", "match"),
    [
        ("wie gesagt", "Ja, wie, gesagt!", "wie, gesagt"),
        ("wie gesagt", "Wie. Gesagt", None),
        ("wie . gesagt", "Wie. Gesagt", "Wie. Gesagt"),
        ("(a|b c|d) e", "x b c e", "b c e"),
        ("a b? c", "a c", "a c"),
        ("a … e", "a b c d e", "a b c d e"),
        ("a … f", "a b c d e f", None),
        ("a *4 f", "a b c d e f", "a b c d e f"),
        ("a * c", "a b c", "a b c"),
        ("a * c", "a c", None),
        ("dauer*", "Es dauert.", "dauert"),
        ("*nummer", "Ihre Kundennummer?", "Kundennummer"),
        ("ge*t", "schon gebucht", "gebucht"),
        ("gar_nicht", "das geht garnicht", "garnicht"),
        ("gar_nicht", "das geht gar nicht", "gar nicht"),
        ("^ja$", "Nein. Ja. Gut", "Ja"),
        ("^ja$", "Ja gut", None),
        ("{Sie} ~ nicht", "du doch mal nicht", "du doch mal nicht"),
        ("schön", "schoen", "schoen"),
        ("schön", "schon", "schon"),
        ("schon", "schön", None),
        ("größe", "groesse", "groesse"),
        ("ein", "kein", None),
    ],
)
def test_notation(pattern: str, text: str, match: str | None) -> None:
    assert found(pattern, text) == match


@pytest.mark.parametrize("pattern", ["(a", "a)", "?", "a?", "…", "", "{Nix}", "*3", "(a|b?)"])
def test_broken_patterns(pattern: str) -> None:
    with pytest.raises(PatternError):
        parse(pattern, FORMS)


@given(
    st.lists(
        st.sampled_from(
            ["a", "(b|c d)", "e?", "…", "f*", "fall*", "fal*", "g_h", "{Sie}", "~", "*"]
        ),
        min_size=1,
    )
)
def test_every_match_holds_a_word_of_each_needed_set(parts: list[str]) -> None:
    try:
        pattern = parse(" ".join(parts), FORMS)
    except PatternError:
        return
    text = "x a c d e b f fall a gh falle sie mal g h du x"
    folded = fold(text)
    match = finder([pattern]).search(folded.text)
    if match:
        found = keys(fold(match.group()))
        assert all(need & found for need in pattern.needs)


WORDS = (Word("Guten", 1.0, 1.3), Word("Tag", 1.4, 1.8), Word("Herr", 5.0, 5.2))


@pytest.mark.parametrize(
    ("span", "times"),
    [((0, 5), (1.0, 1.3)), ((0, 9), (1.0, 1.8)), ((7, 12), (1.4, 5.2)), ((11, 15), (5.0, 5.2))],
)
def test_times_of_words(span: tuple[int, int], times: tuple[float, float]) -> None:
    assert locate(Turn("agent", 1, 6, "Guten Tag, Herr", WORDS), span) == times


def test_words_that_the_text_lacks_are_passed_over() -> None:
    turn = Turn("agent", 1, 6, "Guten Tag", (Word("Hm", 0.1, 0.2), *WORDS))
    assert locate(turn, (6, 9)) == (1.4, 1.8)


@given(st.integers(0, 20), st.integers(0, 20))
def test_times_by_proportion_stay_inside_the_turn(a: int, b: int) -> None:
    start, end = sorted((a, b))
    start_s, end_s = locate(Turn(None, 3, 8, "x" * 20), (start, end))
    assert start_s is not None
    assert end_s is not None
    assert 3 <= start_s <= end_s <= 8
