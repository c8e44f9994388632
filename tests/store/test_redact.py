"""What is masked, what is not, and that a text keeps its length."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callvoice.mistakes.dictation import is_for_writing_down
from callvoice.store.redact import redact, redacted_turn
from callvoice.text.syllables import count_syllables
from callvoice.types import Turn, Word


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("Kundennummer 4711", "Kundennummer 4711"),
        ("Kundennummer 47110", "Kundennummer #####"),
        ("null eins fünf eins zwei, ja", "xxxx xxxx xxxx xxxx xxxx, ja"),
        ("eins zwei drei vier und dann", "eins zwei drei vier und dann"),
        ("one two three four five", "xxx xxx xxxxx xxxx xxxx"),
        ("DE89 3704 0044 0532 0130 00 ist das Konto", "xx## #### #### #### #### ## ist das Konto"),
        ("DE89370400440532013000", "xx####################"),
        ("an anna.weiss@firma-berger.de.", "an xxxx.xxxxx@xxxxx-xxxxxx.xx."),
        ("+49 (0)151 / 23 45 67-8", "+## (#)### / ## ## ##-#"),
        ("in 24 Stunden oder 48", "in 24 Stunden oder 48"),
        ("die 8352, 7416, die", "die ####, ####, die"),
        ("0151\u00a023\u202f45 67", "####\u00a0##\u202f## ##"),
        ("0 - 1 - 5 - 1 - 2", "# - # - # - # - #"),
        ("null … eins … fu\u0308nf … eins … zwei", "xxxx … xxxx … xx\u0308xx … xxxx … xxxx"),
        ("acht 35 null 2, ja", "xxxx ## xxxx #, ja"),
        ("ein 4711er für 1234,56 Euro", "ein 4711er für 1234,56 Euro"),
        ("um 10:30 Uhr, Zimmer 12", "um 10:30 Uhr, Zimmer 12"),
    ],
)  # fmt: skip
def test_numbers_that_name_somebody_are_masked(said: str, kept: str) -> None:
    assert redact(said) == kept


@given(st.text(st.sampled_from("0123456789 .-/@aDEäß+\n"), max_size=60))
def test_length_stays_and_no_long_number_is_left(said: str) -> None:
    kept = redact(said)
    assert len(kept) == len(said)
    assert not re.search(r"\d{5}", kept)
    assert redact(kept) == kept


@given(st.lists(st.from_regex(r"[0-9]{1,4}|[a-z]{1,6}", fullmatch=True), min_size=1, max_size=12))
def test_words_are_masked_as_their_turn_is(said: list[str]) -> None:
    words = tuple(Word(text, n, n + 1) for n, text in enumerate(said))
    kept = redacted_turn(Turn("caller", 0, 9, " ".join(said), words), redact)
    assert " ".join(word.text for word in kept.words) == kept.text
    assert [w.start_s for w in kept.words] == [w.start_s for w in words]


def test_a_hook_that_changes_lengths_leaves_no_words() -> None:
    turn = Turn("caller", 0, 1, "Weiß", (Word("Weiß", 0, 1),))
    assert redacted_turn(turn, lambda text: text.replace("Weiß", "[Name]")).words == ()


WORDS = ["null", "Eins", "zwo", "und", "seven", ",", "-", ". "]


@given(st.lists(st.sampled_from(WORDS), max_size=9))
def test_runs_of_five_number_words_are_masked_and_nothing_else(said: list[str]) -> None:
    text = " ".join(said)
    number = "(?:null|eins|zwo|seven)"
    kept = redact(text)
    assert ("x" in kept) == bool(re.search(f"(?:{number}[ ,.-]{{1,3}}){{4}}{number}", text, re.I))
    assert all(c in ("x", d) for c, d in zip(kept, text, strict=True))


NUMBERS = ["Die Nummer ist {} und weiter", "{}", "Bitte notieren: {}, ja?"]
SPOKEN = ["null", "eins", "zwei", "drei", "vier", "fünf", "sechs", "acht", "neun"]


@given(
    st.sampled_from(NUMBERS),
    st.one_of(
        st.lists(st.sampled_from("0123456789"), min_size=1, max_size=9).map("".join),
        st.lists(st.sampled_from(SPOKEN), min_size=1, max_size=9).map(" ".join),
    ),
)
def test_a_masked_number_is_counted_and_judged_as_before(sentence: str, number: str) -> None:
    said = sentence.format(number)
    kept = redact(said)
    assert is_for_writing_down(kept, n_digits=5) == is_for_writing_down(said, n_digits=5)
    n_sevens = number.count("7") if "#" in kept else 0  # the one digit of two syllables
    assert count_syllables(kept, "de") == count_syllables(said, "de") - n_sevens
