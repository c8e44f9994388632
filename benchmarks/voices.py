"""Sentences of several speakers, said again at another length and with another melody.

Every sentence passes through WORLD (Morise et al. 2016), also where nothing is changed, so that a
dose differs from none in the dose alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np
import pyworld
import soundfile
import soxr
from numpy.typing import NDArray
from scipy import ndimage

Samples = NDArray[np.float32]
RATE_HZ = 16000
_FRAME_S = 0.005
_STYLES = "NF"  # plain and friendly ones; others would be doses of their own
_EMODB_NAME = re.compile(r"(\d\d)([ab]\d\d)([A-Z])\w*")


@dataclass(frozen=True, eq=False)
class Clip:
    """One sentence of a speaker, 16 kHz, without silence at its ends."""

    text: str
    style: str
    sound: NDArray[np.float64]

    @cached_property
    def f0(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """F0 in Hz, 0 unvoiced, and the times in seconds, both ``[n_frames]``."""
        f0, times = pyworld.harvest(self.sound, RATE_HZ, frame_period=_FRAME_S * 1000)
        return pyworld.stonemask(self.sound, f0, times, RATE_HZ), times

    @cached_property
    def world(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Envelope and aperiodicity ``[n_frames, n_bins]``."""
        envelope = pyworld.cheaptrick(self.sound, *self.f0, RATE_HZ)
        aperiodicity = pyworld.d4c(self.sound, *self.f0, RATE_HZ)
        return envelope.astype(np.float32), aperiodicity.astype(np.float32)


# A call takes most of its time here, and most calls say most sentences in the same way.
@lru_cache(maxsize=2000)
def spoken(
    clip: Clip, *, length_s: float, melody: float, slur_s: float, median_hz: float
) -> Samples:
    """The sentence in another length, with its melody scaled around the speaker's median (in
    semitones) and its articulation smeared over ``slur_s``.
    """
    f0, (envelope, aperiodicity) = clip.f0[0], clip.world
    n = max(round(length_s / _FRAME_S), 2)
    nearest = np.round(np.linspace(0, len(f0) - 1, n)).astype(int)
    voiced = f0[nearest]
    scaled = np.where(voiced > 0, median_hz * (np.maximum(voiced, 1) / median_hz) ** melody, 0.0)
    envelope = envelope[nearest].astype(np.float64)
    if slur_s:
        envelope = np.exp(ndimage.gaussian_filter1d(np.log(envelope), slur_s / _FRAME_S, axis=0))
    made = pyworld.synthesize(
        scaled,
        envelope,
        aperiodicity[nearest].astype(np.float64),
        RATE_HZ,
        _FRAME_S * 1000,
    )
    return np.asarray(made, np.float32)


@dataclass(frozen=True)
class Voice:
    """A speaker and the sentences there are of him or her."""

    name: str
    clips: tuple[Clip, ...]

    def plain(self) -> Voice:
        """The speaker without the friendly sentences, which are livelier by themselves."""
        return Voice(self.name, tuple(clip for clip in self.clips if clip.style == "N"))

    @cached_property
    def median_hz(self) -> float:
        """Median F0 over all sentences."""
        f0 = np.concatenate([clip.f0[0] for clip in self.clips])
        return float(np.median(f0[f0 > 0]))


def read_voices(folder: Path, styles: str = _STYLES) -> list[Voice]:
    """The speakers of a folder (or of its ``emodb``), by name: FLAC or WAV files, each a sentence,
    its words in a .txt beside it. EmoDB's names say speaker, sentence and style; of others the part
    before the first "_" is the speaker.
    """
    folder = folder / "emodb" if (folder / "emodb").is_dir() else folder
    readme = folder.parent / "README.md"
    known = (
        dict(re.findall(r"\b([ab]\d\d) ([^·\n]+?)(?: ·|\n)", readme.read_text("utf-8")))
        if readme.exists()
        else {}
    )
    clips: dict[str, list[Clip]] = {}
    for path in sorted([*folder.glob("*.flac"), *folder.glob("*.wav")]):
        name = _EMODB_NAME.fullmatch(path.stem)
        speaker, sentence, style = name.groups() if name else (path.stem.split("_")[0], "", "N")
        beside = path.with_suffix(".txt")
        text = beside.read_text("utf-8").strip() if beside.exists() else known.get(sentence)
        if text and style in styles:
            clips.setdefault(speaker, []).append(Clip(text, style, _trimmed(path)))
    if len(clips) < 2:
        raise SystemExit(f"{folder}: needs sentences of two speakers, FLAC or WAV, with .txt files")
    return [Voice(name, tuple(few)) for name, few in clips.items()]


def _trimmed(path: Path) -> NDArray[np.float64]:
    """16 kHz, RMS 1 where there is speech, silence at both ends cut off."""
    sound, rate_hz = soundfile.read(path)
    sound = soxr.resample(sound, rate_hz, RATE_HZ)
    power = ndimage.uniform_filter1d(sound**2, round(0.02 * RATE_HZ))
    loud = np.flatnonzero(power > 1e-3 * power.max())
    sound = sound[loud[0] : loud[-1] + 1]
    return sound / np.sqrt(np.mean(sound**2))


def pairs(voices: Sequence[Voice]) -> Iterator[tuple[Voice, Voice]]:
    """Each speaker as agent in turn, with the next as caller, for ever."""
    while True:
        for number, agent in enumerate(voices):
            yield agent, voices[(number + 1) % len(voices)]
