"""From sound to frames: everything that is measured frame by frame on one channel, on one clock."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from callvoice.prosody.activity import find_speech, intervals
from callvoice.prosody.frames import HOP_S
from callvoice.prosody.level import level_db
from callvoice.prosody.pitch import track_pitch
from callvoice.prosody.syllables import syllable_nuclei
from callvoice.types import Audio, Interval, Track

_FULL_SCALE = 0.999


def make_tracks(audio: Audio) -> tuple[Track, ...]:
    """The frame arrays of every channel, in file order."""
    return tuple(_track(channel, audio.rate_hz) for channel in audio.samples)


def _track(samples: NDArray[np.float32], rate_hz: int) -> Track:
    pitch = track_pitch(samples, rate_hz=rate_hz)
    activity = find_speech(samples, rate_hz=rate_hz, f0_hz=pitch.f0_hz, strength=pitch.strength)
    f0_hz = np.where(activity.speech, pitch.f0_hz, np.nan)  # pitch of music or hum is nobody's
    nuclei_s = syllable_nuclei(
        samples,
        rate_hz=rate_hz,
        speech=activity.speech,
        f0_hz=f0_hz,
        strength=pitch.strength,
    )
    return Track(
        hop_s=HOP_S,
        f0_hz=f0_hz,
        strength=pitch.strength,
        level_db=level_db(samples, rate_hz=rate_hz, hop_s=HOP_S),
        speech=activity.speech,
        nuclei_s=nuclei_s,
        noise_floor_db=activity.noise_floor_db,
        speech_level_db=activity.speech_level_db,
        clipped_share=float(np.mean(np.abs(samples) >= _FULL_SCALE)),
        music_or_tone=activity.music_or_tone,
    )


def speech_intervals(track: Track) -> tuple[Interval, ...]:
    """Where the channel carries speech, in seconds."""
    return intervals(track.speech, hop_s=track.hop_s)
