"""Who speaks when, with both parties on one channel: diarisation error, and is the agent found.

    python benchmarks/ingest_separation.py --harper DIR [--emodb DIR] [--words]

``--harper`` holds two-channel ``*.flac`` (agent left) with ``*.json`` segments. Both channels are
averaged at their natural levels and nothing else is told but the sound. pyannote.metrics scores
without collar and with overlaps. People's segments bridge silences under 0.5 s, so the first DER is
that of voices whose own silences under 0.5 s are bridged, the second that of the bare speech.
``floor`` is the bridged DER if every frame of the speech found had the right voice; it is what
speech activity alone costs. ``people``: is the agent found by the people's words, each given to the
voice that speaks most during its segment; ``heard``: the same with Whisper base (``--words``).
``time`` is that of the separation for each second of the call.

``--emodb``: sentences of every two of five speakers in turn, over one telephone line; the share of
speech that is given to the wrong voice, neutral and bored readings apart from all emotions.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator, Sequence
from itertools import combinations
from pathlib import Path

import numpy as np
import soundfile as sf
import soxr
from pyannote.core import Annotation, Segment
from pyannote.metrics.diarization import DiarizationErrorRate
from scipy.signal import butter, sosfilt

from callvoice import prosody
from callvoice.ingest.roles import assign
from callvoice.ingest.separation import Separation, separate
from callvoice.types import Audio, Interval, Word

ROLES = ("agent", "caller")
BRIDGE_S = 0.5
BAND = butter(4, [300, 3400], "band", fs=8000, output="sos")
Spans = Sequence[Interval]


def annotation(voices: Sequence[Spans]) -> Annotation:
    """Voices as pyannote wants them; what touches is one segment."""
    out = Annotation()
    for voice, spans in enumerate(voices):
        for number, span in enumerate(spans):
            out[Segment(span.start_s, span.end_s), f"{voice}-{number}"] = voice
    return out.support()


def bridged(spans: Spans, others: Spans) -> list[Interval]:
    """Spans with their silences under half a second filled, unless another voice is in them."""
    out: list[Interval] = []
    for span in spans:
        gap = (out[-1].end_s, span.start_s) if out else (0.0, np.inf)
        taken = any(o.start_s < gap[1] and o.end_s > gap[0] for o in others)
        if gap[1] - gap[0] < BRIDGE_S and not taken:
            out[-1] = Interval(out[-1].start_s, span.end_s)
        else:
            out.append(span)
    return out


def bridged_voices(voices: Sequence[Spans]) -> list[list[Interval]]:
    """All voices bridged."""
    return [
        bridged(spans, [s for other in voices if other is not spans for s in other])
        for spans in voices
    ]


def errors(truth: Sequence[Spans], voices: Sequence[Spans]) -> dict[str, float]:
    """Components in percent of the people's speech."""
    parts = DiarizationErrorRate(collar=0.0)(annotation(truth), annotation(voices), detailed=True)
    names = ("diarization error rate", "missed detection", "false alarm", "confusion")
    total = (1.0, *(parts["total"],) * 3)
    return {n: 100 * parts[n] / t for n, t in zip(names, total, strict=True)}


def ideal(truth: Sequence[Spans], speech: Spans) -> list[list[Interval]]:
    """The speech found, each 10 ms of it given to the party that really speaks then or nearest."""
    voices: list[list[Interval]] = [[] for _ in truth]
    for span in speech:
        for at in np.arange(span.start_s, span.end_s - 1e-9, 0.01):
            distance = [min(max(t.start_s - at, at - t.end_s, 0) for t in p) for p in truth]
            voice, end = voices[int(np.argmin(distance))], min(at + 0.01, span.end_s)
            if voice and abs(voice[-1].end_s - at) < 1e-6:
                voice[-1] = Interval(voice[-1].start_s, end)
            else:
                voice.append(Interval(at, end))
    return voices


def shared_s(spans: Spans, start_s: float, end_s: float) -> float:
    """How long the spans cover a stretch."""
    return sum(max(0.0, min(s.end_s, end_s) - max(s.start_s, start_s)) for s in spans)


def voice_of(voices: Sequence[Spans], start_s: float, end_s: float) -> int:
    """The voice that speaks most in a stretch, or nearest to it."""
    shared = [shared_s(v, start_s, end_s) for v in voices]
    if any(shared):
        return int(np.argmax(shared))
    gaps = [min(max(s.start_s - end_s, start_s - s.end_s) for s in v) for v in voices]
    return int(np.argmin(gaps))


def people_words(segments: list[dict], voices: Sequence[Spans]) -> list[list[Word]]:
    """The people's words by voice."""
    lines: list[list[Word]] = [[] for _ in voices]
    for s in segments:
        voice = voice_of(voices, s["start"], s["end"])
        lines[voice] += [Word(w, s["start"], s["end"]) for w in s["human"].split() if w[0] != "["]
    return lines


def heard_words(words: Sequence[Word], voices: Sequence[Spans]) -> list[list[Word]]:
    """Recognised words by voice."""
    lines: list[list[Word]] = [[] for _ in voices]
    for word in words:
        lines[voice_of(voices, word.start_s, word.end_s)].append(word)
    return lines


