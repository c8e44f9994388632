"""Phrases: where a lexicon's rules or the classifier find something said, each in its place.

Rules of an agent also apply to turns whose speaker could not be told; such hits carry the role
None. Nothing is judged here: a hit says that words were said, and where.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field

from msgspec.structs import replace

from callvoice.text.labelling import Decided, Labeller
from callvoice.text.lexicon import Finder, Lexicon, Rule
from callvoice.text.normalise import Folded, fold, keys
from callvoice.text.patterns import Pattern, searcher
from callvoice.text.timing import Span, confidence, locate
from callvoice.types import Hit, Role, Turn

_OPENING_TURNS = 2
_CLOSING_TURNS = 3
_NEAR_WORDS = 2
_CLAUSE_END = re.compile(r"\s*[,;–—]")
# A rule that is not sure of itself falls silent where the classifier is this sure it errs.
_VETO_BELOW = 0.05
_ANSWERS = frozenset({"impatient", "know_it_all", "dismissive", "excuse"})
_ACKNOWLEDGING = frozenset({"acknowledgement", "apology", "empathy"})


@dataclass(slots=True)
class _Place:
    """Where in the conversation a turn stands.

    ``troubled``: the caller's last words stated a trouble that no agent has acknowledged since.
    """

    before: Role | None = None
    began: bool = False
    troubled: bool = False
    ordinal: dict[Role | None, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Match:
    """A rule's match in folded text; from ``end`` to ``tail_end`` it is only quoted."""

    rule: Rule
    start: int
    end: int
    tail_end: int


def find(turns: Sequence[Turn], lexicon: Lexicon) -> tuple[Hit, ...]:
    """The rules' hits of a conversation, in the order of turns and of words within a turn."""
    return survey(turns, lexicon)[0]


def survey(
    turns: Sequence[Turn], lexicon: Lexicon, labeller: Labeller | None = None
) -> tuple[tuple[Hit, ...], tuple[dict[str, float], ...]]:
    """All hits of a conversation, in the order of turns and of words within a turn, and each turn's
    probability per class. Without a labeller, made of these turns, the rules alone are asked.
    """
    totals = Counter(turn.role for turn in turns)
    place = _Place()
    hits: list[Hit] = []
    probabilities: list[dict[str, float]] = []
    for index, turn in enumerate(turns):
        folded = fold(turn.text, lexicon.spelling)
        _enter(place, turn)
        matches = _in_turn(folded, turn, place, totals[turn.role], lexicon)
        said = [_hit(match, folded, index, turn) for match in matches]
        labels: dict[str, float] = {}
        if labeller:
            said, labels = _with_model(said, labeller, index, turn, place, totals)
        hits.extend(said)
        probabilities.append(_at_least(labels, said))
        _leave(place, turn, {hit.label for hit in said})
    return tuple(hits), tuple(probabilities)


def _with_model(
    said: list[Hit],
    labeller: Labeller,
    index: int,
    turn: Turn,
    place: _Place,
    totals: Mapping[Role | None, int],
) -> tuple[list[Hit], dict[str, float]]:
    """The rules' hits that the classifier leaves standing, with its own; and its probabilities."""
    labels, decided = labeller.read(index, turn, [(hit.label, hit.span[0]) for hit in said])
    kept = [hit for hit in said if hit.probability == 1 or labels.get(hit.label, 1) >= _VETO_BELOW]
    kind = _ACKNOWLEDGING & ({hit.label for hit in kept} | {one.label for one in decided})
    for one in decided:
        if (one.label == "process_first" and kind) or _covered(one, kept):
            continue
        if _fits_class(one.label, turn.role, place, totals):
            kept.append(_model_hit(one, labeller.name, index, turn))
    return sorted(kept, key=lambda hit: hit.span), labels


def _covered(one: Decided, hits: Sequence[Hit]) -> bool:
    """Whether a rule has found the class in the same sentence; its quote is the closer one."""
    start, end = one.span
    return any(h.label == one.label and h.span[0] < end and start < h.span[1] for h in hits)


def _fits_class(
    label: str, role: Role | None, place: _Place, totals: Mapping[Role | None, int]
) -> bool:
    """Whether a class of the classifier can be meant where the turn stands. A conversation without
    a caller's turn has no context, and none is asked for.
    """
    if label == "warm_close":
        return place.ordinal[role] > totals[role] - _CLOSING_TURNS
    if not totals.get("caller"):
        return True
    if label == "process_first":
        return place.troubled
    return label not in _ANSWERS or "caller" in place.ordinal


def _at_least(labels: dict[str, float], hits: Sequence[Hit]) -> dict[str, float]:
    """The classifier's probabilities, raised to those of the hits."""
    for hit in hits:
        labels[hit.label] = max(labels.get(hit.label, 0.0), hit.probability)
    return labels


