"""The greeting: the agent's opening, from the first word after announcements to the offer of help.

It is looked for in the agent's turns before the caller answers (in the first turn where no speaker
could be told). Sentences that the law or a waiting line speaks are left out. It ends with the offer
of help, else with the last of its parts; what follows is the conversation.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from itertools import chain, islice, pairwise

import msgspec

from callvoice.text.lexicon import forms
from callvoice.text.normalise import Folded, fold
from callvoice.text.patterns import finder, parse
from callvoice.text.syllables import count_syllables
from callvoice.text.timing import locate
from callvoice.types import Greeting, Turn

_CLAUSE_END = re.compile(r"[,;:.!?…–—]")
_ENGLISH_I = re.compile(r"I\b")
# However long the agent goes on before the caller speaks, no greeting has so many words.
_LONGEST_WORDS = 150
# More words than this without any part, and the greeting is over; slogans may stand before the name
# or the offer of help.
_LONGEST_GAP_WORDS = 14
_LONGEST_SLOGAN_WORDS = 30
_LONGEST_NAME_WORDS = 5
# An agent may have to greet twice, when the first run of turns was an announcement.
_RUNS = 2
# Parts that make a greeting; the others only belong to one.
_STRONG = frozenset({"salutation", "welcome", "name", "offer"})
_LATE = frozenset({"name", "offer"})


class _Data(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A language's data. ``parts`` in order of precedence where two claim the same words;
    ``linking`` are words that a name may hold between capitals, ``filler`` words that say nothing,
    ``presence`` the words of a caller who only says that he is there.
    """

    notice: tuple[str, ...]
    linking: frozenset[str]
    filler: frozenset[str]
    presence: frozenset[str]
    antiquated: tuple[str, ...]
    parts: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class _Expressions:
    notice: re.Pattern[str]
    antiquated: re.Pattern[str]
    parts: Mapping[str, tuple[re.Pattern[str], ...]]
    linking: frozenset[str]
    filler: frozenset[str]
    presence: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Piece:
    """A sentence of the opening, in the turn it stands in."""

    turn: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Part:
    """A part and its place in the folded text."""

    name: str
    start: int
    end: int


@lru_cache(maxsize=2)
def _expressions(language: str) -> _Expressions:
    path = files("callvoice") / "data" / "greetings" / f"{language}.toml"
    data = msgspec.toml.decode(path.read_text("utf-8"), type=_Data)

    def compiled(*patterns: str) -> re.Pattern[str]:
        return finder([parse(p, forms(language)) for p in patterns])

    parts = {name: tuple(map(compiled, patterns)) for name, patterns in data.parts.items()}
    notice, antiquated = compiled(*data.notice), compiled(*data.antiquated)
    return _Expressions(notice, antiquated, parts, data.linking, data.filler, data.presence)


def find_greeting(turns: Sequence[Turn], language: str) -> Greeting | None:
    """The agent's greeting; None where the opening holds no part of one."""
    data = _expressions(language)
    for run in islice(_runs(turns, data.presence), _RUNS):
        greeting = _in_run(turns, run, language)
        if greeting:
            return greeting
    return None


def _runs(turns: Sequence[Turn], presence: Set[str]) -> Iterator[list[int]]:
    """Runs of an agent's turns between a caller's, of whom a "Ja, hallo?" is no answer; single
    turns where no role is known.
    """
    if all(turn.role is None for turn in turns):
        yield from ([i] for i in range(len(turns)))
        return
    run: list[int] = []
    for index, turn in enumerate(turns):
        if turn.role == "agent":
            run.append(index)
        elif run and turn.role == "caller" and not set(fold(turn.text).tokens) <= presence:
            yield run
            run = []
    if run:
        yield run


def _in_run(turns: Sequence[Turn], run: Sequence[int], language: str) -> Greeting | None:
    data = _expressions(language)
    pieces = list(_opening(turns, run, data))
    text = " ".join(turns[p.turn].text[p.start : p.end].strip() for p in pieces)
    folded = fold(text)
    parts = _belonging(_parts(text, folded, data), folded)
    if not parts:
        return None
    said = text[: _end(text, folded, parts)].strip()
    start_s, end_s = _times(turns, pieces, len(said))
    return Greeting(
        turn=pieces[0].turn,
        text=said,
        n_syllables=count_syllables(said, language),
        parts=tuple(_merged(parts, folded, data.filler)),
        antiquated=tuple(_quotes(data.antiquated, fold(said), said)),
        start_s=start_s,
        end_s=end_s,
    )


def _opening(turns: Sequence[Turn], run: Sequence[int], data: _Expressions) -> Iterator[_Piece]:
    """The sentences in which a greeting can stand."""
    n_words = 0
    for index in run:
        for piece in _sentences(turns[index].text, index, data):
            yield piece
            n_words += len(turns[index].text[piece.start : piece.end].split())
            if n_words > _LONGEST_WORDS:
                return


def _sentences(text: str, turn: int, data: _Expressions) -> Iterator[_Piece]:
    """The sentences of a turn that are no notice, and what one greets with around the notice."""
    folded = fold(text)
    for first, last in pairwise(folded.marks()):
        words = folded.text[folded.starts[first] : folded.starts[last] + 2]
        begin, end = folded.spans[first][1], folded.spans[last][1]
        if not data.notice.search(words):
            yield _Piece(turn, begin, end)
            continue
        for start, stop in _around_notice(text, begin, end, data):
            yield _Piece(turn, start, stop)


