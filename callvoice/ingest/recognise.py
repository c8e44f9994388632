"""Speech to words: windows of speech through the model, and back to the call's clock.

The call's speech is packed into windows (``windows``), decoded in batches (``whisper``), weighed
(``gates``) and its words moved to the edges of speech (``edges``). Whatever is in doubt, and speech
that has too few words, is heard once more in smaller windows and with more care; what is still in
doubt, or still without a word, is listed.
"""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from callvoice.ingest.edges import snapped
from callvoice.ingest.gates import GateOptions, doubt, n_letters, straddled, unheard
from callvoice.ingest.models import InstalledModel
from callvoice.ingest.whisper import RATE_HZ, DecodingOptions, Encoded, Passage, Whisper
from callvoice.ingest.windows import Window, pack
from callvoice.types import Audio, Dropped, Interval, Word

Progress = Callable[[float, float], None]
Decoder = Literal["windows", "sequential"]
_CAREFUL = DecodingOptions(beam_size=5, repetition_penalty=1.2)
_ALIKE = 0.8  # windows in a batch are padded to the longest; the shortest is no shorter than this


@dataclass(frozen=True)
class RecogniserOptions:
    """How words are decoded.

    ``decoder`` "sequential" is plain faster-whisper, slower, for comparison. ``language_prior`` is
    what speaks for a language beforehand, in nats: these calls are German first;
    ``language_windows``, or as many as there are, tell it.
    """

    decoder: Decoder = "windows"
    batch_size: int = 4
    beam_size: int = 1
    device: str = "cpu"
    compute_type: str = "int8"
    gates: GateOptions = field(default_factory=GateOptions)
    language_windows: int = 3
    language_prior: tuple[tuple[str, float], ...] = (("de", 2.0), ("en", 1.0))


@dataclass(frozen=True)
class Recognised:
    """Words per channel ``[n_channels]`` in order of time, the language, what was dropped."""

    language: str
    words: tuple[tuple[Word, ...], ...]
    dropped: tuple[Dropped, ...] = ()


@dataclass(frozen=True)
class _Judged:
    """A window with what was decoded from it, why that is not believed, and which of its pieces
    have too little text.
    """

    window: Window
    passage: Passage
    reason: str | None
    unheard: tuple[bool, ...]

    @property
    def n_believed(self) -> int:
        """Letters that count."""
        return 0 if self.reason else n_letters(self.passage.text)

    def part(self, first: int, stop: int) -> _Judged:
        """The pieces ``first`` to ``stop`` - 1 with their words."""
        begin_s = self.window.pieces[first].at_s
        words = tuple(
            replace(word, start_s=word.start_s - begin_s, end_s=word.end_s - begin_s)
            for word in self.passage.words
            if first <= self.window.holder(word.start_s, word.end_s) < stop
        )
        return _Judged(
            self.window.part(first, stop),
            replace(self.passage, words=words),
            self.reason,
            self.unheard[first:stop],
        )


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
        batches = self._batches(
            window
            for channel, intervals in enumerate(speech)
            for window in pack(intervals, channel=channel, duration_s=audio.duration_s)
        )
        if not batches:
            return Recognised(language or "de", tuple(() for _ in speech))
        ahead = [] if language else self._ahead(batches, audio)
        language = language or self._language(batches, ahead)
        if self.options.decoder == "sequential":
            return self._sequential(audio, language, progress)
        total_s = sum(w.carried_s for batch in batches for w in batch)
        done_s, judged = 0.0, []
        for number, batch in enumerate(batches):
            encoded = ahead[number] if number < len(ahead) else self._encode(batch, audio)
            judged += self._again(self._judge(batch, encoded, language), audio, language)
            done_s += sum(w.carried_s for w in batch)
            if progress:
                progress(done_s, total_s)
        return _collect(judged, speech, language)

    def _batches(self, windows: Iterable[Window]) -> list[list[Window]]:
        """Windows of like length share a batch, the longest come first."""
        batches: list[list[Window]] = []
        for window in sorted(windows, key=lambda w: -w.length_s):
            last = batches[-1] if batches else []
            full = len(last) == self.options.batch_size
            if not last or full or window.length_s < _ALIKE * last[0].length_s:
                batches.append([])
            batches[-1].append(window)
        return batches

    def _encode(self, batch: Sequence[Window], audio: Audio) -> Encoded:
        return self.whisper.encode([_resampled(w.render(audio), audio.rate_hz) for w in batch])

    def _ahead(self, batches: Sequence[Sequence[Window]], audio: Audio) -> list[Encoded]:
        """The first batches: as many as tell the language."""
        before = itertools.accumulate(map(len, batches), initial=0)
        return [
            self._encode(batch, audio)
            for batch, n_before in zip(batches, before, strict=False)
            if n_before < self.options.language_windows
        ]

    def _language(self, batches: Sequence[Sequence[Window]], ahead: Sequence[Encoded]) -> str:
        """What the longest windows together make most probable; none can rule out a language."""
        evidence = defaultdict(float, self.options.language_prior)
        windows = itertools.chain.from_iterable(batches)
        found = itertools.chain.from_iterable(map(self.whisper.languages, ahead))
        for window, shares in zip(windows, found, strict=False):
            weight = min(1.0, window.speech_s / self.options.gates.language_min_s)
            for code, share in shares.items():
                evidence[code] += weight * math.log(max(share, 1e-3))
        return max(evidence, key=lambda code: evidence[code])

    def _judge(
        self,
        batch: Sequence[Window],
        encoded: Encoded,
        language: str,
        options: DecodingOptions | None = None,
    ) -> list[_Judged]:
        """Decode a batch and weigh what comes of it."""
        options = options or DecodingOptions(beam_size=self.options.beam_size)
        passages = self.whisper.decode(encoded, language=language, options=options)
        gates, out = self.options.gates, []
        for window, passage, shares in zip(
            batch, passages, self.whisper.languages(encoded), strict=True
        ):
            reason = doubt(
                passage,
                speech_s=window.speech_s,
                language=language,
                languages=shares,
                options=gates,
            )
            lacking = unheard(passage, window.speech, options=gates)
            out.append(_Judged(window, passage, reason, tuple(lacking.tolist())))
        return out

    def _again(self, judged: Sequence[_Judged], audio: Audio, language: str) -> list[_Judged]:
        """What is in doubt, heard again in smaller windows; the better of both."""
        parts = [part for item in judged for part in _parts(item)]
        heard = {
            item.window: item
            for batch in self._batches(window for _, windows in parts for window in windows)
            for item in self._judge(batch, self._encode(batch, audio), language, _CAREFUL)
        }
        out = []
        for item, windows in parts:
            again = [heard[window] for window in windows]
            better = sum(a.n_believed for a in again) > item.n_believed
            out += again if better else [item]
        return out

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


