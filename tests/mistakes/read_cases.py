"""Cases as they stand in ``cases/<mistake>.toml``: a healthy call, changed in a few respects.

A file has an array ``case`` of tables with

- ``name``, ``why``: what is in the call, and why a listener would say so;
- ``expect``: "found", "clear" or "not_assessable", the last with its ``reason``;
- ``measure``: what one of the findings must name, where that matters; in ``strengths.toml`` the
  strength that must be named or not;
- ``agent``, ``caller``: measures of a party, "none" for an undefined one; ``melody``, ``effort``,
  ``clarity`` and ``tempo`` are tables of those to be changed, ``windows`` the rates in stretches
  of ten seconds;
- ``agent_turns``: ``n`` of them (4), their ``length_s`` and ``pause_share``, and ``rate``,
  ``spread_st`` and ``level_db`` as one value or one for each turn;
- ``hits``: "agent 2 know_it_all", the role, the turn (0–7, the agent's are even) and the label;
- ``overlaps``: "agent 10.0 inside stopped", who begins, when, inside the other's turn or at its
  "end", and whether the other then "stopped" or "went_on";
- ``gap_s`` before each turn, ``backchannels``: times of the agent's "mhm";
- ``says``: other words in a turn, by its number, and their ``syllables`` (20 in 6 s of speech);
- ``word_probability`` of the recogniser in all words;
- ``greeting``: parts of it to be changed, or false for none; ``language``; ``mono = true``.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from facts import GOOD_GREETING, channel, facts, hit, mono, transcript, turn
from msgspec import Struct, convert
from msgspec.structs import asdict, replace

from callvoice.types import (
    Backchannel,
    Facts,
    Greeting,
    Overlap,
    Status,
    Stretch,
    TextFacts,
)

FOLDER = Path(__file__).parent / "cases"
_GROUPS = ("melody", "effort", "clarity", "tempo")


class Case(Struct, frozen=True, forbid_unknown_fields=True):
    """One call as its file describes it."""

    name: str
    why: str
    expect: Status
    reason: str | None = None
    measure: str | None = None
    agent: dict[str, Any] = {}
    caller: dict[str, Any] = {}
    agent_turns: dict[str, Any] = {}
    hits: tuple[str, ...] = ()
    overlaps: tuple[str, ...] = ()
    gap_s: float = 0.3
    backchannels: tuple[float, ...] = ()
    says: dict[int, str] = {}
    syllables: dict[int, int] = {}
    word_probability: float | None = None
    greeting: dict[str, Any] | bool = {}
    language: str = "de"
    mono: bool = False


class _File(Struct, forbid_unknown_fields=True):
    case: tuple[Case, ...]


def read_cases(name: str) -> tuple[Case, ...]:
    """The cases of one mistake, or the strengths."""
    text = (FOLDER / f"{name}.toml").read_text("utf-8")
    return convert(tomllib.loads(text), _File, strict=False).case


def facts_of(case: Case) -> Facts:
    """The call of a case."""
    if case.mono:
        return mono()
    agent = {"turns": _turns(**case.agent_turns)} if case.agent_turns else {}
    made = facts(
        agent={**agent, **_measures(case.agent)},
        caller=_measures(case.caller),
        hits=tuple(_hit(line) for line in case.hits),
        overlaps=tuple(_overlap(line) for line in case.overlaps),
        backchannels=tuple(Backchannel(at, at + 0.4, 0) for at in case.backchannels),
        gap_s=case.gap_s,
        greeting=_greeting(case),
        transcript=transcript(probability=case.word_probability, says=case.says),
    )
    if case.language != "de":
        return replace(made, text=TextFacts(case.language, False, (0,) * 8, (), None))
    syllables = tuple(case.syllables.get(n, 20) for n in range(8))
    return replace(made, text=replace(made.text, syllables=syllables))


def _turns(
    *, n: int = 4, length_s: float = 7.0, pause_share: float = 0.15, **each: float | list[float]
) -> tuple[Stretch, ...]:
    values = [{k: v[i] if isinstance(v, list) else v for k, v in each.items()} for i in range(n)]
    return tuple(
        turn(16.0 * i, 16.0 * i + length_s, pause_share=pause_share, **values[i]) for i in range(n)
    )


def _measures(given: dict[str, Any]) -> dict[str, Any]:
    healthy = channel(0, "agent", ())
    changed = {k: None if v == "none" else v for k, v in given.items()}
    for group in _GROUPS:
        if changed.get(group):
            changed[group] = replace(getattr(healthy, group), **changed[group])
    if "windows" in changed:
        changed["windows"] = tuple(
            turn(10.0 * n, 10.0 * n + 10.0, rate=rate) for n, rate in enumerate(changed["windows"])
        )
    return changed


def _hit(line: str) -> Any:
    role, number, label = line.split()
    return hit(label, role, int(number))  # type: ignore[arg-type]


def _overlap(line: str) -> Overlap:
    role, at, where, then = line.split()
    by, start_s = int(role == "caller"), float(at)
    return Overlap(start_s, start_s + 0.6, by, where == "inside", then == "stopped")


def _greeting(case: Case) -> Any:
    if isinstance(case.greeting, bool):
        return GOOD_GREETING if case.greeting else None
    changed = {k: None if v == "none" else v for k, v in case.greeting.items()}
    return convert({**asdict(GOOD_GREETING), **changed}, Greeting)
