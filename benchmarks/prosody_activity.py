"""Speech activity, pauses and turn-taking against people's labels, beside Silero and Praat.

    python benchmarks/prosody_activity.py --emodb DIR --harper DIR

``--emodb`` holds ``*.flac`` with ``*.lablaut`` (a time is the *start* of its label; ``(`` and
``(gef`` are pauses, ``.`` is the end) and ``*.silb``; ``--harper`` holds two-channel ``*.flac``
with ``*.json`` segments, the agent on the left.

Protocol
- Labelled pauses: 0.2 s and longer, hit at IoU ≥ 0.5. A find that hits a shorter labelled pause
  is no false alarm. Boundaries: median absolute error of hits, start/end in ms.
- Inserted pauses: 0.25-1 s of silence put at a syllable boundary of sentences without labelled
  pauses, after the telephone band, then noise over all of it, then A-law.
- Activity: frames of 10 ms against people's segments, which bridge silences under 0.5 s; so does
  every system's mask here. Segments of nothing but [noise] are left out of the count. A false
  alarm is given as a share of all speech and as a share of all non-speech.
- Overlaps and floor-transfer offsets: the calls hold too few overlaps, so every agent is also
  paired with the callers of the other calls, shifted in time. Overlaps of 0.3 s and longer are
  hit at IoU ≥ 0.5; offsets are those of the same turn-taking rules on people's segments.
"""

from __future__ import annotations

import argparse
import json
import re
import zlib
from collections.abc import Callable, Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import soundfile as sf
from scipy.signal import butter, resample_poly, sosfilt

from callvoice.prosody.activity import fill_gaps, find_speech, intervals
from callvoice.prosody.pitch import track_pitch
from callvoice.prosody.turn_taking import conversation, floor_transfers, turns

HOP_S = 0.01
Span = tuple[float, float]
Detector = Callable[[np.ndarray, int], list[Span]]


# --- detectors: sound of one channel to stretches of speech ---------------------------------------


def ours(x: np.ndarray, rate: int) -> list[Span]:
    """Stretches of speech, and no more than that, as callvoice finds them."""
    pitch = track_pitch(x, rate_hz=rate)
    found = find_speech(x, rate_hz=rate, f0_hz=pitch.f0_hz, strength=pitch.strength)
    return [(i.start_s, i.end_s) for i in intervals(found.speech)]


def silero(threshold: float) -> Detector:
    """The neural detector that faster-whisper carries, at a threshold of probability."""
    from faster_whisper.vad import VadOptions, get_speech_timestamps

    options = VadOptions(threshold=threshold, speech_pad_ms=0, min_silence_duration_ms=100)

    def detect(x: np.ndarray, rate: int) -> list[Span]:
        y = resample_poly(x, 16000, rate).astype(np.float32)
        return [
            (s["start"] / 16000, s["end"] / 16000)
            for s in get_speech_timestamps(y, options, sampling_rate=16000)
        ]

    return detect


def praat(threshold_db: float) -> Detector:
    """Silences by a threshold below the loudest moment of the file."""
    import parselmouth
    from parselmouth.praat import call

    def detect(x: np.ndarray, rate: int) -> list[Span]:
        sound = parselmouth.Sound(x.astype(np.float64), rate)
        grid = call(sound, "To TextGrid (silences)", 100, 0, threshold_db, 0.1, 0.1, "-", "s")
        n = call(grid, "Get number of intervals", 1)
        return [
            tuple(call(grid, f"Get {edge} time of interval", 1, i) for edge in ("start", "end"))
            for i in range(1, n + 1)
            if call(grid, "Get label of interval", 1, i) == "s"
        ]

    return detect


# --- truth ----------------------------------------------------------------------------------------


def labels(path: Path) -> list[tuple[float, str]]:
    """Times and labels of an xwaves label file."""
    lines = (re.match(r"\s*(\d+\.\d+)\s+(?:-1\s+)?(\S*)", s) for s in path.open(encoding="latin1"))
    return [(float(m[1]), m[2]) for m in lines if m]


