"""Speech to words: the one door to faster-whisper.

The call's speech is packed into windows (see ``windows``), decoded in batches without padding each
to Whisper's 30 s, and the words are mapped back to the call's clock. What the recogniser itself
doubts (probable silence, improbable or repetitive text) is dropped and counted, never silently.
"""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from callvoice.errors import CorruptModel
from callvoice.ingest.models import InstalledModel, find
from callvoice.ingest.windows import Window, pack
from callvoice.types import Audio, Interval, Word

if TYPE_CHECKING:
    from faster_whisper.transcribe import BatchedInferencePipeline, TranscriptionOptions

RATE_HZ = 16_000  # what Whisper's features are made from
Progress = Callable[[float, float], None]
_Samples = NDArray[np.float32]


@dataclass(frozen=True)
class RecogniserOptions:
    """How words are decoded, and when they are not believed.

    Gates are Whisper's own: a segment is dropped when it is probably silence *and* improbable, when
    it is very improbable, or when it compresses like a repetition.
    """

    batch_size: int = 4
    beam_size: int = 1
    no_speech_above: float = 0.6
    log_probability_below: float = -1.0
    hopeless_below: float = -2.0
    compression_above: float = 2.4
    language_windows: int = 4


@dataclass(frozen=True)
class Recognised:
    """Words per channel ``[n_channels]`` in order of time, the language, what was dropped."""

    language: str
    words: tuple[tuple[Word, ...], ...]
    dropped: dict[str, int] = field(default_factory=dict)


class Recogniser:
    """A speech model by name or path. It is loaded at its first use and then serves many calls."""

    def __init__(self, name_or_path: str, *, options: RecogniserOptions | None = None) -> None:
        """Nothing is loaded yet."""
        self.options = options or RecogniserOptions()
        self._name = name_or_path

    @cached_property
    def model(self) -> InstalledModel:
        """Which model this is.

        Raises:
            UnknownModel, CorruptModel, CannotWrite: as ``models.find``.
        """
        return find(self._name)

    @cached_property
    def _pipeline(self) -> BatchedInferencePipeline:
        """The loaded model, in 8-bit integers on the processor."""
        from faster_whisper import BatchedInferencePipeline, WhisperModel

        logging.getLogger("faster_whisper").setLevel(logging.WARNING)
        model = self.model
        try:
            return BatchedInferencePipeline(
                WhisperModel(
                    str(model.path), device="cpu", compute_type="int8", local_files_only=True
                )
            )
        except Exception as error:  # CTranslate2 and tokenizers raise many classes
            raise CorruptModel(
                f"the model '{model.name}' in {model.path} cannot be loaded"
                f" ({str(error).splitlines()[0]}). Remove that folder and start again, or pull it"
                " again."
            ) from error

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
        windows = [
            window
            for channel, intervals in enumerate(speech)
            for window in pack(intervals, channel=channel, duration_s=audio.duration_s)
        ]
        language = language or self._language(audio, windows)
        words: list[list[Word]] = [[] for _ in range(audio.n_channels)]
        dropped: Counter[str] = Counter()
        for window, segments in self._decoded(audio, windows, language, progress):
            for segment in segments:
                reason = self._doubt(segment)
                if reason is None:
                    words[window.channel].extend(_words(segment, window))
                else:
                    dropped[reason] += len(segment["words"])
        return Recognised(language, tuple(tuple(w) for w in words), dict(dropped))

    def _language(self, audio: Audio, windows: Sequence[Window]) -> str:
        """The language that the longest windows together make most probable."""
        if not windows:
            return "de"
        longest = sorted(windows, key=lambda w: -w.speech_s)[: self.options.language_windows]
        evidence: defaultdict[str, float] = defaultdict(float)
        for window in longest:
            features = self._features([window], audio)
            encoded = self._pipeline.model.encode(features)
            for token, probability in self._pipeline.model.model.detect_language(encoded)[0]:
                evidence[token[2:-2]] += float(np.log(max(probability, 1e-6)))
        return max(evidence, key=lambda code: evidence[code])

    def _decoded(
        self,
        audio: Audio,
        windows: Sequence[Window],
        language: str,
        progress: Progress | None,
    ) -> Iterator[tuple[Window, list[dict[str, Any]]]]:
        """Each window with its segments; windows of like length share a batch."""
        total_s = sum(w.speech_s for w in windows)
        done_s = 0.0
        ordered = sorted(windows, key=lambda w: -w.length_s)
        size = self.options.batch_size
        results: dict[int, list[dict[str, Any]]] = {}
        for first in range(0, len(ordered), size):
            batch = ordered[first : first + size]
            for window, segments in zip(batch, self._decode(batch, audio, language), strict=True):
                results[id(window)] = segments
            done_s += sum(w.speech_s for w in batch)
            if progress:
                progress(done_s, total_s)
        for window in windows:
            yield window, results[id(window)]

    def _decode(
        self, batch: Sequence[Window], audio: Audio, language: str
    ) -> list[list[dict[str, Any]]]:
        from faster_whisper.tokenizer import Tokenizer

        whisper = self._pipeline.model
        tokenizer = Tokenizer(
            whisper.hf_tokenizer,
            whisper.model.is_multilingual,
            task="transcribe",
            language=language,
        )
        metadata = [{"offset": 0.0, "duration": window.length_s} for window in batch]
        options = _transcription_options(tokenizer, self.options.beam_size)
        result = self._pipeline.forward(self._features(batch, audio), tokenizer, metadata, options)
        self._pipeline.last_speech_timestamp = 0.0  # state of a running transcript; ours is none
        return list(result)

    def _features(self, batch: Sequence[Window], audio: Audio) -> _Samples:
        """Log-mel features ``[n_windows, n_mels, n_frames]``, as long as the longest window."""
        extract = self._pipeline.model.feature_extractor
        sounds = [_resampled(window.render(audio), audio.rate_hz) for window in batch]
        length = max(len(sound) for sound in sounds)
        padded = [np.pad(sound, (0, length - len(sound))) for sound in sounds]
        return np.stack([np.asarray(extract(sound), np.float32)[:, :-1] for sound in padded])

    def _doubt(self, segment: dict[str, Any]) -> str | None:
        """Why a segment is not believed, or None."""
        gates = self.options
        if segment["compression_ratio"] > gates.compression_above:
            return "repetitive"
        improbable = segment["avg_logprob"] < gates.log_probability_below
        if improbable and segment["no_speech_prob"] > gates.no_speech_above:
            return "no-speech"
        return "improbable" if segment["avg_logprob"] < gates.hopeless_below else None


