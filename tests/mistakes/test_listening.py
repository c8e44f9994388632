"""What a listener says, and what takes the floor."""

from __future__ import annotations

import pytest

from callvoice.mistakes.listening import only_listens


@pytest.mark.parametrize(
    "text",
    ["Mhm.", "mhm, ja", "Ja, genau.", "Hm-hm.", "Ach so, okay.", "Verstehe.", "uh-huh", "I see."],
)
def test_words_of_listening(text: str) -> None:
    assert only_listens(text, n_words=3)


@pytest.mark.parametrize(
    "text", ["", "…", "Ja, ja, ja, ja.", "Ja, aber nein.", "Moment!", "Okay, weiter.", "No."]
)
def test_other_words_and_too_many(text: str) -> None:
    assert not only_listens(text, n_words=3)
