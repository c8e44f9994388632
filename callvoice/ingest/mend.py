"""What decoded samples may need before they are measured, each with a note."""

from __future__ import annotations

import numpy as np

from callvoice.errors import UnreadableInput
from callvoice.ingest.form import Decoded, Samples

_COMPARED = 1 << 18  # samples at a time: a call of hours is not copied
_MIN_TAIL_S = 5.0
_MIN_TAIL_SHARE = 0.1
_COARSE_STEP = 128  # of 16-bit samples: nine bits or fewer say anything
_NEAR_FULL = 24_576


def mended(decoded: Decoded, name: str) -> Decoded:
    """Finite samples, a silent tail where the file was filled up, one channel for dual mono, noise
    between the steps of coarse samples.

    Raises:
        UnreadableInput: no sample is finite.
    """
    return _dithered(_one_if_dual(_silent_tail(_finite(decoded, name))))


def _finite(decoded: Decoded, name: str) -> Decoded:
    """Silence in place of NaN and infinity; nothing is left where all are such."""
    samples = decoded.samples
    if samples.dtype == np.int16:
        return decoded
    bad = ~np.isfinite(samples)
    if not bad.any():
        return decoded
    if bad.all():
        raise UnreadableInput(f"{name} holds no finite sample: the file is damaged.")
    kept = np.where(bad, np.float32(0), samples)
    return decoded._replace(samples=kept, notes=(*decoded.notes, "non-finite-samples"))


def _silent_tail(decoded: Decoded) -> Decoded:
    """Note where a file was filled up with one value after the sound.

    Zero bytes are silence in linear samples but a constant near full scale in A-law and µ-law:
    the tail is made silent.
    """
    samples, rate_hz, notes = decoded
    n = samples.shape[1]
    tail = n - _last_change(samples)
    if tail == n or tail < max(_MIN_TAIL_S * rate_hz, _MIN_TAIL_SHARE * n):
        return decoded
    if samples[:, -1].any():
        samples = samples.copy()
        samples[:, n - tail :] = 0
    return Decoded(samples, rate_hz, (*notes, "silent-tail"))


def _last_change(samples: Samples) -> int:
    """Index after the last sample that differs from the final one, 0 if none does."""
    last = samples[:, -1:]
    for stop in range(samples.shape[1], 0, -_COMPARED):
        start = max(0, stop - _COMPARED)
        different = np.flatnonzero((samples[:, start:stop] != last).any(axis=0))
        if different.size:
            return start + int(different[-1]) + 1
    return 0


def _one_if_dual(decoded: Decoded) -> Decoded:
    if not is_dual_mono(decoded.samples):
        return decoded
    notes = (*decoded.notes, "identical-channels")
    return Decoded(decoded.samples[:1].copy(), decoded.rate_hz, notes)


def is_dual_mono(samples: Samples) -> bool:
    """Whether two channels carry the same sound: one party per channel is then not to be had."""
    if len(samples) != 2:
        return False
    sound, difference = 0.0, 0.0
    for start in range(0, samples.shape[1], _COMPARED):
        left, right = samples[:, start : start + _COMPARED].astype(np.float32)
        sound += float(np.sum(np.square(left)) + np.sum(np.square(right)))
        difference += float(np.sum(np.square(left - right)))
    return sound > 0 and difference < 1e-4 * sound


def _dithered(decoded: Decoded) -> Decoded:
    """Noise of a step up and down on samples of about 8 bits. In their pauses faint noise turns
    into a crackle between two values, which stands out of digital silence as speech does; noise of
    half that width, or only where it is quiet, leaves pauses hidden.
    """
    samples = decoded.samples
    step = _step(samples) if samples.dtype == np.int16 else 0
    if step < _COARSE_STEP:
        return decoded
    noise = np.random.default_rng(0)  # the same file gives the same measures
    filled = samples if samples.flags.writeable else samples.copy()  # hours need not be there twice
    for start in range(0, samples.shape[1], _COMPARED):
        block = filled[:, start : start + _COMPARED]
        near = (block > -_NEAR_FULL) & (block < _NEAR_FULL)  # what is clipped stays so
        block[near] += noise.integers(-step, step, np.count_nonzero(near), np.int16)
    return Decoded(filled, decoded.rate_hz, (*decoded.notes, "coarse-samples"))


def _step(samples: Samples) -> int:
    """The power of two that all 16-bit samples are multiples of, 0 for silence.

    >>> _step(np.array([[256, -512, 0, 768]], np.int16))
    256
    """
    bits = int(np.bitwise_or.reduce(samples, axis=None))
    return bits & -bits
