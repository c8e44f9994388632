"""Recognition beside plain faster-whisper on the same model, in the same run.

    OMP_NUM_THREADS=1 python benchmarks/ingest_recognition.py DATA [--limit N] [--beam 1]
        [--only 16k tel calls] [--systems NAME]

``DATA`` holds ``emodb`` (16 kHz FLAC sentences with ``.silb`` syllable labels, their texts in
``DATA/README.md`` as "a01 Text · a02 Text") and ``harper_valley`` (two-channel calls with human
segments in JSON), each optional. Needs the extra ``bench``.

Protocol: all sentences of a speaker are joined in random order with pauses of 0.5 to 2 s, one
channel, at 16 kHz and as "tel" (300-3400 Hz, 8 kHz, an A-law round trip). Word error rate: lower
case, no punctuation, digits spelt out on both sides, pooled over all words. Times are seconds of
processor time, the model's loading left out. Word edges are those of correctly recognised words
against the labels (times of ``.silb`` are where a syllable begins): the start of the first word
after a pause, the end of the last word before one, and all edges between. ``--limit`` takes so many
sentences of each speaker and so many calls.
"""

from __future__ import annotations

import argparse
import json
import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jiwer
import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray
from sounds import telephone

from callvoice import prosody
from callvoice.ingest.recognise import Recogniser, RecogniserOptions
from callvoice.text.syllables import count_syllables
from callvoice.text.verbalise import verbalise
from callvoice.types import Audio, Word

Samples = NDArray[np.float32]


@dataclass(frozen=True)
class Reference:
    """A spoken word; times are None where no label tells them."""

    text: str
    start_s: float | None = None
    end_s: float | None = None
    first: bool = False
    last: bool = False


@dataclass(frozen=True)
class Recording:
    """Sound ``[n_channels, n_samples]`` and what is said on each channel."""

    name: str
    samples: Samples
    rate_hz: int
    language: str
    words: tuple[tuple[Reference, ...], ...]


System = Callable[[Recording], list[list[Word]]]


# --- material -------------------------------------------------------------------------------------


def sentence_texts(readme: Path) -> dict[str, str]:
    """Texts of the labelled sentences by their code."""
    found = re.findall(r"\b([ab]\d\d) ([^·\n]+?)(?: ·|\n)", readme.read_text("utf-8"))
    return {code: text.strip() for code, text in found}


def joined(folder: Path, texts: dict[str, str], *, tel: bool, limit: int | None) -> list[Recording]:
    """One recording per speaker: all sentences with pauses between them."""
    speakers: dict[str, list[Path]] = {}
    for path in sorted(folder.glob("*.flac")):
        speakers.setdefault(path.name[:2], []).append(path)
    return [_joined(name, paths[:limit], texts, tel=tel) for name, paths in speakers.items()]


def _joined(name: str, paths: Sequence[Path], texts: dict[str, str], *, tel: bool) -> Recording:
    rng = np.random.default_rng(int(name))
    parts: list[Samples] = []
    words: list[Reference] = []
    at_s = 0.0
    for path in rng.permutation(np.array(paths)):
        sound, rate_hz = soundfile.read(path, dtype="float32")
        words.extend(_labelled(path, texts[path.name[2:5]], at_s))
        pause = rng.standard_normal(round(rate_hz * rng.uniform(0.5, 2.0))) * 1e-4
        parts += [sound, pause.astype(np.float32)]
        at_s += (len(sound) + len(pause)) / rate_hz
    samples = np.concatenate(parts)
    if tel:
        samples, rate_hz = telephone(samples, rate_hz), 8000
    return Recording(name, samples[None], rate_hz, "de", (tuple(words),))


