"""Articulation clarity as the sound shows it.

Definitions, over the frames of speech:

- ``modulation_db``: how far the levels of nine bands swing at the pace of syllables (a band-pass
  between Gaussians of 20 and 120 ms, root mean square over frames and bands). Slurred speech
  swings less.
- ``spectral_change_db``: how far the shape of the spectrum moves within 40 ms, mean over frames.
  Speech with centralised vowels and soft consonants moves less.
- :func:`syllable_reduction`: nuclei heard for each syllable of the words said; swallowed
  syllables make it small.

Whether clarity can be judged at all is for the line to say (``line``: signal-to-noise ratio,
clipped samples, dropouts): noise fills the dips and lowers both measures, more than a codec or
another voice does.

Both measures move more with clarity than with sex or codec: modulation once speech is smeared by
40 ms, spectral change already at 20 ms or with vowels a quarter of the way to their centre. Between
speakers and their telephones spectral change differs by as much as that: compare it with the
speaker's own baseline. Static contrast of the spectrum, the spread of vowel spectra and the path
per syllable gained less on sex and codec, and are not offered. ``benchmarks/prosody_rate.py``
prints the figures for all of them.

Conventions: gain cancels. A line's frequency response cancels too, except where it pushes a band
below the floor.

Source: modulation at the pace of syllables as the carrier of intelligibility after Houtgast and
Steeneken 1985, JASA 77, 1069-1077; spectral change after Furui 1986, JASA 80, 1016-1025.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from callvoice.prosody.frames import HOP_S
from callvoice.prosody.smoothing import filtered, gaussians, near
from callvoice.prosody.syllables import fit_frames
from callvoice.types import BoolArray, Clarity, FloatArray

_REACH = 2.5  # standard deviations of the slow Gaussian


@dataclass(frozen=True)
class ClarityOptions:
    """``fast_s`` and ``slow_s`` are the Gaussians that bound syllabic modulation, ``step_s`` the
    time over which spectral change is taken; band levels end ``floor_db`` below loud speech, and
    spectral change counts down to ``depth_db`` below it; less than ``min_speech_s`` give nothing.
    """

    fast_s: float = 0.020
    slow_s: float = 0.120
    step_s: float = 0.040
    floor_db: float = 40.0
    depth_db: float = 20.0
    min_speech_s: float = 0.5


def clarity(
    energies: FloatArray, *, speech: BoolArray, options: ClarityOptions | None = None
) -> Clarity | None:
    """Measure how clearly one channel articulates.

    Args:
        energies: what :func:`callvoice.prosody.syllables.band_energies` returns,
            ``[n_frames, 9]``.
        speech: ``[n_frames]``, where there is speech, short closures included.
        options: how.

    Returns:
        The measures; None where there is too little speech.
    """
    options = options or ClarityOptions()
    total = energies.sum(axis=1, dtype=np.float64)
    inside = fit_frames(speech, len(total)).astype(bool)
    speech_s = float(inside.sum() * HOP_S)
    if speech_s < options.min_speech_s or not total[inside].any():
        return None
    loud = float(np.quantile(total[inside], 0.95)) or float(total[inside].max())
    # Frames too far from speech to be reached by the filters are left out.
    some = near(inside, round(_REACH * options.slow_s / HOP_S))
    inside, total = inside[some], total[some]
    floor = np.float32(10 ** (-options.floor_db / 10))
    levels = energies[some].T / np.float32(loud) + floor
    np.multiply(np.log10(levels, out=levels), 10, out=levels)
    audible = inside & (total > loud * 10 ** (-options.depth_db / 10))
    return Clarity(
        modulation_db=_modulation(levels, inside, options),
        spectral_change_db=_change(levels, audible, options),
        speech_s=speech_s,
    )


def syllable_reduction(n_nuclei: float, n_text_syllables: int) -> float | None:
    """Nuclei heard for each syllable of the words said; None where no words were.

    >>> syllable_reduction(9, 12)
    0.75
    """
    return n_nuclei / n_text_syllables if n_text_syllables > 0 else None


def _modulation(levels: FloatArray, inside: BoolArray, options: ClarityOptions) -> float:
    """Root mean square of the band-passed levels ``[n_bands, n]``, dB."""
    fast, slow = gaussians(options.fast_s / HOP_S, options.slow_s / HOP_S)
    passed = filtered(levels, (fast - slow)[None])[0]
    return float(np.sqrt(np.mean([np.square(row[inside]).mean() for row in passed])))


def _change(levels: FloatArray, audible: BoolArray, options: ClarityOptions) -> float:
    """Mean distance of spectral shapes ``step_s`` apart, dB per band."""
    half = max(1, round(options.step_s / HOP_S / 2))
    kernel = np.pad(gaussians(1.0)[0], 2 * half)
    step = (np.roll(kernel, half) - np.roll(kernel, -half))[None]
    moved = filtered(levels - levels.mean(axis=0), step)[0][:, half : len(audible) - half]
    distance = np.sqrt(np.einsum("ij,ij->j", moved, moved) / len(moved))
    seen = audible[half : len(audible) - half]
    return float(distance[seen].mean(dtype=np.float64)) if seen.any() else 0.0
