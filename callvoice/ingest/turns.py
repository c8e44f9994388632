"""Words to turns: who said what in one go."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from callvoice.types import Role, Turn, Word

MAX_SILENCE_S = 2.0  # within a turn; longer, and the party has begun anew


def to_turns(
    words: Sequence[Sequence[Word]], *, roles: dict[Role, int], max_silence_s: float = MAX_SILENCE_S
) -> tuple[Turn, ...]:
    """Join the words of all channels to turns, in order of their start.

    A turn ends when a word of another channel follows, or after ``max_silence_s`` of silence.

    Args:
        words: per channel, in order of time.
        roles: which channel is whose; turns on other channels have no role.
    """
    by_channel: dict[int, Role] = {channel: role for role, channel in roles.items()}
    spoken = sorted(
        ((word, channel) for channel, line in enumerate(words) for word in line),
        key=lambda item: item[0].start_s,
    )
    return tuple(
        _turn(line, channel, by_channel.get(channel))
        for line, channel in _runs(spoken, max_silence_s)
    )


def _runs(
    spoken: Sequence[tuple[Word, int]], max_silence_s: float
) -> Iterator[tuple[list[Word], int]]:
    line: list[Word] = []
    current = -1
    for word, channel in spoken:
        goes_on = channel == current and word.start_s - line[-1].end_s <= max_silence_s
        if line and not goes_on:
            yield line, current
            line = []
        line.append(word)
        current = channel
    if line:
        yield line, current


def _turn(words: Sequence[Word], channel: int, role: Role | None) -> Turn:
    return Turn(
        role=role,
        start_s=words[0].start_s,
        end_s=max(word.end_s for word in words),
        text=" ".join(word.text for word in words),
        words=tuple(words),
        channel=channel,
        confidence=_confidence(words),
    )


def _confidence(words: Sequence[Word]) -> float | None:
    known = [word.probability for word in words if word.probability is not None]
    return round(sum(known) / len(known), 3) if known else None