def _labelled(path: Path, text: str, at_s: float) -> Iterator[Reference]:
    """The words of a sentence with the times of their syllables."""
    words = re.findall(r"\w+", text)
    lines = path.with_suffix(".silb").read_text("latin1").splitlines()
    rows = [line.split() for line in lines if re.match(r"^\s*\d", line) and len(line.split()) > 1]
    starts = [at_s + float(row[0]) for row in rows]
    spoken = [k for k, row in enumerate(rows) if row[1][0] not in "(."]
    counts = [count_syllables(word, "de") for word in words]
    if sum(counts) != len(spoken) or rows[-1][1][0] != ".":
        yield from (Reference(word) for word in words)
        return
    at = 0
    for word, count in zip(words, counts, strict=True):
        first, last = spoken[at], spoken[at + count - 1]
        yield Reference(
            word,
            starts[first],
            starts[last + 1],
            first=first == 0 or rows[first - 1][1][0] == "(",
            last=rows[last + 1][1][0] in "(.",
        )
        at += count


def calls(folder: Path) -> list[Recording]:
    """Two-channel calls with what people heard on each channel."""
    found = []
    for path in sorted(folder.glob("*.flac")):
        samples, rate_hz = soundfile.read(path, dtype="float32", always_2d=True)
        segments = json.loads(path.with_suffix(".json").read_text())["segments"]
        words = tuple(
            tuple(
                Reference(word)
                for segment in segments
                if segment["role"] == role
                for word in re.findall(r"[\w']+", re.sub(r"[<\[].*?[>\]]", " ", segment["human"]))
            )
            for role in ("agent", "caller")
        )
        found.append(Recording(path.stem, np.ascontiguousarray(samples.T), rate_hz, "en", words))
    return found


# --- systems --------------------------------------------------------------------------------------


def callvoice_windows(recogniser: Recogniser) -> System:
    """callvoice: speech activity and recognition; its own processor time counts in full."""

    def run(recording: Recording) -> list[list[Word]]:
        audio = Audio(recording.samples, recording.rate_hz)
        speech = [prosody.speech_intervals(t) for t in prosody.make_tracks(audio)]
        heard = recogniser.recognise(audio, speech, language=recording.language)
        return [list(line) for line in heard.words]

    return run


def plain(recogniser: Recogniser, *, batched: bool, beam: int) -> System:
    """faster-whisper as it comes, with its voice activity detection, each channel by itself."""
    from faster_whisper import BatchedInferencePipeline

    pipeline = BatchedInferencePipeline(recogniser.whisper.loaded)

    def run(recording: Recording) -> list[list[Word]]:
        lines = []
        for channel in recording.samples:
            sound = soxr.resample(channel, recording.rate_hz, 16000)
            options: dict[str, Any] = {
                "language": recording.language,
                "beam_size": beam,
                "word_timestamps": True,
                "vad_filter": True,
            }
            if batched:
                segments, _ = pipeline.transcribe(sound, batch_size=8, **options)
            else:
                segments, _ = pipeline.model.transcribe(sound, **options)
            lines.append(
                [
                    Word(w.word.strip(), w.start, w.end, w.probability)
                    for s in segments
                    for w in s.words or ()
                ]
            )
        return lines

    return run


# --- scores ---------------------------------------------------------------------------------------


@dataclass
class Score:
    """Counts over recordings; edges are absolute errors in seconds."""

    errors: int = 0
    words: int = 0
    seconds: float = 0.0
    inside: list[float] = field(default_factory=list)
    first: list[float] = field(default_factory=list)
    last: list[float] = field(default_factory=list)
    each: dict[str, Score] = field(default_factory=dict)

    @property
    def wer(self) -> float:
        """Word error rate in %."""
        return 100 * self.errors / max(self.words, 1)

    def add(self, name: str, other: Score) -> None:
        """Count another recording."""
        self.each[name] = other
        self.errors += other.errors
        self.words += other.words
        self.seconds += other.seconds
        self.inside += other.inside
        self.first += other.first
        self.last += other.last


def tidy(text: str, language: str) -> list[str]:
    """Words for comparison."""
    spelt = verbalise(text, language)
    return re.findall(r"\w+", spelt.lower().replace("'", "").replace("ß", "ss"))