def labelled_pauses(path: Path, min_s: float) -> list[Span]:
    """Labelled pauses of at least ``min_s``."""
    marks = labels(path)
    return [
        (start, end)
        for (start, label), (end, _) in pairwise(marks)
        if (label == "(" or label.startswith("(gef")) and end - start >= min_s
    ]


def telephone(x: np.ndarray, rate: int) -> np.ndarray:
    """300-3400 Hz at 8 kHz."""
    return sosfilt(BAND, resample_poly(x, 8000, rate))


BAND = butter(4, [300, 3400], "band", fs=8000, output="sos")


def a_law(x: np.ndarray) -> np.ndarray:
    """There and back through 8-bit A-law (continuous form of ITU-T G.711)."""
    a, top = 87.6, 1 + np.log(87.6)
    size = np.minimum(np.abs(x), 1)
    code = np.where(size < 1 / a, a * size, 1 + np.log(np.maximum(a * size, 1))) / top
    code = (np.floor(code * 128).clip(0, 127) + 0.5) / 128
    back = np.where(code < 1 / top, code * top, np.exp(code * top - 1)) / a
    return (np.sign(x) * back).astype(np.float32)


def noise(n: int, kind: str, rng: np.random.Generator) -> np.ndarray:
    """Noise of the telephone band with a mean square of 1."""
    spectrum = np.fft.rfft(rng.standard_normal(n))
    if kind == "pink":
        spectrum /= np.sqrt(np.maximum(np.arange(spectrum.size), 1))
    out = sosfilt(BAND, np.fft.irfft(spectrum, n))
    return out / np.sqrt(np.mean(out**2))


@cache
def with_pauses(folder: Path, kind: str, snr_db: float) -> list[tuple[np.ndarray, Span]]:
    """Sentences with one inserted pause each, and where it is."""
    return list(_with_pauses(folder, kind, snr_db))


def _with_pauses(folder: Path, kind: str, snr_db: float) -> Iterator[tuple[np.ndarray, Span]]:
    for path in sorted(folder.glob("*.silb")):
        marks = labels(path)
        if len(marks) < 6 or labelled_pauses(path.with_suffix(".lablaut"), 0.1):
            continue
        rng = np.random.default_rng(zlib.crc32(path.stem.encode()))
        y = telephone(*sf.read(path.with_suffix(".flac")))
        at = round(8000 * marks[rng.integers(3, len(marks) - 2)][0])
        gap, edge = np.zeros(round(8000 * rng.uniform(0.25, 1))), np.zeros(4000)
        ramp = np.linspace(0, 1, 40)
        before, after = y[:at].copy(), y[at:].copy()
        before[-40:] *= ramp[::-1]
        after[:40] *= ramp
        z = np.concatenate([edge, before, gap, after, edge])
        z += noise(z.size, kind, rng) * np.sqrt(np.mean(y**2)) * 10 ** (-snr_db / 20)
        yield a_law(z), (0.5 + at / 8000, 0.5 + (at + gap.size) / 8000)


# --- scores ---------------------------------------------------------------------------------------


def hits(truth: list[Span], found: list[Span]) -> list[tuple[Span, Span]]:
    """Pairs of IoU ≥ 0.5, at most one for each."""

    def iou(a: Span, b: Span) -> float:
        return (min(a[1], b[1]) - max(a[0], b[0])) / (max(a[1], b[1]) - min(a[0], b[0]))

    return [(a, b) for a in truth for b in found if iou(a, b) >= 0.5]


def silences(speech: list[Span], min_s: float = 0.2) -> list[Span]:
    """Gaps of at least ``min_s`` between stretches of speech."""
    return [(a[1], b[0]) for a, b in pairwise(speech) if b[0] - a[1] >= min_s - HOP_S / 2]


def f1(n_truth: int, n_found: int, n_hit: int) -> float:
    """Harmonic mean of precision and recall."""
    return 2 * n_hit / max(n_truth + n_found, 1)


