"""Transcript files and turns files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from callvoice.errors import InvalidTranscript
from callvoice.ingest.given import on_channels, read_transcript, read_turns

TURNS = [
    {"role": "caller", "start_s": 3.0, "end_s": 4.0, "text": "Hallo"},
    {"role": "agent", "start_s": 0.5, "end_s": 2.0, "text": "Guten Tag"},
]


def file(tmp_path: Path, content: object) -> Path:
    path = tmp_path / "t.json"
    path.write_text(json.dumps(content))
    return path


def test_turns_come_in_order_of_time(tmp_path: Path) -> None:
    transcript = read_transcript(file(tmp_path, {"language": "en", "turns": TURNS}))
    assert [t.text for t in transcript.turns] == ["Guten Tag", "Hallo"]
    assert (transcript.language, transcript.source) == ("en", "given")


def test_a_report_is_a_transcript_too(tmp_path: Path) -> None:
    transcript = read_transcript(file(tmp_path, {"call": {}, "transcript": {"turns": TURNS}}))
    assert len(transcript.turns) == 2
    assert transcript.language == "de"


def test_the_user_states_the_language(tmp_path: Path) -> None:
    path = file(tmp_path, {"language": "en", "turns": TURNS})
    assert read_transcript(path, language="de").language == "de"


def test_turns_get_the_channel_of_their_party(tmp_path: Path) -> None:
    transcript = on_channels(
        read_transcript(file(tmp_path, {"turns": TURNS})), {"agent": 1, "caller": 0}
    )
    assert [t.channel for t in transcript.turns] == [1, 0]


def test_a_blank_line_begins_the_next_conversation() -> None:
    content = b'{"role":"agent","text":"a"}\n\n\n{"text":"b","own":1}\n{"text":"c"}\n'
    found = read_turns(content, source="t", language="de")
    assert [[t.text for t in transcript.turns] for _, transcript in found] == [["a"], ["b", "c"]]
    assert found[1][0][0] == {"text": "b", "own": 1}


def test_an_empty_turns_file_has_no_conversation() -> None:
    assert read_turns(b"\n\n", source="t", language="de") == []


@pytest.mark.parametrize("line", [b"{", b"[1]", b'{"role":"agent"}', b'{"role":"x","text":"a"}'])
def test_a_line_that_is_no_turn_is_named(line: bytes) -> None:
    with pytest.raises(InvalidTranscript, match="t, line 2"):
        read_turns(b'{"text":"a"}\n' + line, source="t", language="de")
