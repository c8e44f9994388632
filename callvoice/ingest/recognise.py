"""Speech to words: windows of speech through the model, and back to the call's clock.

The call's speech is packed into windows (``windows``), decoded in batches (``whisper``), weighed
(``gates``) and its words moved to the edges of speech (``edges``). What is in doubt is decoded once
more with more care; what is still in doubt is dropped, and listed.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from callvoice.ingest.edges import snapped
from callvoice.ingest.gates import GateOptions, doubt, n_letters, sparse
from callvoice.ingest.models import InstalledModel
from callvoice.ingest.whisper import RATE_HZ, DecodingOptions, Encoded, Passage, Whisper
from callvoice.ingest.windows import Window, pack
from callvoice.types import Audio, Dropped, Interval, Word

Progress = Callable[[float, float], None]
Decoder = Literal["windows", "sequential"]
_CAREFUL = DecodingOptions(beam_size=5, repetition_penalty=1.2)


@dataclass(frozen=True)
class RecogniserOptions:
    """How words are decoded.

    ``decoder`` "sequential" is plain faster-whisper, slower, for comparison. ``language_prior`` is
    what speaks for a language beforehand, in nats: these calls are German first.
    """

    decoder: Decoder = "windows"
    batch_size: int = 4
    beam_size: int = 1
    device: str = "cpu"
    compute_type: str = "int8"
    gates: GateOptions = field(default_factory=GateOptions)
    language_prior: tuple[tuple[str, float], ...] = (("de", 2.0), ("en", 1.0))


@dataclass(frozen=True)
class Recognised:
    """Words per channel ``[n_channels]`` in order of time, the language, what was dropped."""

    language: str
    words: tuple[tuple[Word, ...], ...]
    dropped: tuple[Dropped, ...] = ()


@dataclass(frozen=True)
class _Judged:
    """A window with what was decoded from it, and why that is not believed."""

    window: Window
    passage: Passage
    reason: str | None


class Recogniser:
    """A speech model by name or path. It is loaded at its first use and then serves many calls."""

    def __init__(self, name_or_path: str, *, options: RecogniserOptions | None = None) -> None:
        """Nothing is loaded yet."""
        self.options = options or RecogniserOptions()
        self._name = name_or_path

    @cached_property
    def whisper(self) -> Whisper:
        """The model behind it."""
        return Whisper(
            self._name, device=self.options.device, compute_type=self.options.compute_type
        )

    @property
    def model(self) -> InstalledModel:
        """Which model this is.

        Raises:
            UnknownModel, CorruptModel, CannotWrite: as ``models.find``.
        """
        return self.whisper.model

    def recognise(
        self,
        audio: Audio,
        speech: Sequence[Sequence[Interval]],
        *,
        language: str | None,
        progress: Progress | None = None,
    ) -> Recognised:
        """Words of all channels.

        Args:
            audio: the call.
            speech: per channel, where somebody speaks.
            language: fixed language code, or None to decide it from the speech.
            progress: called with (seconds of speech done, seconds in all).

        Returns:
            Words with times on the call's clock, inside ``speech``.
        """
        batches = self._batches(audio, speech)
        if not batches:
            return Recognised(language or "de", tuple(() for _ in speech))
        first = self._encode(batches[0], audio)
        language = language or self._language(batches[0], first)
        if self.options.decoder == "sequential":
            return self._sequential(audio, language, progress)
        total_s = sum(w.carried_s for batch in batches for w in batch)
        done_s, judged = 0.0, []
        for number, batch in enumerate(batches):
            encoded = self._encode(batch, audio) if number else first
            for item in self._judge(batch, encoded, language):
                judged += self._in_halves(item, audio, language)
            done_s += sum(w.carried_s for w in batch)
            if progress:
                progress(done_s, total_s)
        return _collect(judged, speech, language)

    def _batches(self, audio: Audio, speech: Sequence[Sequence[Interval]]) -> list[list[Window]]:
        """Windows of all channels; those of like length share a batch, the longest come first."""
        windows = [
            window
            for channel, intervals in enumerate(speech)
            for window in pack(intervals, channel=channel, duration_s=audio.duration_s)
        ]
        windows.sort(key=lambda w: -w.length_s)
        size = self.options.batch_size
        return [windows[at : at + size] for at in range(0, len(windows), size)]

    def _encode(self, batch: Sequence[Window], audio: Audio) -> Encoded:
        return self.whisper.encode([_resampled(w.render(audio), audio.rate_hz) for w in batch])

    def _language(self, batch: Sequence[Window], encoded: Encoded) -> str:
        """What the longest windows together make most probable; none can rule out a language."""
        evidence = defaultdict(float, self.options.language_prior)
        for window, shares in zip(batch, self.whisper.languages(encoded), strict=True):
            weight = min(1.0, window.speech_s / self.options.gates.language_min_s)
            for code, share in shares.items():
                evidence[code] += weight * math.log(max(share, 1e-3))
        return max(evidence, key=lambda code: evidence[code])

    def _judge(self, batch: Sequence[Window], encoded: Encoded, language: str) -> Iterator[_Judged]:
        """Decode a batch; where any window is in doubt, once more with care."""
        languages = self.whisper.languages(encoded)

        def weigh(passages: Sequence[Passage]) -> list[_Judged]:
            return [
                _Judged(
                    window,
                    passage,
                    doubt(
                        passage,
                        speech_s=window.speech_s,
                        language=language,
                        languages=shares,
                        options=self.options.gates,
                    ),
                )
                for window, passage, shares in zip(batch, passages, languages, strict=True)
            ]

        plain = DecodingOptions(beam_size=self.options.beam_size)
        judged = weigh(self.whisper.decode(encoded, language=language, options=plain))
        if any(j.reason for j in judged):
            again = weigh(self.whisper.decode(encoded, language=language, options=_CAREFUL))
            judged = [
                b if a.reason and b.passage.words else a for a, b in zip(judged, again, strict=True)
            ]
        yield from judged

    def _in_halves(self, item: _Judged, audio: Audio, language: str) -> list[_Judged]:
        """A window of which too little is believed, heard again in two; the better of both.

        Whisper passes over whole sentences where a window holds several, and a window that is not
        believed may be half a good one.
        """
        lost = item.reason is not None or sparse(
            item.passage, speech_s=item.window.speech_s, options=self.options.gates
        )
        halves = item.window.halves() if lost else None
        if halves is None or item.window.speech_s < self.options.gates.sparse_min_s:
            return [item]
        again = list(self._judge(halves, self._encode(halves, audio), language))
        return again if _believed(again) > _believed([item]) else [item]

    def _sequential(self, audio: Audio, language: str, progress: Progress | None) -> Recognised:
        words = []
        for channel in range(audio.n_channels):
            sound = _resampled(audio.channel(channel), audio.rate_hz)
            heard = self.whisper.transcribe(
                sound, language=language, beam_size=self.options.beam_size
            )
            words.append(tuple(_word(w.text, w.start_s, w.end_s, w.probability) for w in heard))
            if progress:
                progress((channel + 1) * audio.duration_s, audio.n_channels * audio.duration_s)
        return Recognised(language, tuple(words))


def _believed(items: Sequence[_Judged]) -> int:
    return sum(n_letters(item.passage.text) for item in items if item.reason is None)


def _collect(
    judged: Sequence[_Judged], speech: Sequence[Sequence[Interval]], language: str
) -> Recognised:
    words: list[list[Word]] = [[] for _ in speech]
    dropped = []
    for item in judged:
        if item.reason is None:
            words[item.window.channel].extend(_on_the_call(item))
        else:
            dropped.append(_dropped(item, item.reason))
    lines = (
        snapped(sorted(line, key=lambda w: w.start_s), stretches)
        for line, stretches in zip(words, speech, strict=True)
    )
    return Recognised(language, tuple(lines), tuple(sorted(dropped, key=lambda d: d.start_s)))


def _on_the_call(item: _Judged) -> Iterator[Word]:
    for word in item.passage.words:
        time = item.window.to_call(word.start_s, word.end_s)
        yield _word(word.text, time.start_s, time.end_s, word.probability)


def _dropped(item: _Judged, reason: str) -> Dropped:
    pieces = item.window.pieces
    return Dropped(
        channel=item.window.channel,
        start_s=round(pieces[0].start_s, 3),
        end_s=round(pieces[-1].end_s, 3),
        reason=reason,
        n_words=len(item.passage.words),
        text=item.passage.text,
    )


def _word(text: str, start_s: float, end_s: float, probability: float) -> Word:
    return Word(text, round(start_s, 3), round(end_s, 3), round(min(probability, 1.0), 3))


def _resampled(sound: NDArray[np.float32], rate_hz: int) -> NDArray[np.float32]:
    import soxr

    return sound if rate_hz == RATE_HZ else np.asarray(soxr.resample(sound, rate_hz, RATE_HZ))
