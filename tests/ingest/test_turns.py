"""Words become turns: who said what in one go."""

from __future__ import annotations

from callvoice.ingest.turns import to_turns
from callvoice.types import Word


def word(text: str, start_s: float) -> Word:
    return Word(text, start_s, start_s + 0.3)


def test_turns_change_with_the_channel_and_keep_their_words() -> None:
    agent = [word("Guten", 0.5), word("Tag.", 0.9), word("Gern.", 4.0)]
    caller = [word("Hallo,", 2.0), word("ja.", 2.5)]
    turns = to_turns([agent, caller], roles={"agent": 0, "caller": 1})
    assert [(t.role, t.text) for t in turns] == [
        ("agent", "Guten Tag."),
        ("caller", "Hallo, ja."),
        ("agent", "Gern."),
    ]
    assert turns[0].start_s == 0.5
    assert turns[0].end_s == 1.2
    assert [w.text for t in turns for w in t.words] == ["Guten", "Tag.", "Hallo,", "ja.", "Gern."]


def test_a_long_silence_begins_a_new_turn() -> None:
    turns = to_turns([[word("Moment.", 0.0), word("So,", 10.0)]], roles={})
    assert [t.text for t in turns] == ["Moment.", "So,"]
    assert turns[0].role is None


def test_a_word_in_the_middle_of_the_others_turn_is_a_turn_of_its_own() -> None:
    caller = [word("Also", 0.0), word("gestern", 0.5), word("ging", 1.2)]
    agent = [word("Mhm.", 0.9)]
    turns = to_turns([agent, caller], roles={"agent": 0, "caller": 1})
    assert [t.text for t in turns] == ["Also gestern", "Mhm.", "ging"]


def test_no_words_no_turns() -> None:
    assert to_turns([[], []], roles={}) == ()