def _around_notice(
    text: str, begin: int, end: int, data: _Expressions
) -> Iterator[tuple[int, int]]:
    """The clauses of a greeting before the clause that gives notice, and from the next on that
    greets again.
    """
    marks = [*(mark.end() for mark in _CLAUSE_END.finditer(text, begin, end)), end]
    kept = begin
    for mark in marks:
        clause = fold(text[kept:mark]).text
        if data.notice.search(clause) or not _greets(fold(text[begin:mark]).text, data):
            break
        kept = mark
    if kept > begin:
        yield begin, kept
    for start, stop in pairwise(mark for mark in marks if mark >= kept):
        clause = fold(text[start:stop]).text
        if _greets(clause, data) and not data.notice.search(clause):
            yield start, end
            return


def _greets(words: str, data: _Expressions) -> bool:
    return any(e.search(words) for name in _STRONG for e in data.parts[name])


def _parts(text: str, folded: Folded, data: _Expressions) -> list[_Part]:
    """All parts without overlap, in order of their place."""
    parts: list[_Part] = []
    for name, expressions in data.parts.items():
        for match in chain.from_iterable(e.finditer(folded.text) for e in expressions):
            if name != "name" or _names_somebody(text, folded, match.span()):
                _add(parts, _Part(name, *match.span()))
    for clause in _bare_names(text, folded, data):
        known = any(p.name in ("company", "department") and p.start < clause[0] for p in parts)
        _add(parts, _Part("name" if known else "company", *clause))
    return sorted(parts, key=lambda p: p.start)


def _add(parts: list[_Part], part: _Part) -> None:
    if not any(p.start < part.end and part.start < p.end for p in parts):
        parts.append(part)


def _names_somebody(text: str, folded: Folded, place: tuple[int, int]) -> bool:
    """Whether a name can be at the end of words such as "I'm ..."; always in text without capitals,
    never in "I'm looking".
    """
    start, end = folded.original(*place)
    words = text[start:end].split()[-2:]
    return text.islower() or any(w[0].isupper() and not _ENGLISH_I.match(w) for w in words)


def _bare_names(text: str, folded: Folded, data: _Expressions) -> Iterator[tuple[int, int]]:
    """Clauses that are a name alone ("Möbel Krause", "Petra Schulze"), as folded places."""
    clause: list[int] = []
    for number, (_, end) in enumerate(folded.spans):
        if folded.tokens[number] != ".":
            clause.append(number)
        if clause and (folded.tokens[number] == "." or _CLAUSE_END.match(text, end)):
            if _is_name([text[slice(*folded.spans[n])] for n in clause], data):
                yield folded.starts[clause[0]], folded.starts[clause[-1] + 1]
            clause = []


def _is_name(words: Sequence[str], data: _Expressions) -> bool:
    if len(words) > _LONGEST_NAME_WORDS or words[0].lower() in data.filler:
        return False
    return all(w[0].isupper() or w in data.linking for w in words) and words[0][0].isupper()


def _belonging(parts: list[_Part], folded: Folded) -> list[_Part]:
    """The parts up to the end of the greeting."""
    kept: list[_Part] = []
    at = 0
    for part in parts:
        gap_words = folded.text.count(" ", at, part.start)
        if gap_words > _LONGEST_SLOGAN_WORDS or _is_over(kept, part, folded):
            break
        if gap_words <= _LONGEST_GAP_WORDS or part.name in _LATE:
            kept.append(part)
            at = part.end
    while kept and not _is_strong(kept[-1], kept, folded):
        kept.pop()
    return kept


def _is_over(kept: Sequence[_Part], part: _Part, folded: Folded) -> bool:
    """Whether the offer of help was made in a sentence before ``part``."""
    offer = next((p for p in kept if p.name == "offer"), None)
    return offer is not None and part.start >= folded.sentence(offer.start)[1] - 2


def _is_strong(part: _Part, parts: Sequence[_Part], folded: Folded) -> bool:
    """Whether a part is enough for a greeting, or stands in one sentence with such a part."""
    begin, end = folded.sentence(part.start)
    return any(p.name in _STRONG and begin <= p.start < end for p in parts)


def _end(text: str, folded: Folded, parts: Sequence[_Part]) -> int:
    """Where the greeting ends in the text: with the offer's sentence, or the last part's clause."""
    last = parts[-1]
    if any(p.name == "offer" for p in parts):
        return folded.original(last.start, folded.sentence(last.end - 1)[1])[1]
    mark = _CLAUSE_END.search(text, folded.original(last.start, last.end)[1])
    return mark.end() if mark else len(text)


def _merged(parts: Sequence[_Part], folded: Folded, filler: Set[str]) -> Iterator[str]:
    """The names of the parts, led by the company's where other words precede the first; the same
    twice in a row is one.
    """
    if set(folded.text[: parts[0].start].split()) - filler - {"."}:
        parts = [_Part("company", 2, parts[0].start), *parts]
    for number, part in enumerate(parts):
        if number == 0 or parts[number - 1].name != part.name:
            yield part.name


def _quotes(expression: re.Pattern[str], folded: Folded, text: str) -> Iterator[str]:
    for match in expression.finditer(folded.text):
        start, end = folded.original(*match.span())
        yield text[start:end]


def _times(
    turns: Sequence[Turn], pieces: Sequence[_Piece], length: int
) -> tuple[float | None, float | None]:
    """Start of the first piece and end of the ``length`` characters said from there on."""
    first = pieces[0]
    start_s, _ = locate(turns[first.turn], (first.start, first.end))
    end_s: float | None = None
    for piece in pieces:
        said = len(turns[piece.turn].text[piece.start : piece.end].strip()) + 1
        _, end_s = locate(turns[piece.turn], (piece.start, piece.start + min(said, length)))
        length -= said
        if length <= 0:
            break
    return start_s, end_s
