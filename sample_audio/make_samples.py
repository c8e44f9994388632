"""Render the calls of ``dialogues.toml``: ``python sample_audio/make_samples.py [NAME …]``.

Needs the program ``pico2wave`` (SVOX pico, Debian package libttspico-utils) and the Python packages
numpy, scipy, soundfile, soxr and praat-parselmouth. All randomness has fixed seeds: the same
dialogues give the same files.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import tomllib
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import soundfile as sf
import soxr
from numpy.typing import NDArray
from scipy.signal import butter, sosfiltfilt

Samples = NDArray[np.float64]
Role = Literal["agent", "caller"]

HERE = Path(__file__).parent
VOICE_HZ = 16_000
VOICE_F0_HZ = (90, 400)  # where the synthesiser's own pitch lies
FIXED_SEED = "random_initializeWithSeedUnsafelyButPredictably (1)"
LINE_HZ = 8_000
LINE_BAND = butter(6, (300, 3400), "bandpass", fs=VOICE_HZ, output="sos")
NOISE_DBFS = -60.0
EDGE_DB = -34.0  # a clip begins and ends where its level passes this, relative to its loudest frame
LEAD_S = 0.6
TAIL_S = 0.8
ACKNOWLEDGE_AFTER_S = 0.08
LINE_STEP = 2.0**-11  # rounding stays 11 dB under the line noise and keeps the FLAC files small


class Speaker(NamedTuple):
    """How a party's voice differs from the synthesiser's own."""

    pitch: float
    formants: float
    level_dbfs: float


SPEAKERS: dict[Role, Speaker] = {
    "agent": Speaker(pitch=1.0, formants=1.0, level_dbfs=-24.0),
    "caller": Speaker(pitch=0.6, formants=0.86, level_dbfs=-26.0),
}


@dataclass(frozen=True)
class Line:
    """One turn as written in ``dialogues.toml``."""

    role: Role
    say: list[str]
    speed: int
    melody: float
    pause_s: float
    gap_s: float
    level_db: float = 0.0
    after: int | None = None
    longest_pause_s: float | None = None


@dataclass(frozen=True)
class Placed:
    """One turn as spoken: its clip begins at ``start_s``; ``piece_ends_s`` count from there."""

    line: Line
    clip: Samples
    start_s: float
    piece_ends_s: list[float]

    @property
    def end_s(self) -> float:
        """Where the clip ends in the recording."""
        return self.start_s + len(self.clip) / VOICE_HZ


def synthesise(text: str, speed: int) -> Samples:
    """Speak ``text`` with SVOX pico at ``speed`` percent; mono at ``VOICE_HZ``."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "clip.wav"
        markup = f'<speed level="{speed}">{escape(text)}</speed>'
        subprocess.run(["pico2wave", "-l", "de-DE", "-w", str(path), markup], check=True)
        samples, _ = sf.read(path)
    return np.asarray(samples, dtype=np.float64)


def reshape(clip: Samples, speaker: Speaker, melody: float) -> Samples:
    """Change pitch, formants and the width of the melody by overlap-add (Praat's Change gender)."""
    import parselmouth
    from parselmouth.praat import call, run

    run(FIXED_SEED)  # Praat draws the spacing of unvoiced grains at random
    sound = parselmouth.Sound(clip, VOICE_HZ)
    pitch = sound.to_pitch_ac(pitch_floor=VOICE_F0_HZ[0], pitch_ceiling=VOICE_F0_HZ[1])
    median_hz = call(pitch, "Get quantile", 0, 0, 0.5, "Hertz") * speaker.pitch
    changed = call(sound, "Change gender", *VOICE_F0_HZ, speaker.formants, median_hz, melody, 1)
    return np.asarray(changed.values[0], dtype=np.float64)


