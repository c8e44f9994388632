"""Which channel is the agent's: by who answers and by what each side says.

Evidence is added up in log-odds for "channel 0 is the agent's". Speaking first is one piece; the
opening's wording and phrases of the trade are others. ``confidence`` says how far to trust it.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from math import log
from typing import Literal

import msgspec
from msgspec import Struct

from callvoice.types import Confidence, Interval, Role, Turn, Word

AgentChannel = Literal["left", "right", "auto"]


@dataclass(frozen=True)
class RoleOptions:
    """Weights of the evidence, in units of log-odds; the spans that count as an opening."""

    first_speaker: float = 1.0
    opening: float = 2.0
    anywhere: float = 0.7
    caller: float = 0.7
    pronouns: float = 1.5
    opening_words: int = 40
    min_first_s: float = 0.8
    sure_above: float = 3.0
    likely_above: float = 1.0


class _Phrases(Struct, frozen=True, forbid_unknown_fields=True):
    opening: tuple[str, ...]
    anywhere: tuple[str, ...]
    caller: tuple[str, ...]
    you_and_we: tuple[str, ...]
    i_and_my: tuple[str, ...]


def assign(
    agent: AgentChannel,
    speech: Sequence[Sequence[Interval]],
    *,
    words: Sequence[Sequence[Word]] = (),
    language: str = "de",
    options: RoleOptions | None = None,
) -> tuple[dict[Role, int], Confidence | None]:
    """Roles of a two-channel call, and how sure they are; ``({}, None)`` for one channel.

    Args:
        agent: the agent's channel as the user stated it, or "auto" for evidence.
        speech: per channel, where somebody speaks.
        words: per channel, what was said; may be missing.
    """
    if len(speech) != 2:
        return {}, None
    if agent != "auto":
        channel = ("left", "right").index(agent)
        return {"agent": channel, "caller": 1 - channel}, "high"
    odds = _log_odds(speech, words, language, options or RoleOptions())
    channel = 0 if odds >= 0 else 1
    return {"agent": channel, "caller": 1 - channel}, _confidence(abs(odds), options)


def from_turns(
    agent: AgentChannel, speech: Sequence[Sequence[Interval]], turns: Sequence[Turn]
) -> tuple[dict[Role, int], Confidence | None]:
    """Roles of a two-channel call whose turns are known: each party is where it is heard."""
    if len(speech) != 2 or agent != "auto":
        return assign(agent, speech)
    lead_s = [
        sum(
            (1 if turn.role == "agent" else -1) * _shared_s(line, turn)
            for turn in turns
            if turn.role is not None
        )
        for line in speech
    ]
    if lead_s[0] == lead_s[1]:
        return assign(agent, speech)
    channel = 0 if lead_s[0] > lead_s[1] else 1
    return {"agent": channel, "caller": 1 - channel}, "high"


def _shared_s(speech: Sequence[Interval], turn: Turn) -> float:
    return sum(max(0.0, min(i.end_s, turn.end_s) - max(i.start_s, turn.start_s)) for i in speech)


def _confidence(strength: float, options: RoleOptions | None) -> Confidence:
    options = options or RoleOptions()
    if strength >= options.sure_above:
        return "high"
    return "medium" if strength >= options.likely_above else "low"


def _log_odds(
    speech: Sequence[Sequence[Interval]],
    words: Sequence[Sequence[Word]],
    language: str,
    options: RoleOptions,
) -> float:
    first, second = (_first_turn_s(line, options) for line in speech)
    odds = options.first_speaker if first <= second else -options.first_speaker
    if words:
        odds += _wording(words[0], language, options) - _wording(words[1], language, options)
    return odds


def _first_turn_s(speech: Sequence[Interval], options: RoleOptions) -> float:
    """When a channel first speaks for longer than a cough or a click."""
    starts = (i.start_s for i in speech if i.end_s - i.start_s >= options.min_first_s)
    return next(starts, float("inf"))


def _wording(words: Sequence[Word], language: str, options: RoleOptions) -> float:
    phrases = _phrases(language)
    opening = _plain(words[: options.opening_words])
    whole = _plain(words)
    return (
        options.opening * _count(phrases.opening, opening)
        + options.anywhere * _count(phrases.anywhere, whole)
        - options.caller * _count(phrases.caller, whole)
        + options.pronouns * _pronouns(whole.split(), phrases)
    )


def _pronouns(words: Sequence[str], phrases: _Phrases) -> float:
    """Log-ratio of "you" and "we" to "I" and "my": the serving side says the former more."""
    you, i = (
        1 + sum(word in forms for word in words) for forms in (phrases.you_and_we, phrases.i_and_my)
    )
    return log(you / i)


def _plain(words: Sequence[Word]) -> str:
    return re.sub(r"[^\w' ]+", "", " ".join(word.text for word in words).lower())


def _count(patterns: Sequence[str], text: str) -> int:
    return sum(bool(re.search(pattern, text)) for pattern in patterns)


@cache
def _phrases(language: str) -> _Phrases:
    """The phrase lists of a language; the German ones for languages without their own."""
    folder = resources.files("callvoice").joinpath("data/roles")
    chosen = folder.joinpath(f"{language}.toml")
    text = (chosen if chosen.is_file() else folder.joinpath("de.toml")).read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), _Phrases)
