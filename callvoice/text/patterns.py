"""The pattern notation of the lexicons, compiled to regular expressions over folded text.

A pattern is written as a person would write the phrase, on one line:

=================  ================================================================
``wie gesagt``     these words, in this order; case, commas, umlaut spelling are free
``(a|b c|d)``      one of these; groups may be nested
``x?`` ``(…)?``    may be missing
``…``              up to three words of any kind, within the sentence
``*5``             up to five words; at the end of a pattern they are quoted but not required
``*``              exactly one word
``dauer*``         a word that begins so; ``*nummer`` ends so, ``ge*t`` both
``gar_nicht``      joined or apart
``^`` ``$``        begin, end of a sentence
``.``              a sentence mark inside the phrase (with ``?`` if it may be there)
``{Sie}``          a named set of forms, from the language's ``forms``
``~``              up to three small words, those of the set of forms ``small``
=================  ================================================================
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from callvoice.text.normalise import fold_word, key, prefix_key

Forms = Mapping[str, Sequence[str]]
Needed = frozenset[str]

_LEXEME = re.compile(r"\*\d+|\{[^}]*\}|[()|?^$.…~]|\*(?![^\s()|?])|[^\s()|?^$.…{}~]+")
_SPECIAL = {"…": r"(?:[^ .]+ ){0,3}?", "^": r"(?<=\. )", "$": r"(?=\. )", ".": r"\. "}
_NEEDS_A_TOKEN = (".", "*")
_SPECIAL["*"] = r"[^ .]+ "
_LAST_GAP = re.compile(r"(\(\?:\[\^ \.\]\+ \)\{0,\d+\})\?$")
_UMLAUT = re.compile("[äöüß]")
_INSIDE = {"_": " ?", "*": "[^ .]*"}


class PatternError(ValueError):
    """A pattern is not written in the notation."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """``source`` is a regular expression that matches folded text at a token's start. Of each set
    in ``needs`` (keys of words) every match holds at least one. ``empty``: may match no word.
    """

    source: str
    needs: tuple[Needed, ...] = ()
    empty: bool = False

    def rarest(self) -> Needed | None:
        """The set of needed words that the fewest texts will have: the one with long words."""
        return max(self.needs, key=lambda need: (min(map(len, need)), -len(need)), default=None)


def parse(pattern: str, forms: Forms) -> Pattern:
    """Parse one pattern.

    Raises:
        PatternError: the notation is broken, or the pattern could match nothing at all.
    """
    lexemes = _LEXEME.findall(pattern)
    parsed, rest = _alternatives(lexemes, forms)
    if rest:
        raise PatternError(f"unmatched {rest[0]!r} in pattern {pattern!r}")
    if parsed.empty:
        raise PatternError(f"pattern {pattern!r} has no word that must be there")
    return parsed


def either(parts: Sequence[Pattern]) -> Pattern:
    """A pattern that matches where one of ``parts`` does; earlier ones are preferred."""
    if len(parts) == 1:
        return parts[0]
    source = "(?:" + "|".join(p.source for p in parts) + ")"
    rarest = [need for part in parts if (need := part.rarest())]
    needs = (frozenset().union(*rarest),) if len(rarest) == len(parts) else ()
    return Pattern(source, needs, any(part.empty for part in parts))


def finder(parts: Sequence[Pattern]) -> re.Pattern[str]:
    """Compile to an expression that searches folded text at token starts."""
    return searcher(either(parts))


@cache
def searcher(pattern: Pattern) -> re.Pattern[str]:
    """As :func:`finder`, of one pattern."""
    return re.compile("(?<= )" + pattern.source)


@cache
def quoting_finder(pattern: Pattern) -> re.Pattern[str]:
    """As :func:`searcher`; a gap that ends the pattern takes all it can, as the group "tail"."""
    return re.compile("(?<= )" + _LAST_GAP.sub(r"(?P<tail>\1)", pattern.source))


def _alternatives(lexemes: list[str], forms: Forms) -> tuple[Pattern, list[str]]:
    branches = []
    while True:
        branch, lexemes = _sequence(lexemes, forms)
        branches.append(branch)
        if not lexemes or lexemes[0] != "|":
            return either(branches), lexemes
        lexemes = lexemes[1:]


def _sequence(lexemes: list[str], forms: Forms) -> tuple[Pattern, list[str]]:
    items: list[Pattern] = []
    while lexemes and lexemes[0] not in "|)":
        item, lexemes = _item(lexemes, forms)
        if lexemes and lexemes[0] == "?":
            item, lexemes = Pattern(f"(?:{item.source})?", empty=True), lexemes[1:]
        items.append(item)
    needs = tuple(need for item in items for need in item.needs)
    empty = all(item.empty for item in items)
    return Pattern("".join(i.source for i in items), needs, empty), lexemes


def _item(lexemes: list[str], forms: Forms) -> tuple[Pattern, list[str]]:
    head, rest = lexemes[0], lexemes[1:]
    if head == "(":
        inner, rest = _alternatives(rest, forms)
        if not rest or rest[0] != ")":
            raise PatternError("a bracket is not closed")
        return Pattern(f"(?:{inner.source})", inner.needs, inner.empty), rest[1:]
    if head == "?":
        raise PatternError("nothing stands before '?'")
    if head.startswith("{"):
        return _named(head[1:-1], forms), rest
    if head == "~":
        return Pattern(f"(?:{_named('small', forms).source}){{0,3}}", empty=True), rest
    return _simple(head), rest


def _named(name: str, forms: Forms) -> Pattern:
    if name not in forms:
        raise PatternError(f"there is no set of forms named {{{name}}}")
    return _set_of(tuple(forms[name]))


@cache
def _set_of(words: tuple[str, ...]) -> Pattern:
    together = either([_simple(word) for word in words])
    return Pattern(f"(?:{together.source})", together.needs)


def _simple(lexeme: str) -> Pattern:
    if lexeme in _SPECIAL:
        return Pattern(_SPECIAL[lexeme], empty=lexeme not in _NEEDS_A_TOKEN)
    if lexeme[0] == "*" and lexeme[1:].isdigit():
        return Pattern(rf"(?:[^ .]+ ){{0,{lexeme[1:]}}}?", empty=True)
    return _word(lexeme)


def _word(word: str) -> Pattern:
    folded = fold_word(word).replace("_", "")
    if not folded.strip("*"):
        raise PatternError(f"{word!r} is no word")
    source = "".join(_letter(c) for c in word.casefold())
    begin, star, _ = folded.partition("*")
    announced = prefix_key(begin) if star else None if "_" in word else key(begin)
    return Pattern(source + " ", (frozenset({announced}),) if announced else ())


def _letter(letter: str) -> str:
    """A letter's expression; an umlaut also matches the bare vowel some transcripts leave of it."""
    if letter in _INSIDE:
        return _INSIDE[letter]
    folded = fold_word(letter)
    if _UMLAUT.match(letter):
        return folded[:-1] + folded[-1] + "?"
    return re.escape(folded)
