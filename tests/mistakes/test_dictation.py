"""What a caller writes down, in both languages, and what is only said."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callvoice.mistakes.dictation import is_for_writing_down


@pytest.mark.parametrize(
    "text",
    [
        "Ihre Kundennummer ist die 4711 08.",
        "Die Nummer lautet 0 7 3 6 1, 5 5 4.",
        "Sie erreichen mich unter 07361/55-48 20.",
        "Notieren Sie bitte null sieben drei, zwo zwo eins.",
        "The reference is four seven one, oh eight.",
        "Das Büro ist in der Lindenstraße 14.",
        "Kommen Sie in den Birkenweg 3.",
        "We are at 14 Market Street.",
        "It goes to 221b Old Mill Road then.",
    ],
)
def test_numbers_and_addresses_are_written_down(text: str) -> None:
    assert is_for_writing_down(text, n_digits=5)


@pytest.mark.parametrize(
    "text",
    [
        "Das dauert 14 Tage.",
        "Am 12.03.2026 war der Techniker da.",
        "Das macht dann 1.299,00 Euro.",
        "Ein Kollege ruft um acht an, oder um neun.",
        "Der Weg ist frei, und 3 Leute warten auf dem Platz.",
        "I have two options and one question.",
        "He lives in the same street, 20 minutes away.",
        "",
    ],
)
def test_amounts_dates_and_small_numbers_are_not(text: str) -> None:
    assert not is_for_writing_down(text, n_digits=5)


@given(st.text(alphabet="0123456789", min_size=1, max_size=20), st.integers(1, 20))
def test_the_number_of_digits_decides(digits: str, n_digits: int) -> None:
    for spelled in (digits, " ".join(digits), ", ".join(digits)):
        said = f"Es ist die {spelled}."
        assert is_for_writing_down(said, n_digits=n_digits) == (len(digits) >= n_digits)
