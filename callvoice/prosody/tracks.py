"""From sound to frames: everything that is measured frame by frame on one channel, on one clock."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from callvoice.prosody import line
from callvoice.prosody.activity import Activity, find_speech, intervals
from callvoice.prosody.frames import HOP_S
from callvoice.prosody.level import level_db
from callvoice.prosody.pitch import Pitch, track_pitch
from callvoice.prosody.syllables import band_energies, find_syllables
from callvoice.types import Audio, BoolArray, FloatArray, Interval, Track


@dataclass(frozen=True)
class _Heard:
    """One channel by itself, before it is compared with the other."""

    samples: NDArray[np.float32]
    rate_hz: int
    pitch: Pitch
    activity: Activity
    level_db: FloatArray


def make_tracks(audio: Audio) -> tuple[Track, ...]:
    """The frame arrays of every channel, in file order.

    On two channels, speech that is only a weaker copy of the other channel (crosstalk) is taken
    out before anything is measured on it.
    """
    heard = [_hear(channel, audio.rate_hz) for channel in audio.samples]
    speech = [h.activity.speech for h in heard]
    if len(heard) == 2:
        speech = list(line.without_bleed(np.array(speech), np.array([h.level_db for h in heard])))
    return tuple(_track(h, own) for h, own in zip(heard, speech, strict=True))


def _hear(samples: NDArray[np.float32], rate_hz: int) -> _Heard:
    pitch = track_pitch(samples, rate_hz=rate_hz)
    activity = find_speech(samples, rate_hz=rate_hz, f0_hz=pitch.f0_hz, strength=pitch.strength)
    level = level_db(samples, rate_hz=rate_hz, hop_s=HOP_S)
    return _Heard(samples, rate_hz, pitch, activity, level)


def _track(heard: _Heard, speech: BoolArray) -> Track:
    samples, rate_hz, activity = heard.samples, heard.rate_hz, heard.activity
    energies = band_energies(samples, rate_hz=rate_hz)
    syllables = find_syllables(energies, speech=speech, strength=heard.pitch.strength)
    return Track(
        hop_s=HOP_S,
        f0_hz=np.where(speech, heard.pitch.f0_hz, np.nan),  # that of music or hum is nobody's
        strength=heard.pitch.strength,
        level_db=heard.level_db,
        speech=speech,
        density=syllables.density,
        energies=energies,
        nuclei_s=syllables.nuclei_s,
        noise_floor_db=activity.noise_floor_db,
        speech_level_db=activity.speech_level_db,
        clipped_share=line.clipped_share(samples),
        dropouts=line.dropouts(samples, rate_hz=rate_hz, speech_level_db=activity.speech_level_db),
        hum_db=line.hum_db(samples, rate_hz=rate_hz),
        music_or_tone=activity.music_or_tone,
    )


def speech_intervals(track: Track) -> tuple[Interval, ...]:
    """Where the channel carries speech, in seconds."""
    return intervals(track.speech, hop_s=track.hop_s)
