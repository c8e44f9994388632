"""Sounds that the benchmarks share."""

from __future__ import annotations

import io

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray
from scipy import signal as dsp

TELEPHONE_HZ = 8000


def telephone(sound: NDArray[np.floating], rate_hz: int) -> NDArray[np.float32]:
    """300-3400 Hz (FIR, 255 taps), 8 kHz, A-law and back, ``[n]``; the peak is kept."""
    narrow = soxr.resample(np.asarray(sound, np.float64), rate_hz, TELEPHONE_HZ)
    taps = dsp.firwin(255, (300, 3400), pass_zero=False, fs=TELEPHONE_HZ)
    line = dsp.fftconvolve(narrow, taps, mode="same")
    peak = np.abs(line).max(initial=1e-9)
    file = io.BytesIO()
    soundfile.write(file, line / peak * 0.5, TELEPHONE_HZ, format="WAV", subtype="ALAW")
    file.seek(0)
    coded, _ = soundfile.read(file, dtype="float32")
    return np.asarray(coded * (peak / 0.5), np.float32)
