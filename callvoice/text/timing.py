"""When a stretch of a turn's text was said."""

from __future__ import annotations

from callvoice.types import Turn, Word

Span = tuple[int, int]


def locate(turn: Turn, span: Span) -> tuple[float, float] | tuple[None, None]:
    """Start and end in seconds of the characters ``span`` of a turn's text.

    From the turn's words where they cover the span; else by proportion of the turn's time; None
    where the turn has no time.
    """
    said = [w for w, place in _placed_words(turn) if place[0] < span[1] and place[1] > span[0]]
    if said:
        return said[0].start_s, max(said[-1].end_s, said[0].start_s)
    if turn.end_s <= turn.start_s or not turn.text:
        return None, None
    per_character = (turn.end_s - turn.start_s) / len(turn.text)
    return turn.start_s + span[0] * per_character, turn.start_s + span[1] * per_character


def confidence(turn: Turn, span: Span) -> float | None:
    """Mean probability of the recognised words in the characters ``span``; None without any."""
    known = [
        word.probability
        for word, place in _placed_words(turn)
        if place[0] < span[1] and place[1] > span[0] and word.probability is not None
    ]
    return round(sum(known) / len(known), 3) if known else None


def _placed_words(turn: Turn) -> list[tuple[Word, Span]]:
    at, placed = 0, []
    for word in turn.words:
        text = word.text.strip()
        found = turn.text.find(text, at) if text else -1
        if found >= 0:
            at = found + len(text)
            placed.append((word, (found, at)))
    return placed