def agent_found(voices: Sequence[Spans], lines: list[list[Word]], truth: Sequence[Spans]) -> bool:
    """Is the voice that is taken for the agent's mostly the agent?"""
    if len(voices) != 2:
        return False
    roles, _ = assign("auto", voices, words=lines, language="en")
    mine, other = (
        sum(shared_s(voices[roles["agent"]], t.start_s, t.end_s) for t in party) for party in truth
    )
    return mine > other


def harper(folder: Path, recogniser: object) -> None:
    """One row a call."""
    print("| call | DER | bare | miss | false | wrong | floor | people | heard | conf. | time |")
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    rows = [harper_row(path, recogniser) for path in sorted(folder.glob("*.json"))]
    mean = np.array([r[1] for r in rows], dtype=float).mean(axis=0)
    for name, numbers in [*rows, ("mean", mean)]:
        cells = " | ".join(
            "-" if np.isnan(x) else f"{x:.{d}f}" for x, d in zip(numbers, DIGITS, strict=True)
        )
        print(f"| {name} | {cells} |", flush=True)


DIGITS = (1, 1, 1, 1, 1, 1, 2, 2, 2, 3)


def harper_row(path: Path, recogniser: object) -> tuple[str, list[float]]:
    """Name and numbers of one call."""
    samples, rate = sf.read(path.with_suffix(".flac"), dtype="float32")
    segments = json.loads(path.read_text())["segments"]
    truth = [[Interval(s["start"], s["end"]) for s in segments if s["role"] == r] for r in ROLES]
    audio = Audio(samples.mean(axis=1)[None], rate)
    track = prosody.make_tracks(audio)[0]
    speech = prosody.speech_intervals(track)
    begin = time.perf_counter()
    found = separate(audio, speech)
    seconds = time.perf_counter() - begin
    voices = found.voices
    score, bare = errors(truth, bridged_voices(voices)), errors(truth, voices)
    floor = errors(truth, bridged_voices(ideal(truth, speech)))["diarization error rate"]
    heard = float("nan")
    if recogniser is not None:
        words = recogniser.recognise(audio, [speech], language="en").words[0]
        heard = agent_found(voices, heard_words(words, voices), truth)
    people = agent_found(voices, people_words(segments, voices), truth)
    der, *parts = score.values()
    numbers = [der, bare["diarization error rate"], *parts, floor, people, heard]
    return path.stem[:8], [*numbers, found.confidence, seconds / audio.duration_s]


def wrong_share(found: Separation, truth: Sequence[Spans]) -> float:
    """Speech given to the wrong voice, in percent."""
    shared = np.zeros((2, 2))
    for v, voice in enumerate(found.voices):
        for p, party in enumerate(truth):
            shared[v, p] = sum(shared_s(voice, t.start_s, t.end_s) for t in party)
    return 100 * (1 - max(np.trace(shared), np.trace(shared[::-1])) / shared.sum())


def emodb(folder: Path, letters: str) -> Iterator[float]:
    """Wrong shares of all pairs of speakers."""
    speakers = sorted({p.stem[:2] for p in folder.glob("*.flac")})
    for number, pair in enumerate(combinations(speakers, 2)):
        audio, truth = dialogue(folder, pair, letters, np.random.default_rng(number))
        track = prosody.make_tracks(audio)[0]
        yield wrong_share(separate(audio, prosody.speech_intervals(track)), truth)


def dialogue(
    folder: Path, pair: tuple[str, ...], letters: str, rng: np.random.Generator
) -> tuple[Audio, list[list[Interval]]]:
    """One or two sentences each in turn, with silences of 0.15 to 1.2 s."""
    queues = [sorted(folder.glob(f"{s}???[{letters}]*.flac")) for s in pair]
    for queue in queues:
        rng.shuffle(queue)
    parts, truth, at, party = [np.zeros(4000)], [[], []], 4000, 0
    while all(queues):
        for path in [
            queues[party].pop() for _ in range(min(rng.integers(1, 3), len(queues[party])))
        ]:
            sound, rate = sf.read(path, dtype="float32")
            sound = sosfilt(BAND, soxr.resample(sound, rate, 8000))
            truth[party].append(Interval(at / 8000, (at + len(sound)) / 8000))
            gap = np.zeros(int(rng.uniform(0.15, 1.2) * 8000))
            parts += [sound, gap]
            at += len(sound) + len(gap)
        party = 1 - party
    joined = np.concatenate(parts)
    joined += 1e-4 * rng.standard_normal(len(joined))
    return Audio(joined[None].astype(np.float32), 8000), truth


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--harper", type=Path)
    parser.add_argument("--emodb", type=Path)
    parser.add_argument("--words", action="store_true", help="recognise with Whisper base, too")
    arguments = parser.parse_args()
    if arguments.harper:
        recogniser = None
        if arguments.words:
            from callvoice.ingest.recognise import Recogniser

            recogniser = Recogniser("base")
        harper(arguments.harper, recogniser)
    if arguments.emodb:
        for name, letters in (("neutral and bored", "NL"), ("all emotions", "NLWEAFT")):
            shares = list(emodb(arguments.emodb, letters))
            listed = " ".join(f"{s:.0f}" for s in shares)
            print(
                f"EmoDB pairs, {name}: {np.mean(shares):.1f} % given to the wrong voice ({listed})"
            )


if __name__ == "__main__":
    main()
