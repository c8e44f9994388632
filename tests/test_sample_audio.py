"""The committed sample calls are what their dialogues and transcripts say."""

from __future__ import annotations

import json
import re
import tomllib
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile as sf
from numpy.typing import NDArray

FOLDER = Path(__file__).parent.parent / "sample_audio"
CALLS: dict[str, dict[str, Any]] = {
    call["name"]: call
    for call in tomllib.loads((FOLDER / "dialogues.toml").read_text(encoding="utf-8"))["call"]
}
MISTAKES = {
    "toneless",
    "indifferent",
    "impatient",
    "overlong_greeting",
    "rushed",
    "unclear",
    "too_fast",
    "know_it_all",
}
FRAME_S = 0.01
SPEECH_DBFS = -55.0  # line noise is at -60 dBFS in each channel
PAUSE_S = 0.25


def recordings() -> list[str]:
    return [call[key] for call in CALLS.values() for key in ("file", "mono_file") if key in call]


def turns_of(file: str) -> list[dict[str, Any]]:
    path = (FOLDER / file).with_suffix(".transcript.json")
    script = json.loads(path.read_text(encoding="utf-8"))
    assert script["language"] == "de"
    turns: list[dict[str, Any]] = script["turns"]
    return turns


def level_dbfs(samples: NDArray[np.float64]) -> NDArray[np.float64]:
    """Level of frames of 10 ms, ``[n_frames]``."""
    frame = round(8000 * FRAME_S)
    power = (samples[: len(samples) // frame * frame].reshape(-1, frame) ** 2).mean(axis=1)
    return np.asarray(10 * np.log10(power + 1e-12))


def channel_levels(name: str, role: str) -> NDArray[np.float64]:
    call = CALLS[name]
    samples, _ = sf.read(FOLDER / call["file"])
    return level_dbfs(samples[:, call["agent_channel"] ^ (role == "caller")])


def within(levels: NDArray[np.float64], turn: dict[str, Any]) -> NDArray[np.float64]:
    return levels[round(turn["start_s"] / FRAME_S) : round(turn["end_s"] / FRAME_S)]


def syllables(text: str) -> int:
    """Vowel groups; the dialogues write numbers as words."""
    return len(re.findall(r"aa|ee|oo|ie|ei|ai|au|eu|äu|(?<!q)u|[aeioyäöü]", text.lower()))


def net_speech_s(levels: NDArray[np.float64]) -> float:
    """Seconds of ``levels`` without pauses of ``PAUSE_S`` and more."""
    loud = np.flatnonzero(levels > SPEECH_DBFS)
    silent = np.diff(loud) * FRAME_S
    return float((loud[-1] - loud[0] + 1) * FRAME_S - silent[silent >= PAUSE_S].sum())


def rate_syll_s(name: str, role: str) -> float:
    turns = [turn for turn in turns_of(CALLS[name]["file"]) if turn["role"] == role]
    levels = channel_levels(name, role)
    spoken = sum(net_speech_s(within(levels, turn)) for turn in turns)
    return sum(syllables(turn["text"]) for turn in turns) / spoken


def starts_after_other(name: str, role: str) -> list[float]:
    """Seconds from the end of the other party's turn to the start of ``role``'s, by turn."""
    lines = CALLS[name]["turn"]
    acknowledged = [" ".join(line["say"]) for line in lines if "after" in line]
    floor = [turn for turn in turns_of(CALLS[name]["file"]) if turn["text"] not in acknowledged]
    return [b["start_s"] - a["end_s"] for a, b in pairwise(floor) if b["role"] == role != a["role"]]


@pytest.mark.parametrize("file", recordings())
def test_recording_is_a_small_telephone_file(file: str) -> None:
    info = sf.info(FOLDER / file)
    assert info.samplerate == 8000
    assert info.channels == (1 if "mono" in file else 2)
    assert 60 <= info.duration <= 120
    assert (FOLDER / file).stat().st_size < 1_000_000


@pytest.mark.parametrize("file", recordings())
def test_line_noise_is_low_and_nothing_clips(file: str) -> None:
    samples, _ = sf.read(FOLDER / file, always_2d=True)
    assert np.abs(samples).max() < 0.99
    for channel in samples.T:
        assert np.percentile(level_dbfs(channel), 10) == pytest.approx(-61, abs=3)


def test_one_recording_is_a_law_with_channels_swapped() -> None:
    (call,) = [call for call in CALLS.values() if call["agent_channel"] == 1]
    assert sf.info(FOLDER / call["file"]).subtype == "ALAW"


def test_mono_is_the_mean_of_both_channels() -> None:
    both, _ = sf.read(FOLDER / "musterhaft.flac")
    mono, _ = sf.read(FOLDER / "musterhaft_mono.flac")
    assert np.abs(mono - both.mean(axis=1)).max() <= 2.0**-11
    assert turns_of("musterhaft.flac") == turns_of("musterhaft_mono.flac")


@pytest.mark.parametrize("file", recordings())
def test_turns_are_in_order_and_inside_the_recording(file: str) -> None:
    turns = turns_of(file)
    duration_s = sf.info(FOLDER / file).duration
    assert all(0 <= turn["start_s"] < turn["end_s"] <= duration_s for turn in turns)
    assert all(a["start_s"] <= b["start_s"] for a, b in pairwise(turns))
    assert {turn["role"] for turn in turns} == {"agent", "caller"}


@pytest.mark.parametrize("name", CALLS)
def test_transcript_has_the_words_of_the_dialogue(name: str) -> None:
    written = sorted((line["role"], " ".join(line["say"])) for line in CALLS[name]["turn"])
    spoken = sorted((turn["role"], turn["text"]) for turn in turns_of(CALLS[name]["file"]))
    assert spoken == written


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("role", ["agent", "caller"])
def test_energy_is_where_the_transcript_says(name: str, role: str) -> None:
    levels = channel_levels(name, role)
    turns = [turn for turn in turns_of(CALLS[name]["file"]) if turn["role"] == role]
    silent = np.ones(len(levels), dtype=bool)
    for turn in turns:
        within_turn = within(levels, turn)
        assert (within_turn > SPEECH_DBFS).mean() > 0.5
        assert within_turn[:6].max() > SPEECH_DBFS
        assert within_turn[-6:].max() > SPEECH_DBFS
        silent[round(turn["start_s"] / FRAME_S) - 2 : round(turn["end_s"] / FRAME_S) + 2] = False
    assert levels[silent].max() < SPEECH_DBFS


@pytest.mark.parametrize("name", CALLS)
def test_expectations_name_each_mistake_at_most_once(name: str) -> None:
    expect = CALLS[name]["expect"]
    named = expect["found"] + expect["clear"]
    assert len(named) == len(set(named))
    assert set(named) <= MISTAKES


def test_rushed_agent_is_too_fast_and_the_exemplary_one_calm() -> None:
    assert rate_syll_s("gehetzt", "agent") > 6.8
    assert 4.5 < rate_syll_s("musterhaft", "agent") < 5.5
    assert rate_syll_s("gehetzt", "caller") < 6.0


def test_rushed_agent_leaves_no_gap_and_the_exemplary_one_does() -> None:
    assert max(starts_after_other("gehetzt", "agent")) < 0.1
    assert all(0.2 <= gap <= 0.6 for gap in starts_after_other("musterhaft", "agent"))
    assert min(starts_after_other("tonlos", "agent")) > 1.5


def test_impatient_agent_starts_inside_the_callers_turns() -> None:
    inside = [gap for gap in starts_after_other("ungeduld", "agent") if gap < -0.5]
    assert len(inside) >= 4


def test_greetings_are_as_long_as_meant() -> None:
    def greeting(name: str) -> int:
        return syllables(turns_of(CALLS[name]["file"])[0]["text"])

    assert 9 <= greeting("musterhaft") <= 18
    assert greeting("vorwurf") >= 27
