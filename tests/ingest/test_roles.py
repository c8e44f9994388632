"""Which channel is the agent's."""

from __future__ import annotations

import pytest

from callvoice.ingest.roles import assign, from_turns
from callvoice.types import Interval, Turn, Word

AGENT = "Guten Tag, Firma Berger, mein Name ist Weiß, was kann ich für Sie tun?"
CALLER = "Guten Tag, ich rufe an, weil meine Heizung kalt bleibt. Bei mir geht nichts."


def said(text: str, start_s: float) -> list[Word]:
    return [
        Word(w, start_s + 0.3 * i, start_s + 0.3 * i + 0.25) for i, w in enumerate(text.split())
    ]


@pytest.mark.parametrize("agent_channel", [0, 1])
@pytest.mark.parametrize("agent_first", [True, False])
def test_wording_outweighs_who_speaks_first(agent_channel: int, *, agent_first: bool) -> None:
    lines = [said(AGENT, 0.0 if agent_first else 6.0), said(CALLER, 6.0 if agent_first else 0.0)]
    speech = [[Interval(line[0].start_s, line[-1].end_s)] for line in lines]
    if agent_channel == 1:
        lines, speech = lines[::-1], speech[::-1]
    roles, confidence = assign("auto", speech, words=lines, language="de")
    assert roles == {"agent": agent_channel, "caller": 1 - agent_channel}
    assert confidence in {"medium", "high"}


def test_who_speaks_first_decides_without_words_and_a_click_is_no_speech() -> None:
    first = [Interval(0.1, 0.2), Interval(5.0, 8.0)]
    second = [Interval(1.0, 4.0)]
    roles, confidence = assign("auto", [first, second])
    assert roles["agent"] == 1
    assert confidence == "medium"


def test_the_user_knows_best() -> None:
    speech = [[Interval(0.0, 2.0)], [Interval(3.0, 4.0)]]
    assert assign("right", speech) == ({"agent": 1, "caller": 0}, "high")


def test_one_channel_has_no_roles() -> None:
    assert assign("auto", [[Interval(0.0, 1.0)]]) == ({}, None)
    assert assign("left", [[Interval(0.0, 1.0)]]) == ({}, None)


def test_given_turns_are_found_where_they_are_heard() -> None:
    speech = [[Interval(4.0, 8.0)], [Interval(0.0, 3.0)]]
    turns = [Turn("agent", 0.1, 2.9, "a"), Turn("caller", 4.1, 7.9, "b")]
    assert from_turns("auto", speech, turns) == ({"agent": 1, "caller": 0}, "high")