def _enter(place: _Place, turn: Turn) -> None:
    place.ordinal[turn.role] = place.ordinal.get(turn.role, 0) + 1
    if turn.role == "caller" and place.before != "caller":
        place.troubled = False


def _leave(place: _Place, turn: Turn, labels: Set[str]) -> None:
    if turn.role == "caller":
        place.troubled = place.troubled or "caller_trouble" in labels
    elif labels & _ACKNOWLEDGING:
        place.troubled = False
    place.before, place.began = turn.role, True


def _in_turn(
    folded: Folded, turn: Turn, place: _Place, total: int, lexicon: Lexicon
) -> list[_Match]:
    found = [
        match
        for finder in lexicon.candidates(keys(folded))
        if _fits(finder.rule, turn.role, place, total)
        for match in _matches(finder, folded)
    ]
    return _without_process_after_acknowledgement(_longest(found))


def _fits(rule: Rule, role: Role | None, place: _Place, total: int) -> bool:
    if rule.role not in ("any", role) and role is not None:
        return False
    if rule.entry.after == "trouble" and not place.troubled:
        return False
    if rule.entry.after == "caller" and place.began and place.before == "agent":
        return False
    return _in_position(rule, place.ordinal[role], total)


def _in_position(rule: Rule, ordinal: int, total: int) -> bool:
    if rule.entry.position == "opening":
        return ordinal <= _OPENING_TURNS
    if rule.entry.position == "closing":
        return ordinal > total - _CLOSING_TURNS
    return True


def _matches(finder: Finder, folded: Folded) -> Iterator[_Match]:
    for match in finder.expression.finditer(folded.text):
        start, tail_end = match.span()
        end = match.start("tail") if "tail" in match.re.groupindex else tail_end
        if not _excepted(finder.rule, folded, start, end):
            yield _Match(finder.rule, start, end, tail_end)


def _excepted(rule: Rule, folded: Folded, start: int, end: int) -> bool:
    begin, stop = folded.sentence(start)[0], folded.sentence(end - 1)[1]
    return (
        _found(rule.unless, folded.text[begin:stop])
        or _found(rule.near, folded.around(start, end, _NEAR_WORDS))
        or _found(rule.not_after, folded.text[:start])
        or (rule.not_before is not None and _begins(rule.not_before, folded.text, end))
    )


def _found(pattern: Pattern | None, text: str) -> bool:
    return pattern is not None and searcher(pattern).search(text) is not None


def _begins(pattern: Pattern, text: str, at: int) -> bool:
    return searcher(pattern).match(text, at) is not None


def _longest(matches: list[_Match]) -> list[_Match]:
    """Of overlapping matches with one label the longest, in order of their place."""
    kept: list[_Match] = []
    for match in sorted(matches, key=lambda m: (m.start - m.end, m.rule.id, m.start, -m.tail_end)):
        if not any(_rivals(match, other) for other in kept):
            kept.append(match)
    return sorted(kept, key=lambda m: (m.start, m.end))


def _rivals(one: _Match, other: _Match) -> bool:
    same = one.rule.label == other.rule.label
    return same and one.start < other.end and other.start < one.end


def _without_process_after_acknowledgement(matches: list[_Match]) -> list[_Match]:
    heard = min((m.start for m in matches if m.rule.label in _ACKNOWLEDGING), default=None)
    if heard is None:
        return matches
    return [m for m in matches if m.rule.entry.after != "trouble" or m.start < heard]


def _quoted(match: _Match, folded: Folded, text: str) -> tuple[int, int]:
    """The phrase's span in the original text, its tail up to the next comma or dash."""
    start, end = folded.original(match.start, match.end)
    _, tail_end = folded.original(match.start, match.tail_end)
    mark = _CLAUSE_END.search(text, end, tail_end)
    return start, mark.start() if mark else tail_end


def _hit(match: _Match, folded: Folded, index: int, turn: Turn) -> Hit:
    rule = match.rule
    span = _quoted(match, folded, turn.text)
    hit = _quoting(rule.label, rule.id, index, turn, span, rule.entry.probability)
    return replace(hit, better=rule.entry.better) if rule.entry.better else hit


def _model_hit(one: Decided, name: str, index: int, turn: Turn) -> Hit:
    return _quoting(one.label, name, index, turn, one.span, one.probability)


def _quoting(label: str, rule: str, index: int, turn: Turn, span: Span, probability: float) -> Hit:
    start_s, end_s = locate(turn, span)
    return Hit(
        label=label,
        rule=rule,
        turn=index,
        role=turn.role,
        quote=turn.text[span[0] : span[1]],
        span=span,
        start_s=start_s,
        end_s=end_s,
        probability=probability,
        confidence=confidence(turn, span),
    )
