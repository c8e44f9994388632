"""From sound to frames: everything that is measured frame by frame on one channel, on one clock.

What is far from any sound is not looked at twice: pitch and band energies are measured on an
excerpt that joins the stretches with sound, in pieces of some minutes with margins, so that a
call of hours needs little memory beyond its samples.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import soxr
from numpy.typing import NDArray

from callvoice.prosody import line
from callvoice.prosody.activity import Activity, ActivityOptions, decide, intervals, listen
from callvoice.prosody.frames import HOP_S
from callvoice.prosody.level import Levels
from callvoice.prosody.pitch import track_pitch
from callvoice.prosody.sound import Sound, as_sound
from callvoice.prosody.syllables import RATE_HZ, energies_at_8_khz, find_syllables
from callvoice.types import Audio, BoolArray, FloatArray, Interval, Track


@dataclass(frozen=True)
class TrackOptions:
    """``piece_s`` is how much sound is measured at once, ``margin_s`` what is added on both sides
    so that its ends are as good as its middle.
    """

    piece_s: float = 600.0
    margin_s: float = 3.0


@dataclass(frozen=True)
class _Heard:
    """One channel by itself, before it is compared with the other; F0, strength and energies
    ``[n_near, n_bands]`` are those of ``frames`` ``[n_near]`` alone.
    """

    sound: Sound
    levels: Levels
    activity: Activity
    frames: NDArray[np.intp]
    f0_hz: NDArray[np.float32]
    strength: NDArray[np.float32]
    energies: NDArray[np.float32]


def make_tracks(audio: Audio, options: TrackOptions | None = None) -> tuple[Track, ...]:
    """The frame arrays of every channel, in file order, float32.

    On two channels, speech that is only a weaker copy of the other channel (crosstalk) is taken
    out before anything is measured on it.

    Args:
        audio: the recording; its samples are read piece by piece and may be 16 bit integers or
            mapped from a file.
        options: how much at once.
    """
    options = options or TrackOptions()
    heard = [_hear(as_sound(channel, audio.rate_hz), options) for channel in audio.pcm]
    speech = [h.activity.speech for h in heard]
    if len(heard) == 2:
        speech = list(
            line.without_bleed(np.array(speech), np.array([h.levels.level_db for h in heard]))
        )
    return tuple(_track(h, own) for h, own in zip(heard, speech, strict=True))


def speech_intervals(track: Track) -> tuple[Interval, ...]:
    """Where the channel carries speech, in seconds."""
    return intervals(track.speech, hop_s=track.hop_s)


def _hear(sound: Sound, options: TrackOptions) -> _Heard:
    hearing = listen(sound)
    f0_hz, strength, energies = _measure_frames(sound, hearing.frames, options)
    voiced = np.isfinite(f0_hz) & (strength > ActivityOptions.min_strength)
    activity = decide(hearing, voiced)
    return _Heard(sound, hearing.levels, activity, hearing.frames, f0_hz, strength, energies)


def _measure_frames(
    sound: Sound, frames: NDArray[np.intp], options: TrackOptions
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """F0, strength and band energies of some frames."""
    parts = [_measure_piece(sound, *piece) for piece in _pieces(frames, options)]
    f0_hz, strength, energies = zip(*parts, strict=True)
    return np.concatenate(f0_hz), np.concatenate(strength), np.concatenate(energies)


def _pieces(
    frames: NDArray[np.intp], options: TrackOptions
) -> Iterator[tuple[NDArray[np.intp], slice]]:
    """Frames a piece at a time, each with its margins and where it lies between them."""
    size, margin = round(options.piece_s / HOP_S), round(options.margin_s / HOP_S)
    for start in range(0, max(len(frames), 1), size):
        first = max(start - margin, 0)
        stop = min(start + size, len(frames))
        yield frames[first : stop + margin], slice(start - first, stop - first)


def _measure_piece(
    sound: Sound, frames: NDArray[np.intp], inner: slice
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    whole, chosen = _on_grid(sound, frames)
    samples = _excerpt(sound, whole)
    pitch = track_pitch(samples, rate_hz=RATE_HZ)
    energies = energies_at_8_khz(samples, count=len(whole))
    f0_hz, strength = pitch.f0_hz[: len(whole)], pitch.strength[: len(whole)]
    at = chosen[inner]
    return f0_hz[at].astype(np.float32), strength[at].astype(np.float32), energies[at]


def _on_grid(sound: Sound, frames: NDArray[np.intp]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The frames filled up so that each stretch begins and ends at a whole sample, and the places
    of the given ones among them.
    """
    grid = (Fraction(sound.rate_hz) * Fraction(HOP_S).limit_denominator(1000)).denominator
    if grid == 1:
        return frames, np.arange(len(frames))
    cells = np.unique(frames // grid)
    whole = (cells[:, None] * grid + np.arange(grid)).ravel()
    return whole, np.searchsorted(whole, frames)


def _excerpt(sound: Sound, frames: NDArray[np.intp]) -> NDArray[np.float32]:
    """The sound of the frames at 8 kHz, peak about 1, one stretch after the other."""
    if not len(frames) or sound.peak == 0:
        return np.zeros(len(frames) * round(RATE_HZ * HOP_S), dtype=np.float32)
    breaks = np.flatnonzero(np.diff(frames) > 1)
    starts, ends = frames[np.r_[0, breaks + 1]], frames[np.r_[breaks, -1]] + 1
    at = np.rint(np.stack([starts, ends]) * (sound.rate_hz * HOP_S)).astype(np.intp)
    joined = np.concatenate([sound.piece(a, b) for a, b in at.T.tolist()])
    joined /= np.float32(sound.peak)
    if sound.rate_hz != RATE_HZ:
        joined = soxr.resample(joined, sound.rate_hz, RATE_HZ, quality="LQ")
    return np.asarray(joined, dtype=np.float32)


def _track(heard: _Heard, speech: BoolArray) -> Track:
    frames, activity, sound, count = heard.frames, heard.activity, heard.sound, len(speech)
    own = speech[frames]
    syllables = find_syllables(heard.energies, speech=own, strength=heard.strength)
    nuclei = frames[np.rint(syllables.nuclei_s / HOP_S).astype(np.intp)]
    f0_hz = np.where(own, heard.f0_hz, np.float32(np.nan))  # that of music or hum is nobody's
    return Track(
        hop_s=HOP_S,
        f0_hz=_spread(f0_hz, frames, count, np.nan),
        strength=_spread(heard.strength, frames, count),
        level_db=heard.levels.level_db,
        speech=speech,
        density=_spread(syllables.density, frames, count),
        energies=_spread(heard.energies, frames, count),
        nuclei_s=np.multiply(nuclei, HOP_S, dtype=np.float64),
        noise_floor_db=activity.noise_floor_db,
        speech_level_db=activity.speech_level_db,
        clipped_share=line.clipped_share(sound),
        dropouts=line.dropouts(heard.levels.fine_db, speech_level_db=activity.speech_level_db),
        hum_db=line.hum_db(sound, rate_hz=sound.rate_hz),
        music_or_tone=activity.music_or_tone,
    )


def _spread(
    values: FloatArray, frames: NDArray[np.intp], count: int, beyond: float = 0.0
) -> NDArray[np.float32]:
    """Values of some frames on the clock of all ``count``."""
    out = np.full((count, *values.shape[1:]), beyond, dtype=np.float32)
    out[frames] = values
    return out
