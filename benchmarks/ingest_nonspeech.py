"""Words that are heard where nobody speaks.

    OMP_NUM_THREADS=1 python benchmarks/ingest_nonspeech.py DATA [--music DIR]

Twelve stimuli of 30 s at 8 kHz: silence, white and pink noise, hum, breathing, ringback, busy and
dial tone, DTMF, and three pieces of music, taken from the recordings in DIR if there are any (real
music; the first three by name), else made of chords. Each is heard alone, and between two sentences
of each speaker in ``DATA/emodb``, whose texts are known. Printed are the words of callvoice alone,
how many of the sentences' words are right and how many words are too many, beside the same
sentences with a second of silence between them, and the words of faster-whisper, without voice
activity detection, alone.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import jiwer
import numpy as np
import soundfile
import soxr
from ingest_recognition import sentence_texts, tidy
from numpy.typing import NDArray

from callvoice import prosody
from callvoice.ingest.recognise import Recogniser
from callvoice.types import Audio

RATE_HZ = 8000
LENGTH_S = 30
N = RATE_HZ * LENGTH_S
Samples = NDArray[np.float32]


def stimuli(music: Path | None) -> Iterator[tuple[str, Samples]]:
    """Name and sound of each."""
    rng = np.random.default_rng(5)
    time = np.arange(N) / RATE_HZ
    white = rng.standard_normal(N)
    yield "silence", np.zeros(N, np.float32)
    yield "white noise", _at(white, -40)
    yield "pink noise", _at(_pink(white), -35)
    hum = sum(np.sin(2 * np.pi * 50 * k * time) / k for k in range(1, 12))
    yield "hum", _at(hum + 0.05 * white, -35)
    breaths = np.clip(np.sin(2 * np.pi * time / 4), 0, None) ** 2
    yield "breathing", _at(_pink(rng.standard_normal(N)) * breaths, -35)
    tone = np.sin(2 * np.pi * 425 * time)
    yield "ringback", _at(tone * (time % 5 < 1), -20)
    yield "busy tone", _at(tone * (time % 0.96 < 0.48), -20)
    yield "dial tone", _at(tone, -20)
    yield "DTMF", _at(_dtmf(time, rng), -18)
    for name, sound in _music(music, time, rng):
        yield name, _at(sound, -20)


def _at(sound: NDArray[np.floating], level_db: float) -> Samples:
    return np.asarray(sound / np.sqrt(np.mean(sound**2)) * 10 ** (level_db / 20), np.float32)


def _pink(white: NDArray[np.floating]) -> NDArray[np.floating]:
    spectrum = np.fft.rfft(white)
    spectrum[1:] /= np.sqrt(np.arange(1, len(spectrum)))
    return np.fft.irfft(spectrum, len(white))


def _dtmf(time: NDArray[np.floating], rng: np.random.Generator) -> NDArray[np.floating]:
    key = (time / 0.3).astype(int)
    low, high = rng.choice((697, 770, 852, 941), 200), rng.choice((1209, 1336, 1477), 200)
    both = np.sin(2 * np.pi * low[key] * time) + np.sin(2 * np.pi * high[key] * time)
    return both * (time % 0.3 < 0.12)


def _music(
    folder: Path | None, time: NDArray[np.floating], rng: np.random.Generator
) -> Iterator[tuple[str, NDArray[np.floating]]]:
    files = (
        sorted(p for p in folder.rglob("*") if p.suffix in {".wav", ".ogg", ".flac"})[:3]
        if (folder)
        else []
    )
    for path in files:
        sound, rate_hz = soundfile.read(path, dtype="float32", always_2d=True)
        piece = soxr.resample(sound.mean(axis=1), rate_hz, RATE_HZ)[5 * RATE_HZ :][:N]
        yield f"music: {path.stem}", np.pad(piece, (0, N - len(piece)))
    for number in range(len(files), 3):
        yield f"chords {number + 1}", _chords(time, 0.4 + 0.3 * number, rng)


def _chords(
    time: NDArray[np.floating], note_s: float, rng: np.random.Generator
) -> NDArray[np.floating]:
    """A melody over chords with overtones, decay and vibrato."""
    scale = np.array([0, 2, 4, 5, 7, 9, 11, 12])
    note = (time / note_s).astype(int)
    bar = (time / (4 * note_s)).astype(int)
    tune = 220 * 2 ** (rng.choice(scale, 500)[note] / 12 + 1)
    roots = 110 * 2 ** (rng.choice([0, 5, 7, 9], 200)[bar] / 12)
    decay = np.exp(-3 * (time % note_s) / note_s)
    out = np.zeros_like(time)
    for hz, weight in ((tune, decay), (roots, 0.6), (roots * 1.26, 0.4), (roots * 1.5, 0.4)):
        phase = 2 * np.pi * np.cumsum(hz * (1 + 0.004 * np.sin(2 * np.pi * 5 * time))) / RATE_HZ
        out += weight * sum(np.sin(k * phase) / k for k in range(1, 6))
    return out


@dataclass(frozen=True)
class Pair:
    """Two sentences of a speaker and their words."""

    first: Samples
    second: Samples
    words: list[str]


def pairs(data: Path) -> list[Pair]:
    """The first and the last sentence of each speaker that was not acted."""
    texts = sentence_texts(data / "README.md")
    speakers: dict[str, list[Path]] = {}
    for path in sorted((data / "emodb").glob("*N*.flac")):
        speakers.setdefault(path.name[:2], []).append(path)
    return [_pair(paths[0], paths[-1], texts) for paths in speakers.values()]


def _pair(first: Path, second: Path, texts: dict[str, str]) -> Pair:
    said = " ".join(texts[path.name[2:5]] for path in (first, second))
    return Pair(_sentence(first), _sentence(second), tidy(said, "de"))


def _sentence(path: Path) -> Samples:
    """A recording at the stimuli's rate, one channel."""
    sound, rate_hz = soundfile.read(path, dtype="float32", always_2d=True)
    return np.asarray(soxr.resample(sound.mean(axis=1), rate_hz, RATE_HZ), np.float32)


