"""Written forms as they are spoken: numbers, dates, times, amounts, digits, abbreviations.

The aim is the number of syllables, not orthography. Where a written form can be read in more than
one way, the one usual on the telephone is taken: digits one by one from five digits on.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

import msgspec

_DIGITS_FROM = 5
_BLANKS = re.compile(r"\s+")
_PHONE = re.compile(
    r"(?<![\w.,:])(?:(?:\+\d|0\d)\d*(?:[ /\-–]?\(?\d+\)?)+|(?:\d{3}[ \-])?\d{3}-\d{4})"
    r"(?![\d.,:]*\d)"
)
# Two letters of a country, two digits, groups of four.
_ACCOUNT = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z\d]{4}){3,7}(?: ?[A-Z\d]{1,3})?\b")
_RANGE = re.compile(
    r"(?<![\w\-–/.,:])(?!0\d)(\d{1,3}(?:[.,:]\d{1,2})?)(\.?) ?[–-] ?(?=\d{1,3}(?!\d|[\-–/]))"
)
_MINUS = re.compile(r"(?<![\w\-–] )(?<![\w\-–])[-−–](?=\d+ ?(?:°|Grad|degrees))")
_MASKED = re.compile(r"#(?! ?\d)")  # a digit of a number that is kept from readers
_SWISS = re.compile(r"((?:CHF|Fr\.) ?[\d'’]+)\.(\d\d)(?!\d)|(\d)['’](?=\d{3})")
_OR = "|"


class Spoken(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A language's data: how it writes numbers, and what its short forms stand for."""

    decimal: str
    thousands: str
    point: str
    plus: str
    minus: str
    to: str
    hour: str
    ordinal_before: tuple[str, ...]
    months: tuple[str, ...]
    month_short: Mapping[str, str]
    abbreviations: Mapping[str, str]
    symbols: Mapping[str, str]
    units: Mapping[str, str]
    currencies: Mapping[str, tuple[str, str]]


@dataclass(frozen=True, slots=True)
class _Forms:
    """The compiled expressions of one language."""

    abbreviation: re.Pattern[str]
    phone: re.Pattern[str]
    money_before: re.Pattern[str]
    money_after: re.Pattern[str]
    date: re.Pattern[str]
    time: re.Pattern[str]
    day_and_month: re.Pattern[str]
    ordinal: re.Pattern[str]
    unit: re.Pattern[str]
    number: re.Pattern[str]
    symbol: re.Pattern[str]


@lru_cache(maxsize=4)
def spoken(language: str) -> Spoken:
    """The packaged data of a language, "de" or "en"."""
    path = files("callvoice") / "data" / "spoken" / f"{language}.toml"
    return msgspec.toml.decode(path.read_text("utf-8"), type=Spoken)


@lru_cache(maxsize=4)
def _forms(language: str) -> _Forms:
    data = spoken(language)
    point, comma = re.escape(data.thousands), re.escape(data.decimal)
    whole = rf"(?:\d{{1,3}}(?:{point}\d{{3}})+|\d+)"
    amount = rf"({whole})(?:{comma}(\d+|--|-|–))?"
    money = _any_of(data.currencies)
    months = _any_of((*data.months, *data.month_short))
    ordinal = r"(?:st|nd|rd|th)" if language == "en" else r"\."
    before = _any_of(data.ordinal_before)
    return _Forms(
        abbreviation=re.compile(rf"(?<!\w)(?:{_any_of(data.abbreviations)})(?!\w)", re.IGNORECASE),
        phone=_PHONE,
        money_before=re.compile(rf"({money}) ?{amount}"),
        money_after=re.compile(rf"(?<![\d]){amount} ?({money})(?!\w)"),
        date=re.compile(r"(?<!\d)(\d{1,2})([./])(\d{1,2})[./](\d{4}|\d{2})?(?!\d)"),
        time=re.compile(rf"(?<!\d)([01]?\d|2[0-4])[:.]([0-5]\d)(?: ?({data.hour}))?(?!\d)"),
        day_and_month=re.compile(rf"(?<!\d)(\d{{1,2}})\.? ({months})(?!\w)(?: (\d{{4}}))?"),
        ordinal=re.compile(
            rf"(?<!\d)(\d+){ordinal}(?!\w)"
            if language == "en"
            else rf"(?:(?<!\w)({before}) |^)(\d{{1,3}})\.(?!\d)",
            re.IGNORECASE,
        ),
        unit=re.compile(rf"(?<=\d) ?({_any_of(data.units)})(?!\w)"),
        number=re.compile(rf"(?<!\d){amount}"),
        symbol=re.compile(_any_of(data.symbols)),
    )


def _any_of(words: Mapping[str, object] | tuple[str, ...]) -> str:
    return _OR.join(re.escape(w) for w in sorted(words, key=len, reverse=True))


def verbalise(text: str, language: str) -> str:
    """A text with its written forms as spoken words.

    >>> verbalise("um 14:30 Uhr, Nr. 7", "de")
    'um vierzehn Uhr dreißig, Nummer sieben'
    """
    reader = _Reader(language)
    text = _MASKED.sub(reader.masked, text)
    text = reader.forms.abbreviation.sub(reader.abbreviation, _SWISS.sub(reader.swiss, text))
    if not any(c.isdigit() for c in text):
        return reader.forms.symbol.sub(reader.symbol, text)
    forms = reader.forms
    for form, reading in (
        (_ACCOUNT, reader.account),
        (_MINUS, reader.minus),
        (_RANGE, reader.range),
        (forms.date, reader.date),
        (forms.money_before, reader.money_before),
        (forms.money_after, reader.money_after),
        (forms.time, reader.time),
        (forms.phone, reader.digits),
        (forms.day_and_month, reader.day_and_month),
        (forms.ordinal, reader.ordinal),
        (forms.unit, reader.unit),
        (forms.number, reader.number),
        (forms.symbol, reader.symbol),
    ):
        text = form.sub(reading, text)
    return _BLANKS.sub(" ", text).strip()


