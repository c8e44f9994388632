"""Pitch against its peers in one run: accuracy, melody dose and response, speed.

    OMP_NUM_THREADS=1 python benchmarks/prosody_pitch.py --fda DIR --melody DIR --speed FILE

``--fda``: recordings with a ``.f0ref`` beside each (laryngograph F0, one value every 15 ms, 0 =
unvoiced). ``--melody``: recordings of read sentences; each is resynthesised (WORLD) with its
melody scaled by known factors. ``--speed``: one long recording.

Definitions: FFE = frames with a voicing error or an F0 off by more than 20 %, of all frames; GPE =
the latter among frames voiced in both. Every system's nearest frame is compared to the reference
frame at ``k * 15 ms - 2.5 ms``, the delay at which the systems together agree best with it.
"tel" = 300-3400 Hz (FIR, 255 taps), 8 kHz, A-law and back. True spread = standard deviation of
the imposed contour in semitones. "Joined": four sounds of one speaker (the first two characters of
the file name), drawn at random from all styles and factors but 0, end to end; the tracks are
joined, so this asks the estimator and the tracker, not the tracker's memory between sentences.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import parselmouth
import pysptk
import pyworld
import soundfile
import soxr
import swift_f0
from scipy.signal import fftconvolve, firwin, medfilt

from callvoice.prosody.melody import f0_spread_st
from callvoice.prosody.pitch import track_pitch

REFERENCE_STEP_S, REFERENCE_DELAY_S = 0.015, -0.0025
FACTORS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.25)
FLOOR_HZ, CEILING_HZ = 60, 500
SWIFT = swift_f0.SwiftF0(threads=1)


def callvoice(x, rate):
    f0 = track_pitch(x, rate_hz=rate).f0_hz
    return np.arange(f0.size) * 0.01, np.nan_to_num(f0)


def rapt(x, rate):
    scaled = np.float32(x * 32768)
    f0 = pysptk.rapt(scaled, rate, rate // 100, min=FLOOR_HZ, max=CEILING_HZ, otype="f0")
    return np.arange(f0.size) * 0.01, f0


def praat(x, rate):
    sound = parselmouth.Sound(x.astype(float), rate)
    pitch = sound.to_pitch_ac(0.01, FLOOR_HZ, pitch_ceiling=CEILING_HZ)
    return pitch.xs(), pitch.selected_array["frequency"]


def swift(x, rate):
    found = SWIFT.detect(x, rate, fmin=FLOOR_HZ, fmax=CEILING_HZ)
    return found.timestamps, np.where(found.confidence >= 0.5, found.pitch_hz, 0)


SYSTEMS = {"callvoice": callvoice, "swift-f0": swift, "Praat AC": praat, "RAPT": rapt}


def a_law(x):
    a, peak = 87.6, 1 + np.log(87.6)
    size = np.abs(np.clip(x, -1, 1))
    code = np.where(size < 1 / a, a * size, 1 + np.log(np.maximum(a * size, 1))) / peak
    code = np.clip(np.round(code * 127.5 - 0.5) + 0.5, 0.5, 127.5) / 127.5 * peak
    return np.sign(x) * np.where(code < 1, code, np.exp(code - 1)) / a


def telephone(x, rate):
    band = firwin(255, [300, 3400], pass_zero=False, fs=8000)
    narrow = fftconvolve(soxr.resample(x, rate, 8000), band, "same")
    return a_law(0.5 * narrow / np.abs(narrow).max()).astype(np.float32), 8000


def noisy(x, rate):
    noise = np.random.default_rng(0).standard_normal(x.size)
    return (x + noise * np.sqrt(np.mean(x**2))).astype(np.float32), rate


def clean(x, rate):
    return x, rate


CONDITIONS = {"clean": clean, "tel": telephone, "white 0 dB": noisy}


def nearest(track, at):
    when, f0 = track
    index = np.clip(np.searchsorted(when, at), 1, when.size - 1)
    return f0[index - (at - when[index - 1] < when[index] - at)]


def errors(track, reference):
    """Counts of one file: frames, errors of voicing, gross errors, frames voiced in both."""
    f0 = nearest(track, np.arange(reference.size) * REFERENCE_STEP_S + REFERENCE_DELAY_S)
    both = (f0 > 0) & (reference > 0)
    gross = np.abs(f0[both] / reference[both] - 1) > 0.2
    return np.array([f0.size, np.sum((f0 > 0) != (reference > 0)), gross.sum(), both.sum()])


def accuracy(folder):
    print("\nFFE / GPE in %\n| |", " | ".join(CONDITIONS), "|")
    files = sorted(folder.glob("*.f0ref"))
    for name, system in SYSTEMS.items():
        cells = []
        for condition in CONDITIONS.values():
            counts = np.zeros(4)
            for file in files:
                x, rate = soundfile.read(file.with_suffix(".flac"), dtype="float32")
                x16 = soxr.resample(x, rate, 16000)
                counts += errors(system(*condition(x16, 16000)), np.loadtxt(file))
            cells.append(
                f"{100 * counts[1:3].sum() / counts[0]:.1f}/{100 * counts[2] / counts[3]:.1f}"
            )
        print("|", name, "|", " | ".join(cells), "|", flush=True)


def contour(x, rate):
    """A trusted contour to impose: Praat in the range of this voice, median of five frames."""
    sound = parselmouth.Sound(x, rate)
    wide = sound.to_pitch_ac(0.005, FLOOR_HZ, pitch_ceiling=CEILING_HZ).selected_array["frequency"]
    low, high = np.percentile(wide[wide > 0], [25, 75])
    pitch = sound.to_pitch_ac(
        0.005, max(FLOOR_HZ, 0.75 * low), pitch_ceiling=min(CEILING_HZ, 1.75 * high)
    )
    when = np.arange(int(x.size / rate / 0.005) + 1) * 0.005
    f0 = np.nan_to_num([pitch.get_value_at_time(t) for t in when])
    return medfilt(f0, 5) * (f0 > 0), when


def resynthesised(file):
    """One recording with its melody scaled by each factor: the sound and the true spread."""
    x, rate = soundfile.read(file)
    f0, when = contour(x, rate)
    envelope, noise = pyworld.cheaptrick(x, f0, when, rate), pyworld.d4c(x, f0, when, rate)
    middle = np.exp(np.median(np.log(f0[f0 > 0])))
    for factor in FACTORS:
        scaled = middle * (np.maximum(f0, 1) / middle) ** factor
        scaled = np.where(f0 > 0, np.clip(scaled, FLOOR_HZ, CEILING_HZ), 0)
        y = pyworld.synthesize(scaled, envelope, noise, rate, 5.0)
        yield (0.9 * y / np.abs(y).max()).astype(np.float32), rate, scaled


def spread(f0, statistic):
    return float(statistic(12 * np.log2(f0[f0 > 0])))


def melody(folder, every):
    print("\nSpread against the imposed one: slope / R2 / MAE in st; reported at truth 0")
    files = sorted(folder.glob("*.flac"))[::every]
    sounds = [s for file in files for s in resynthesised(file)]
    contours = [s[2] for s in sounds]
    truth = np.array([spread(f0, np.std) for f0 in contours])
    draws = list(joins([file.name[:2] for file in files]))
    truth_joined = np.array(
        [spread(np.concatenate([contours[i] for i in d]), np.std) for d in draws]
    )
    print(f"{len(sounds)} sounds\n| | clean | tel | joined, clean | joined, tel |")
    for name, system in SYSTEMS.items():
        measure = robust if system is callvoice else plain
        single, joined = [], []
        for condition in (clean, telephone):
            tracks = [system(*condition(x, rate))[1] for x, rate, _ in sounds]
            found = np.array([measure(f0) for f0 in tracks])
            single.append(f"{response(truth, found)}; {found[truth < 1e-6].mean():.3f}")
            found = np.array([measure(np.concatenate([tracks[i] for i in d])) for d in draws])
            joined.append(response(truth_joined, found))
        print("|", name, "|", " | ".join(single + joined), "|", flush=True)


def robust(f0):
    return f0_spread_st(np.where(f0 > 0, f0, np.nan)) or 0.0


def plain(f0):
    return spread(f0, np.std) if (f0 > 0).any() else 0.0


def joins(speakers, n=60):
    """Four sounds each, ``n`` times a speaker: indices into the sounds, without factor 0."""
    rng = np.random.default_rng(0)
    for speaker in sorted(set(speakers)):
        rows = np.flatnonzero(np.array(speakers) == speaker) * len(FACTORS)
        sounds = (rows[:, None] + np.arange(1, len(FACTORS))).ravel()
        yield from (rng.choice(sounds, 4, replace=False) for _ in range(n))


def response(truth, found):
    slope, r2 = np.polyfit(truth, found, 1)[0], np.corrcoef(truth, found)[0, 1] ** 2
    return f"{slope:.3f}/{r2:.3f}/{np.abs(found - truth).mean():.3f}"


def speed(file, repeats=4):
    x, rate = soundfile.read(file, dtype="float32", always_2d=True)
    x8 = soxr.resample(x.T.ravel(), rate, 8000).astype(np.float32)
    best = dict.fromkeys(SYSTEMS, np.inf)
    for _ in range(repeats):
        for name, system in SYSTEMS.items():
            start = time.process_time()
            system(x8, 8000)
            best[name] = min(best[name], time.process_time() - start)
    print(f"\nSpeed, {x8.size / 8000:.0f} s at 8 kHz, CPU time, best of {repeats}")
    for name, seconds in best.items():
        ratio = seconds / best["callvoice"]
        print(f"| {name} | {x8.size / 8000 / seconds:.0f}x real time | {ratio:.2f} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--fda", type=Path)
    parser.add_argument("--melody", type=Path)
    parser.add_argument("--every", type=int, default=3, help="use every n-th file for melody")
    parser.add_argument("--speed", type=Path)
    options = parser.parse_args()
    if options.fda:
        accuracy(options.fda)
    if options.melody:
        melody(options.melody, options.every)
    if options.speed:
        speed(options.speed)


if __name__ == "__main__":
    main()