def trim(clip: Samples) -> Samples:
    """Cut silence before and after speech, so that a clip's edges are edges of speech."""
    frame = VOICE_HZ // 200
    level = (clip[: len(clip) // frame * frame].reshape(-1, frame) ** 2).mean(axis=1)
    loud = np.flatnonzero(level > level.max() * 10 ** (EDGE_DB / 10))
    return clip[loud[0] * frame : (loud[-1] + 1) * frame]


def without_breath(clip: Samples, longest_pause_s: float) -> Samples:
    """Shorten the silences inside a clip to ``longest_pause_s``, as somebody in a hurry does."""
    frame = VOICE_HZ // 200
    whole = clip[: len(clip) // frame * frame].reshape(-1, frame)
    level = (whole**2).mean(axis=1)
    quiet = level <= level.max() * 10 ** (EDGE_DB / 10)
    edges = np.flatnonzero(np.diff(quiet, prepend=False, append=False))
    kept = np.ones(len(whole), dtype=bool)
    half = round(longest_pause_s * VOICE_HZ / frame / 2)
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        kept[start + half : max(end - half, 0)] = False
    return whole[kept].ravel()


def at_level(clip: Samples, level_dbfs: float) -> Samples:
    """Scale to the wanted RMS level, counted where the clip is within 30 dB of its loudest."""
    frame = VOICE_HZ // 50
    power = (clip[: len(clip) // frame * frame].reshape(-1, frame) ** 2).mean(axis=1)
    active = power[power > power.max() / 1000].mean()
    return np.asarray(clip * np.sqrt(10 ** (level_dbfs / 10) / active), dtype=np.float64)


def speak(text: str, line: Line) -> Samples:
    """One piece of a turn, through the telephone band."""
    speaker = SPEAKERS[line.role]
    clip = reshape(synthesise(text, line.speed), speaker, line.melody)
    clip = trim(sosfiltfilt(LINE_BAND, clip))
    if line.longest_pause_s is not None:
        clip = without_breath(clip, line.longest_pause_s)
    return at_level(clip, speaker.level_dbfs + line.level_db)


def perform(line: Line) -> tuple[Samples, list[float]]:
    """All pieces of a turn with the pauses between them, and where each piece ends in seconds."""
    pause = np.zeros(round(line.pause_s * VOICE_HZ))
    parts: list[Samples] = []
    ends_s: list[float] = []
    for text in line.say:
        parts += [pause, speak(text, line)] if parts else [speak(text, line)]
        ends_s.append(sum(map(len, parts)) / VOICE_HZ)
    return np.concatenate(parts), ends_s


def place(lines: list[Line]) -> list[Placed]:
    """Put the turns on one clock; acknowledgements do not move it."""
    placed: list[Placed] = []
    floor: Placed | None = None
    for line in lines:
        clip, ends_s = perform(line)
        turn = Placed(line, clip, start_of(line, floor), ends_s)
        placed.append(turn)
        floor = floor if line.after else turn
    return sorted(placed, key=lambda turn: turn.start_s)


def start_of(line: Line, floor: Placed | None) -> float:
    """When a turn begins, given the turn that holds the floor."""
    if floor is None:
        return LEAD_S
    if line.after:
        return round(floor.start_s + floor.piece_ends_s[line.after - 1] + ACKNOWLEDGE_AFTER_S, 3)
    return round(floor.end_s + line.gap_s, 3)


def render(placed: list[Placed], agent_channel: int, seed: int) -> Samples:
    """Mix the turns into two channels with line noise; ``[n_samples, 2]`` at ``LINE_HZ``."""
    duration_s = max(turn.end_s for turn in placed) + TAIL_S
    mix = line_noise(round(duration_s * VOICE_HZ), seed)
    for turn in placed:
        channel = agent_channel if turn.line.role == "agent" else 1 - agent_channel
        first = round(turn.start_s * VOICE_HZ)
        mix[first : first + len(turn.clip), channel] += turn.clip
    return np.asarray(soxr.resample(mix, VOICE_HZ, LINE_HZ), dtype=np.float64)


def line_noise(n_samples: int, seed: int) -> Samples:
    """Independent noise in the telephone band on both channels at ``NOISE_DBFS``."""
    white = np.random.default_rng(seed).standard_normal((n_samples, 2))
    noise = sosfiltfilt(LINE_BAND, white, axis=0)
    return np.asarray(noise / noise.std(axis=0) * 10 ** (NOISE_DBFS / 20), dtype=np.float64)


def transcript(placed: list[Placed]) -> dict[str, Any]:
    """What was said when, as ``callvoice --transcript`` reads it."""
    turns: list[dict[str, Any]] = [
        {
            "role": turn.line.role,
            "start_s": round(turn.start_s, 3),
            "end_s": round(turn.end_s, 3),
            "text": " ".join(turn.line.say),
            "words": [],
        }
        for turn in placed
    ]
    return {"language": "de", "turns": turns}


def write(name: str, samples: Samples, script: dict[str, Any]) -> None:
    """Write the recording (FLAC, or A-law for .wav) and its transcript beside it."""
    subtype = "ALAW" if name.endswith(".wav") else "PCM_16"
    path = HERE / name
    sf.write(path, np.round(samples / LINE_STEP) * LINE_STEP, LINE_HZ, subtype=subtype)
    text = json.dumps(script, ensure_ascii=False, indent=1)
    path.with_suffix(".transcript.json").write_text(text + "\n", encoding="utf-8")
    print(f"{name}: {len(samples) / LINE_HZ:.1f} s, {path.stat().st_size / 1000:.0f} kB")


def make(call: dict[str, Any], seed: int) -> None:
    """Render one call of ``dialogues.toml``, and its mono copy where one is wanted."""
    placed = place([Line(**call["defaults"][turn["role"]] | turn) for turn in call["turn"]])
    samples = render(placed, call["agent_channel"], seed)
    write(call["file"], samples, transcript(placed))
    if "mono_file" in call:
        write(call["mono_file"], samples.mean(axis=1), transcript(placed))


def require_tools() -> None:
    """Say what to install where the synthesiser or Praat is missing."""
    if shutil.which("pico2wave") is None:
        sys.exit("pico2wave not found: install the Debian package libttspico-utils (non-free).")
    try:
        import parselmouth  # noqa: F401
    except ImportError:
        sys.exit("parselmouth not found: pip install praat-parselmouth (or 'callvoice[bench]').")


def main(names: list[str]) -> None:
    """Render the named calls, or all."""
    require_tools()
    calls = tomllib.loads((HERE / "dialogues.toml").read_text(encoding="utf-8"))["call"]
    for seed, call in enumerate(calls):
        if not names or call["name"] in names:
            make(call, seed)


if __name__ == "__main__":
    main(sys.argv[1:])
