"""Sound with the traits of speech, its times known to the sample."""

from __future__ import annotations

import numpy as np
from scipy.signal import butter, lfilter, sosfilt

RATE = 8000


def utterance(seconds: float, *, seed: int = 0, f0_hz: float = 130.0) -> np.ndarray:
    """Voiced syllables at about 4 a second with a moving pitch, level about -20 dBFS."""
    rng = np.random.default_rng(seed)
    t = np.arange(round(seconds * RATE)) / RATE
    swing = np.sin(2 * np.pi * 0.7 * t + rng.uniform(0, 6)) + np.sin(2 * np.pi * 2.3 * t)
    f0 = f0_hz * 2 ** (swing / 8)
    phase = np.cumsum(f0) / RATE
    source = (np.diff(np.floor(phase), prepend=0) > 0) + 0.003 * rng.standard_normal(t.size)
    formants = rng.uniform([450, 1000], [750, 1800])
    y = sum(_resonance(source, f) for f in formants)
    rate = rng.uniform(3.4, 4.6) + 0.5 * np.sin(2 * np.pi * rng.uniform(0.3, 1) * t)
    y *= 0.55 + 0.45 * np.cos(2 * np.pi * np.cumsum(rate) / RATE + rng.uniform(0, 6))
    return 0.1 * y / np.sqrt(np.mean(y**2))


def _resonance(x: np.ndarray, hz: float, width_hz: float = 120) -> np.ndarray:
    r = np.exp(-np.pi * width_hz / RATE)
    return lfilter([1], [1, -2 * r * np.cos(2 * np.pi * hz / RATE), r * r], x)


def line_noise(n: int, db: float, *, seed: int = 0) -> np.ndarray:
    """Noise of the telephone band at a level in dBFS."""
    sos = butter(4, [300, 3400], "band", fs=RATE, output="sos")
    x = sosfilt(sos, np.random.default_rng(seed).standard_normal(n))
    return x * 10 ** (db / 20) / max(np.sqrt(np.mean(x**2)), 1e-12)


def channel(
    spans: list[tuple[float, float]], seconds: float, *, noise_db: float = -65, seed: int = 0
) -> np.ndarray:
    """A channel with an utterance in each span, float32."""
    x = line_noise(round(seconds * RATE), noise_db, seed=seed)
    for k, (start, end) in enumerate(spans):
        y = utterance(end - start, seed=100 * seed + k)
        at = round(start * RATE)
        x[at : at + y.size] += y
    return x.astype(np.float32)