def _words(segment: dict[str, Any], window: Window) -> Iterator[Word]:
    """A segment's words; the recogniser marks a new one by a leading space ("a", ".m." is one)."""
    joined: list[dict[str, Any]] = []
    for part in segment["words"]:
        if joined and not part["word"].startswith(" "):
            last = joined[-1]
            joined[-1] = {
                "word": last["word"] + part["word"],
                "start": last["start"],
                "end": part["end"],
                "probability": min(last["probability"], part["probability"]),
            }
        else:
            joined.append(part)
    for word in joined:
        if text := word["word"].strip():
            time = window.to_call(word["start"], word["end"])
            yield Word(text, time.start_s, time.end_s, round(float(word["probability"]), 3))


def _resampled(sound: _Samples, rate_hz: int) -> _Samples:
    import soxr

    return sound if rate_hz == RATE_HZ else np.asarray(soxr.resample(sound, rate_hz, RATE_HZ))


def _transcription_options(tokenizer: Any, beam_size: int) -> TranscriptionOptions:
    """faster-whisper's options with what matters here set and all else at rest."""
    from faster_whisper.transcribe import TranscriptionOptions, get_suppressed_tokens

    chosen = {
        "beam_size": beam_size,
        "best_of": 1,
        "patience": 1.0,
        "length_penalty": 1.0,
        "repetition_penalty": 1.0,
        "no_repeat_ngram_size": 0,
        "temperatures": [0.0],
        "suppress_blank": True,
        "suppress_tokens": get_suppressed_tokens(tokenizer, [-1]),
        "without_timestamps": True,
        "max_initial_timestamp": 0.0,
        "word_timestamps": True,
        "prepend_punctuations": "\"'“¿([{-",
        "append_punctuations": "\"'.。,，!！?？:：”)]}、",
        "condition_on_previous_text": False,
        "prompt_reset_on_temperature": 0.5,
        "multilingual": False,
    }
    at_rest = {f.name: None for f in fields(TranscriptionOptions)}
    return TranscriptionOptions(**{**at_rest, **chosen})
