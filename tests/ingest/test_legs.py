"""Two files of one call end up on one clock, by evidence and with a word on how sure that is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from conftest import SHARED, noise, tone
from scipy import signal

from callvoice.errors import UnsupportedAudio
from callvoice.ingest.leg_offset import estimate
from callvoice.ingest.legs import join, load_legs
from callvoice.ingest.raw import RawFormat
from callvoice.types import Audio

RATE_HZ = 8000
SHIFTS_S = [0.0, 0.5, 3.0, -2.0]
HARPER = sorted((SHARED / "harper_valley").glob("*.flac"))


def conversation(seconds: float = 90.0, *, seed: int = 0) -> np.ndarray:
    """Two parties of syllable-paced noise who take turns, with gaps of 0.1 to 1 s; ``[2, n]``."""
    rng = np.random.default_rng(seed)
    n = round(seconds * RATE_HZ)
    band = signal.butter(2, (300, 3000), "band", fs=RATE_HZ, output="sos")
    voices = signal.sosfilt(band, rng.standard_normal((2, n)))
    voices *= 0.1 * (1.2 + np.sin(2 * np.pi * 4 * np.arange(n) / RATE_HZ))
    speaks = np.zeros((2, n))
    at, party = 0.5, 0
    while at < seconds:
        length = rng.uniform(1, 5)
        speaks[party, round(at * RATE_HZ) : round((at + length) * RATE_HZ)] = 1
        at, party = at + length + rng.uniform(0.1, 1.0), 1 - party
    return voices * speaks + 1e-3 * rng.standard_normal((2, n))


def with_crosstalk(call: np.ndarray, *, level_db: float = -20.0) -> np.ndarray:
    """Each party faintly in the other's leg, 15 ms later."""
    return call + 10 ** (level_db / 20) * np.roll(call[::-1], round(0.015 * RATE_HZ), axis=1)


def late(call: np.ndarray, shift_s: float) -> tuple[np.ndarray, np.ndarray]:
    """Both legs, the caller's recorded from ``shift_s`` on (the agent's if negative)."""
    missed = round(abs(shift_s) * RATE_HZ)
    return (call[0], call[1, missed:]) if shift_s > 0 else (call[0, missed:], call[1])


@pytest.mark.parametrize("shift_s", SHIFTS_S)
def test_crosstalk_gives_the_offset(shift_s: float) -> None:
    found = estimate(*late(with_crosstalk(conversation()), shift_s), RATE_HZ)
    assert (found.evidence, found.confidence) == ("crosstalk", "high")
    assert found.offset_s == pytest.approx(shift_s, abs=0.02)


@pytest.mark.parametrize("shift_s", SHIFTS_S)
@pytest.mark.parametrize("seed", range(3))
def test_turns_give_the_offset(shift_s: float, seed: int) -> None:
    found = estimate(*late(conversation(seed=seed), shift_s), RATE_HZ)
    assert (found.evidence, found.confidence) == ("turn-taking", "medium")
    assert found.offset_s == pytest.approx(shift_s, abs=0.6)


@pytest.mark.parametrize(
    "legs",
    [
        (noise(60.0), tone(60.0)),
        (np.zeros(60 * RATE_HZ), np.zeros(60 * RATE_HZ)),
        tuple(conversation(20.0)),
        (conversation()[0], 1e-3 * noise(90.0)),
    ],
    ids=["nobody speaks", "digital silence", "a short call", "only one speaks"],
)
def test_weak_evidence_moves_nothing(legs: tuple[np.ndarray, np.ndarray]) -> None:
    assert estimate(*legs, RATE_HZ) == (0.0, "low", "none")


def test_a_beep_in_both_legs_is_no_crosstalk() -> None:
    call = conversation()
    beep = 0.3 * signal.chirp(np.arange(RATE_HZ) / RATE_HZ, 500, 1.0, 2500)
    call[0, 20 * RATE_HZ : 21 * RATE_HZ] += beep
    call[1, 27 * RATE_HZ : 28 * RATE_HZ] += beep
    found = estimate(*call, RATE_HZ)
    assert found.evidence == "turn-taking"
    assert found.offset_s == pytest.approx(0.0, abs=0.6)


def test_swapped_parties_swap_the_sign() -> None:
    agent, caller = late(with_crosstalk(conversation()), 3.0)
    there, back = estimate(agent, caller, RATE_HZ), estimate(caller, agent, RATE_HZ)
    assert there.offset_s == pytest.approx(-back.offset_s, abs=0.05)