def boundaries(pairs: list[tuple[Span, Span]]) -> str:
    """Median absolute errors of starts and ends in ms."""
    error = np.abs(
        np.array(pairs).reshape(-1, 2, 2)[:, 0] - np.array(pairs).reshape(-1, 2, 2)[:, 1]
    )
    return "/".join(f"{1000 * e:.0f}" for e in np.median(error, axis=0)) if pairs else "-"


def labelled(detect: Detector, folder: Path, line: bool) -> str:
    """Score on labelled pauses, over the telephone if ``line``."""
    n_truth = n_found = 0
    pairs: list[tuple[Span, Span]] = []
    for path in sorted(folder.glob("*.lablaut")):
        x, rate = sf.read(path.with_suffix(".flac"), dtype="float32")
        if line:
            x, rate = a_law(telephone(x, rate)), 8000
        truth, short = labelled_pauses(path, 0.2), labelled_pauses(path, 0.1)
        found = silences(detect(x, rate))
        hit = hits(truth, found)
        free = {b for _, b in hits(short, found)} - {b for _, b in hit}
        n_truth, n_found, pairs = (
            n_truth + len(truth),
            n_found + len(found) - len(free),
            pairs + hit,
        )
    return f"{f1(n_truth, n_found, len(pairs)):.3f} ({boundaries(pairs)})"


def inserted(detect: Detector, folder: Path, kind: str, snr_db: float) -> str:
    """Score on inserted pauses."""
    n_found, pairs = 0, []
    cases = with_pauses(folder, kind, snr_db)
    for x, truth in cases:
        found = silences(detect(x, 8000))
        n_found, pairs = n_found + len(found), pairs + hits([truth], found)
    return f"{f1(len(cases), n_found, len(pairs)):.3f} ({boundaries(pairs)})"


def mask(spans: list[Span], n: int) -> np.ndarray:
    """Frames that lie in the spans."""
    out = np.zeros(n, dtype=bool)
    for a, b in spans:
        out[round(a / HOP_S) : round(b / HOP_S)] = True
    return out


@cache
def calls(folder: Path) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Sound ``[2, n]``, people's masks ``[2, n_frames]``, frames to leave out ``[2, n_frames]``."""
    out = []
    for path in sorted(folder.glob("*.json")):
        x, rate = sf.read(path.with_suffix(".flac"), dtype="float32")
        n, document = 1 + int(len(x) / rate / HOP_S + 1e-9), json.loads(path.read_text())
        segments = document if isinstance(document, list) else document["segments"]
        speech, ignore = (
            np.array(
                [
                    mask(
                        [
                            (s["start"], s["end"])
                            for s in segments
                            if s["role"] == role and (s["human"].strip() == "[noise]") == noisy
                        ],
                        n,
                    )
                    for role in ("agent", "caller")
                ]
            )
            for noisy in (False, True)
        )
        out.append((x.T.copy(), speech, ignore))
    return out


def detected(detect: Detector, folder: Path) -> list[np.ndarray]:
    """Masks of all calls with silences under 0.5 s bridged, ``[2, n_frames]`` each."""
    return [
        np.array([fill_gaps(mask(detect(c, 8000), s.shape[1]), 50) for c in x])
        for x, s, _ in calls(folder)
    ]


def activity(found: list[np.ndarray], folder: Path) -> str:
    """Missed, false of speech, false of the rest, in percent."""
    truth = np.concatenate([s.ravel() for _, s, _ in calls(folder)])
    use = ~np.concatenate([i.ravel() for _, _, i in calls(folder)])
    got = np.concatenate([f.ravel() for f in found])
    missed, false = (truth & ~got & use).sum(), (got & ~truth & use).sum()
    n_speech, n_rest = (truth & use).sum(), (~truth & use).sum()
    return (
        f"{100 * missed / n_speech:.1f} | {100 * false / n_speech:.1f} | {100 * false / n_rest:.1f}"
    )


def crossed(masks: list[np.ndarray]) -> Iterator[np.ndarray]:
    """Each agent with each caller, the callers of other calls turned round by 7 s and more."""
    for i, a in enumerate(masks):
        for j, b in enumerate(masks):
            n = min(a.shape[1], b.shape[1])
            yield np.array([a[0, :n], np.roll(b[1, :n], 700 * ((j - i) % len(masks)))])


