"""Words that a caller writes down: long numbers and addresses, German and English."""

from __future__ import annotations

import re

_DIGITS = (
    "null|eins|ein|zwei|zwo|drei|vier|fünf|sechs|sieben|acht|neun"
    "|zero|oh|one|two|three|four|five|six|seven|eight|nine"
)
_MASKED = "#|\\bx{3,}\\b"  # a digit, a word for one, of numbers that are kept from readers
_DIGIT = re.compile(rf"\d|\b(?:{_DIGITS})\b|{_MASKED}", re.IGNORECASE)
# A point or comma inside figures makes an amount or a date, which nobody dictates digit by digit.
_BETWEEN = re.compile(r"(?:[.,]?\s+|[/()-])*")
_STREET = re.compile(
    r"\b\w+(?:straße|strasse|str\.|gasse|allee|platz|weg|damm|ufer|ring)\s+\d"
    r"|\b\d+\w?\s+(?:\w+\s+){1,2}(?:street|road|avenue|lane|drive|square)\b",
    re.IGNORECASE,
)


def is_for_writing_down(text: str, *, n_digits: int) -> bool:
    """Whether a text has a number of at least ``n_digits``, in figures or digit by digit, or a
    street with its number.
    """
    return _longest_number(text) >= n_digits or _STREET.search(text) is not None


def _longest_number(text: str) -> int:
    longest = n = end = 0
    for digit in _DIGIT.finditer(text):
        n = n + 1 if _BETWEEN.fullmatch(text, end, digit.start()) else 1
        end, longest = digit.end(), max(longest, n)
    return longest