# --- joining -------------------------------------------------------------------------------------


def mono(*values: int, rate_hz: int = 10) -> Audio:
    return Audio(np.array([values], np.int16), rate_hz)


@pytest.mark.parametrize(
    ("offset_s", "expected"),
    [
        (0.0, [[1, 2, 3], [7, 8, 0]]),
        (0.2, [[1, 2, 3, 0], [0, 0, 7, 8]]),
        (-0.3, [[0, 0, 0, 1, 2, 3], [7, 8, 0, 0, 0, 0]]),
    ],
)
def test_a_stated_offset_is_kept_and_gaps_are_silent(
    offset_s: float, expected: list[list[int]]
) -> None:
    audio, offset = join(mono(1, 2, 3), mono(7, 8), offset_s=offset_s)
    assert audio.pcm.tolist() == expected
    assert audio.pcm.dtype == np.int16
    assert offset == (offset_s, "high", "given")
    assert audio.notes == ()


def test_the_lower_rate_is_brought_to_the_higher() -> None:
    low = Audio(tone(2.0, hz=440.0)[np.newaxis].astype(np.float32), 8000)
    high = Audio(
        (tone(2.0, rate_hz=16_000, hz=6000.0) * 32767).astype(np.int16)[np.newaxis], 16_000
    )
    audio, _ = join(low, high)
    assert audio.rate_hz == 16_000
    assert audio.notes == ("legs-offset-unknown", "legs-resampled")
    spectrum = np.abs(np.fft.rfft(audio.samples[:, :16_000]))
    assert spectrum.argmax(axis=1).tolist() == [440, 6000]
    assert audio.samples.std(axis=1) == pytest.approx(0.1 / np.sqrt(2), rel=0.02)


def files(folder: Path, *legs: np.ndarray) -> list[Path]:
    paths = [folder / "agent.wav", folder / "caller.wav"]
    for path, leg in zip(paths, legs, strict=True):
        soundfile.write(path, leg.T, RATE_HZ)
    return paths


def test_two_files_become_one_call(tmp_path: Path) -> None:
    agent, caller = late(with_crosstalk(conversation()), 3.0)
    legs = load_legs(*files(tmp_path, agent, caller))
    assert legs.audio.notes == ("legs-aligned-crosstalk",)
    assert legs.offset.offset_s == pytest.approx(3.0, abs=0.02)
    assert len(legs.sha256) == 64
    start = round(legs.offset.offset_s * RATE_HZ)
    assert not legs.audio.pcm[1, :start].any()
    placed = legs.audio.samples
    assert np.abs(placed[0, : agent.size] - agent).max() < 1e-3
    assert np.abs(placed[1, start : start + caller.size] - caller).max() < 1e-3


def test_raw_legs(tmp_path: Path) -> None:
    call = conversation(40.0)
    paths = [tmp_path / "a.raw", tmp_path / "c.raw"]
    for path, leg in zip(paths, call, strict=True):
        path.write_bytes((leg * 32767).astype("<i2").tobytes())
    legs = load_legs(*paths, raw=RawFormat(8000, "s16le", 1), offset_s=0.0)
    assert np.abs(legs.audio.samples - call).max() < 1e-3


def test_what_are_no_two_legs(tmp_path: Path) -> None:
    call = conversation(10.0)
    agent, caller = files(tmp_path, call, call[1])
    with pytest.raises(UnsupportedAudio, match="two channels"):
        load_legs(agent, caller)
    with pytest.raises(UnsupportedAudio, match="same recording"):
        load_legs(caller, caller)


@pytest.mark.shared
@pytest.mark.parametrize("shift_s", [0.0, 3.0, -2.0])
def test_real_calls(shift_s: float) -> None:
    """Clean legs: every call is placed within 1 s, and crosstalk is claimed of none."""
    errors = []
    for path in HARPER:
        sound, _ = soundfile.read(path)
        found = estimate(*late(sound.T, shift_s), RATE_HZ)
        assert found.evidence == "turn-taking", path.name
        errors.append(abs(found.offset_s - shift_s))
    assert max(errors) <= 1.0
    assert np.median(errors) <= 0.5


@pytest.mark.shared
def test_real_calls_with_crosstalk() -> None:
    for path in HARPER:
        sound, _ = soundfile.read(path)
        found = estimate(*late(with_crosstalk(sound.T), 3.0), RATE_HZ)
        assert found.evidence == "crosstalk", path.name
        assert found.offset_s == pytest.approx(3.0, abs=0.03)