def turn_taking(found: list[np.ndarray], folder: Path) -> str:
    """Overlaps and floor-transfer offsets of crossed calls."""
    n_truth = n_found = n_hit = n_moves = 0
    errors: list[float] = []
    pairs = zip(crossed([s for _, s, _ in calls(folder)]), crossed(found), strict=True)
    for truth, got in pairs:
        true_spans, got_spans = (
            [(o.start_s, o.end_s) for o in conversation(m).overlaps] for m in (truth, got)
        )
        hit = hits(true_spans, got_spans)
        n_truth += sum(b - a >= 0.3 for a, b in true_spans)
        n_hit += sum(a[1] - a[0] >= 0.3 for a, _ in hit)
        # A find that hits a true overlap just under 0.3 s is no false alarm.
        n_found += sum(b - a >= 0.3 for a, b in got_spans)
        n_found += sum((a[1] - a[0] >= 0.3) - (b[1] - b[0] >= 0.3) for a, b in hit)
        n_moves += len(floor_transfers(turns(truth)))
        errors += offset_errors(truth, got)
    score = f1(n_truth, n_found, n_hit)
    found_share = len(errors) / max(n_moves, 1)
    median = 1000 * float(np.median(errors)) if errors else float("nan")
    return f"{score:.3f} of {n_truth} | {median:.0f} of {n_moves}, {100 * found_share:.0f} % found"


def offset_errors(truth: np.ndarray, got: np.ndarray) -> list[float]:
    """Error of the offset of each true change of turn with a found one within 0.5 s."""
    moves = [
        [(b.start_s, b.channel, b.start_s - a.end_s) for a, b in pairs]
        for pairs in (changes(truth), changes(got))
    ]
    errors = []
    for start, channel, offset in moves[0]:
        near = [m for m in moves[1] if m[1] == channel and abs(m[0] - start) <= 0.5]
        if near:
            errors.append(abs(min(near, key=lambda m: abs(m[0] - start))[2] - offset))
    return errors


def changes(speech: np.ndarray) -> list:
    """Pairs of turns between which the floor passes."""
    floor = []
    for span in turns(speech):
        if not span.backchannel and (not floor or span.end_s > floor[-1].end_s):
            floor.append(span)
    return [(a, b) for a, b in pairwise(floor) if a.channel != b.channel]


# --- tables ---------------------------------------------------------------------------------------


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--emodb", type=Path)
    parser.add_argument("--harper", type=Path)
    arguments = parser.parse_args()
    systems = {
        "callvoice": ours,
        "Silero .2": silero(0.2),
        "Silero .5": silero(0.5),
        "Praat −25 dB": praat(-25),
        "Praat −35 dB": praat(-35),
    }
    if arguments.emodb:
        print("Pauses, F1 (boundaries start/end, ms)\n")
        noises = [("white", s) for s in (50, 30, 20, 10)] + [("pink", s) for s in (20, 10)]
        head = ["labelled", "labelled tel", *(f"{kind} {snr} dB" for kind, snr in noises)]
        print("| | " + " | ".join(head) + " |\n|---" * 1 + "|---" * len(head) + "|")
        for name, detect in systems.items():
            cells = [labelled(detect, arguments.emodb, line) for line in (False, True)]
            cells += [inserted(detect, arguments.emodb, kind, snr) for kind, snr in noises]
            print(f"| {name} | " + " | ".join(cells) + " |", flush=True)
    if arguments.harper:
        print("\nActivity on telephone channels (%) and turn-taking\n")
        print("| | miss | false, of speech | false, of the rest | overlaps F1 | offset error, ms |")
        print("|---" * 6 + "|")
        for name, detect in systems.items():
            found = detected(detect, arguments.harper)
            scores = [activity(found, arguments.harper), turn_taking(found, arguments.harper)]
            print(f"| {name} | " + " | ".join(scores) + " |", flush=True)


if __name__ == "__main__":
    main()