def callvoice_words(recogniser: Recogniser) -> Callable[[Samples], list[str]]:
    """Words by callvoice."""

    def run(sound: Samples) -> list[str]:
        audio = Audio(sound[None], RATE_HZ)
        speech = [prosody.speech_intervals(t) for t in prosody.make_tracks(audio)]
        heard = recogniser.recognise(audio, speech, language="de")
        return tidy(" ".join(word.text for word in heard.words[0]), "de")

    return run


def plain_words(recogniser: Recogniser) -> Callable[[Samples], list[str]]:
    """Words by faster-whisper as it comes."""

    def run(sound: Samples) -> list[str]:
        at_16_khz = soxr.resample(sound, RATE_HZ, 16000)
        segments, _ = recogniser.whisper.loaded.transcribe(at_16_khz, language="de", beam_size=1)
        return " ".join(s.text for s in segments).split()

    return run


def right_and_extra(words: Sequence[str], truth: Sequence[str]) -> tuple[int, int]:
    """How many of the true words were heard, and how many that nobody said."""
    out = jiwer.process_words(" ".join(truth), " ".join(words))
    return out.hits, out.insertions


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--music", type=Path, help="a folder with recordings of music")
    arguments = parser.parse_args()
    spoken = pairs(arguments.data)
    recogniser = Recogniser("base")
    ours, plain = callvoice_words(recogniser), plain_words(recogniser)
    silence = np.zeros(RATE_HZ, np.float32)

    def around(*between: Samples) -> tuple[int, int]:
        counts = [
            right_and_extra(ours(np.concatenate([p.first, *between, p.second])), p.words)
            for p in spoken
        ]
        right, extra = zip(*counts, strict=True)
        return sum(right), sum(extra)

    n_words = sum(len(p.words) for p in spoken)
    print("| stimulus | words alone | between: right, too many | faster-whisper alone |")
    print("|---|---|---|---|")
    right, extra = around(silence)
    print(f"| none | | {right} of {n_words}, {extra} | |")
    for name, sound in stimuli(arguments.music):
        alone = ours(sound)
        right, extra = around(silence, sound, silence)
        print(
            f"| {name} | {len(alone)} {' '.join(alone)[:60]} | {right} of {n_words}, {extra} |"
            f" {len(plain(sound))} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