def score(system: System, recordings: Sequence[Recording]) -> Score:
    """Word errors, processor time and edges of one system."""
    total = Score()
    for recording in recordings:
        one = Score()
        began = time.process_time()
        lines = system(recording)
        one.seconds = time.process_time() - began
        for line, reference in zip(lines, recording.words, strict=True):
            _count(one, line, reference, recording.language)
        total.add(recording.name, one)
    return total


def _count(
    total: Score, line: Sequence[Word], reference: Sequence[Reference], language: str
) -> None:
    heard = [(part, word) for word in line for part in tidy(word.text, language)]
    truth = [(part, word) for word in reference for part in tidy(word.text, language)]
    out = jiwer.process_words(
        " ".join(part for part, _ in truth), " ".join(part for part, _ in heard)
    )
    total.errors += out.substitutions + out.deletions + out.insertions
    total.words += len(truth)
    for chunk in out.alignments[0]:
        if chunk.type == "equal":
            for k in range(chunk.ref_end_idx - chunk.ref_start_idx):
                _edges(total, truth[chunk.ref_start_idx + k][1], heard[chunk.hyp_start_idx + k][1])


def _edges(total: Score, truth: Reference, word: Word) -> None:
    if truth.start_s is None or truth.end_s is None:
        return
    (total.first if truth.first else total.inside).append(abs(word.start_s - truth.start_s))
    (total.last if truth.last else total.inside).append(abs(word.end_s - truth.end_s))


def table(title: str, recordings: Sequence[Recording], systems: dict[str, System]) -> None:
    """Print one table, the first system's time as the unit."""
    if not recordings:
        return
    print(f"\n{title}")
    print("| | WER % | processor s | faster than the first | inside · first · last, ms |")
    print("|---|---|---|---|---|")
    results = {}
    for name, system in systems.items():
        results[name] = result = score(system, recordings)
        first = next(iter(results.values()))
        edges = " · ".join(
            f"{1000 * np.median(values):.0f}" if values else "–"
            for values in (result.inside, result.first, result.last)
        )
        print(
            f"| {name} | {result.wer:.1f} | {result.seconds:.1f} |"
            f" {first.seconds / max(result.seconds, 1e-9):.2f} | {edges} |",
            flush=True,
        )
    print("\nWER % of each recording:\n")
    print(f"| | {' | '.join(recording.name[:8] for recording in recordings)} |")
    print("|---|" + "---|" * len(recordings))
    for name, result in results.items():
        print(f"| {name} | {' | '.join(f'{one.wer:.1f}' for one in result.each.values())} |")


def main() -> None:
    """Print all tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument(
        "--limit", type=int, help="sentences of each speaker and calls, for a quick look"
    )
    parser.add_argument("--beam", type=int, default=1)
    parser.add_argument("--only", nargs="*", default=["16k", "tel", "calls"])
    parser.add_argument("--systems", nargs="*", help="some of the systems")
    arguments = parser.parse_args()
    recogniser = Recogniser("base", options=RecogniserOptions(beam_size=arguments.beam))
    systems = {
        "faster-whisper, sequential": plain(recogniser, batched=False, beam=arguments.beam),
        "faster-whisper, batched": plain(recogniser, batched=True, beam=arguments.beam),
        "callvoice": callvoice_windows(recogniser),
    }
    systems = {k: v for k, v in systems.items() if not arguments.systems or k in arguments.systems}
    emodb = arguments.data / "emodb"
    if emodb.is_dir():
        texts = sentence_texts(arguments.data / "README.md")
        for name, tel in (("16k", False), ("tel", True)):
            if name in arguments.only:
                table(name, joined(emodb, texts, tel=tel, limit=arguments.limit), systems)
    if "calls" in arguments.only and (arguments.data / "harper_valley").is_dir():
        table("calls", calls(arguments.data / "harper_valley")[: arguments.limit], systems)


if __name__ == "__main__":
    main()