def _parts(item: _Judged) -> Iterator[tuple[_Judged, Sequence[Window]]]:
    """What a window falls into, each with the windows in which to hear it again: a doubtful one
    its halves, pieces with too little text each by itself, the rest none.

    Whisper passes over whole sentences where a window holds several, above all the same twice.
    """
    whole = item.window
    if item.reason:
        yield item, whole.halves() or (whole,)
        return
    around = _with_neighbours(item)
    for doubtful, run in itertools.groupby(range(len(around)), key=around.__getitem__):
        at = list(run)
        windows = [whole.part(k, k + 1) for k in at] if doubtful else []
        yield item.part(at[0], at[-1] + 1), windows


def _with_neighbours(item: _Judged) -> list[bool]:
    """Pieces with too little text, and those with which they share a word."""
    lacking = np.array(item.unheard)
    shared = straddled(item.passage, item.window.speech)
    around = lacking.copy()
    around[1:] |= lacking[:-1] & shared
    around[:-1] |= lacking[1:] & shared
    return [bool(a) for a in around]


def _collect(
    judged: Sequence[_Judged], speech: Sequence[Sequence[Interval]], language: str
) -> Recognised:
    words: list[list[Word]] = [[] for _ in speech]
    dropped: list[Dropped] = []
    for item in judged:
        if item.reason is None:
            words[item.window.channel].extend(_on_the_call(item))
        dropped.extend(_listed(item))
    lines = (
        snapped(sorted(line, key=lambda w: w.start_s), stretches)
        for line, stretches in zip(words, speech, strict=True)
    )
    return Recognised(language, tuple(lines), tuple(sorted(dropped, key=lambda d: d.start_s)))


def _on_the_call(item: _Judged) -> Iterator[Word]:
    for word in item.passage.words:
        time = item.window.to_call(word.start_s, word.end_s)
        yield _word(word.text, time.start_s, time.end_s, word.probability)


def _listed(item: _Judged) -> Iterator[Dropped]:
    """What is not believed, and speech in which nothing was heard."""
    if item.reason:
        yield _dropped(item, item.reason)
        return
    holders = {item.window.holder(word.start_s, word.end_s) for word in item.passage.words}
    for number, lacking in enumerate(item.unheard):
        if lacking and number not in holders:
            yield _dropped(item.part(number, number + 1), "unheard")


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
