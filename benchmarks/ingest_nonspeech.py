"""Words that are heard where nobody speaks.

    OMP_NUM_THREADS=1 python benchmarks/ingest_nonspeech.py SENTENCE SENTENCE [--music DIR]

Twelve stimuli of 30 s at 8 kHz, each alone and between the two sentences (any two recordings of
somebody speaking): silence, white and pink noise, hum, breathing, ringback, busy and dial tone,
DTMF, and three pieces of music. Music is taken from the recordings in DIR if there are any (real
music; the first three by name), else made of chords. Printed are the words of callvoice, those of
faster-whisper without voice activity detection, and the share of the sentences' words that remain.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import soundfile
import soxr
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


def sentence(path: Path) -> Samples:
    """A recording at the stimuli's rate, one channel."""
    sound, rate_hz = soundfile.read(path, dtype="float32", always_2d=True)
    return np.asarray(soxr.resample(sound.mean(axis=1), rate_hz, RATE_HZ), np.float32)


def callvoice_words(recogniser: Recogniser) -> Callable[[Samples], list[str]]:
    """Words by callvoice."""

    def run(sound: Samples) -> list[str]:
        audio = Audio(sound[None], RATE_HZ)
        speech = [prosody.speech_intervals(t) for t in prosody.make_tracks(audio)]
        heard = recogniser.recognise(audio, speech, language="de")
        return [word.text for word in heard.words[0]]

    return run


def plain_words(recogniser: Recogniser) -> Callable[[Samples], list[str]]:
    """Words by faster-whisper as it comes."""

    def run(sound: Samples) -> list[str]:
        at_16_khz = soxr.resample(sound, RATE_HZ, 16000)
        segments, _ = recogniser.whisper.loaded.transcribe(at_16_khz, language="de", beam_size=1)
        return " ".join(s.text for s in segments).split()

    return run


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sentences", type=Path, nargs=2)
    parser.add_argument("--music", type=Path, help="a folder with recordings of music")
    arguments = parser.parse_args()
    first, second = (sentence(path) for path in arguments.sentences)
    recogniser = Recogniser("base")
    ours, plain = callvoice_words(recogniser), plain_words(recogniser)
    silence = np.zeros(RATE_HZ, np.float32)
    said = ours(np.concatenate([first, silence, second]))
    print(f"said: {' '.join(said)}\n")
    print(
        "| stimulus | words alone | between sentences: of theirs, others | faster-whisper alone |"
    )
    print("|---|---|---|---|")
    for name, sound in stimuli(arguments.music):
        alone = ours(sound)
        between = ours(np.concatenate([first, silence, sound, silence, second]))
        kept = [word for word in said if word in between]
        others = [word for word in between if word not in said]
        print(
            f"| {name} | {len(alone)} {' '.join(alone)[:60]} | {len(kept)}/{len(said)},"
            f" {len(others)} {' '.join(others)[:60]} | {len(plain(sound))} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