@lru_cache(maxsize=4096)
def _say(number: int, language: str, kind: str = "cardinal") -> str:
    from num2words import num2words

    return str(num2words(number, lang=language, to=kind))


class _Reader:
    """How the matches of one language's forms are read aloud."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.data = spoken(language)
        self.forms = _forms(language)
        self._abbreviations = {k.casefold(): v for k, v in self.data.abbreviations.items()}

    def say(self, digits: str, kind: str = "cardinal") -> str:
        number = int(digits.replace(self.data.thousands, ""))
        return _say(number, self.language, kind)

    def digits(self, match: re.Match[str]) -> str:
        plus = f"{self.data.plus} " if match.group().startswith("+") else ""
        return plus + self._one_by_one(match.group())

    def _one_by_one(self, text: str) -> str:
        return " ".join(self.say(c) for c in text if c.isdigit())

    def masked(self, match: re.Match[str]) -> str:
        """Digits are masked in long numbers, which are read one by one; most have one syllable."""
        return f" {self.say('1')} "

    def account(self, match: re.Match[str]) -> str:
        signs = (self.say(c) if c.isdigit() else c for c in match.group() if c != " ")
        return " ".join(signs)

    def minus(self, match: re.Match[str]) -> str:
        return f"{self.data.minus} "

    def range(self, match: re.Match[str]) -> str:
        """The first of two numbers, and "to"."""
        first, mark = match.groups()
        said = self._ordinal(first) if mark and first.isdigit() else first + mark
        return f"{said} {self.data.to} "

    def swiss(self, match: re.Match[str]) -> str:
        """Francs with a decimal point, thousands with an apostrophe."""
        francs, cents, digit = match.groups()
        return digit or re.sub("['’]", "", francs) + self.data.decimal + cents

    def abbreviation(self, match: re.Match[str]) -> str:
        return self._abbreviations[match.group().casefold()]

    def symbol(self, match: re.Match[str]) -> str:
        return f" {self.data.symbols[match.group()]} "

    def unit(self, match: re.Match[str]) -> str:
        return f" {self.data.units[match.group(1)]}"

    def number(self, match: re.Match[str]) -> str:
        whole, rest = match.group(1), match.group(2) or ""
        separated = self.data.thousands in whole
        long = len(whole) >= _DIGITS_FROM and not separated
        leading_zero = len(whole) > 1 and whole[0] == "0"
        said = self._one_by_one(whole) if long or leading_zero else self._quantity(whole, rest)
        tail = f" {self.data.point} {self._one_by_one(rest)}" if rest.isdigit() else ""
        return f" {said}{tail} "

    def _quantity(self, whole: str, rest: str) -> str:
        year = len(whole) == 4 and whole.isdigit() and 1900 <= int(whole) < 2100 and not rest
        return self.say(whole, "year" if year else "cardinal")

    def money_before(self, match: re.Match[str]) -> str:
        return self._money(match.group(2), match.group(3), match.group(1))

    def money_after(self, match: re.Match[str]) -> str:
        return self._money(match.group(1), match.group(2), match.group(3))

    def _money(self, whole: str, rest: str | None, currency: str) -> str:
        major, minor = self.data.currencies[currency]
        cents = rest if rest and rest.isdigit() and int(rest) else ""
        if cents and int(whole.replace(self.data.thousands, "")) == 0:
            return f"{self.say(cents)} {minor}"
        tail = f" {self.say(cents)}" if cents else ""
        return f"{self.say(whole)} {major}{tail}"

    def date(self, match: re.Match[str]) -> str:
        first, mark, second, year = match.groups()
        if mark == "/" and not year:
            return match.group()
        month_first = self.language == "en" and int(second) <= 31 and int(first) <= 12
        day, month = (second, first) if month_first else (first, second)
        said = f"{self._ordinal(day)} {self._month(month)}"
        return f"{said} {self._year(year)}" if year else said

    def _month(self, digits: str) -> str:
        number = int(digits)
        if self.language == "en" and 1 <= number <= 12:
            return self.data.months[number - 1]
        return self._ordinal(digits)

    def _year(self, digits: str) -> str:
        return self.say(digits, "year" if len(digits) == 4 else "cardinal")

    def _ordinal(self, digits: str) -> str:
        said = self.say(digits, "ordinal")
        return said + "n" if self.language == "de" and said.endswith("te") else said

    def time(self, match: re.Match[str]) -> str:
        hour, minute, word = match.groups()
        if "." in match.group() and not word:
            return match.group()
        oh = " oh" if self.language == "en" and minute.startswith("0") else ""
        minutes = "" if int(minute) == 0 else f"{oh} {self.say(minute)}"
        said_hour = word or ("" if self.language == "en" else "Uhr")
        if self.language == "en":
            return f"{self.say(hour)}{minutes} {said_hour}".rstrip()
        return f"{self.say(hour)} {said_hour}{minutes}"

    def day_and_month(self, match: re.Match[str]) -> str:
        day, month, year = match.groups()
        name = self.data.month_short.get(month, month)
        said = f"{self._ordinal(day)} {name}"
        return f"{said} {self._year(year)}" if year else said

    def ordinal(self, match: re.Match[str]) -> str:
        if self.language == "en":
            return self.say(match.group(1), "ordinal")
        before = match.group(1) or ""
        said = self._ordinal(match.group(2))
        nominative = before.casefold() in ("", "der", "die", "das", "jede", "jeder")
        return f"{before} {said.removesuffix('n') if nominative else said}".lstrip()
