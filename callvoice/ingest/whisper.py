"""The one door to faster-whisper: a loaded model that decodes windows of sound in batches.

A window is decoded as it is, without padding it to Whisper's 30 s: that is where the time goes.
Each comes back as one :class:`Passage` with the recogniser's own doubts, which ``gates`` weighs.
"""

from __future__ import annotations

import logging
import math
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from callvoice.errors import CorruptModel, DeviceUnavailable
from callvoice.ingest.models import InstalledModel, find

if TYPE_CHECKING:
    from faster_whisper import WhisperModel
    from faster_whisper.tokenizer import Tokenizer

RATE_HZ = 16_000  # what Whisper's features are made from
FRAMES_PER_S = 100
_TOKENS_PER_S, _SPARE_TOKENS = 12, 16  # speech has three to eight a second
# oneDNN keeps machine code for every shape it has met, by default 1024 of them: over many calls
# that is a hundred megabytes, and windows seldom have the same length twice.
_FEW_PRIMITIVES = ("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "16")
_PREPENDED = "\"'“¿([{-"
_APPENDED = "\"'.。,，!！?？:：”)]}、"
_Samples = NDArray[np.float32]


@dataclass(frozen=True)
class Timed:
    """A word of a window; times are seconds in the window."""

    text: str
    start_s: float
    end_s: float
    probability: float


@dataclass(frozen=True)
class Passage:
    """What was decoded from one window, and how far the recogniser itself trusts it.

    ``log_probability`` is the mean over tokens; ``no_speech`` the probability that nobody speaks.
    """

    words: tuple[Timed, ...]
    log_probability: float
    no_speech: float

    @property
    def text(self) -> str:
        """The words, joined."""
        return " ".join(word.text for word in self.words)


@dataclass(frozen=True)
class DecodingOptions:
    """``repetition_penalty`` above 1 makes the recogniser avoid what it has just said."""

    beam_size: int = 1
    repetition_penalty: float = 1.0


class Encoded:
    """Windows that went through the encoder, ready to be decoded more than once."""

    def __init__(self, output: Any, lengths_s: Sequence[float]) -> None:
        """``output`` is CTranslate2's, of as many windows as there are ``lengths_s``."""
        self.output = output
        self.lengths_s = tuple(lengths_s)
        self.languages: list[dict[str, float]] | None = None  # once they were asked for


class Whisper:
    """A speech model by name or path, loaded at its first use."""

    def __init__(self, name_or_path: str, *, device: str = "cpu", compute_type: str = "int8"):
        """Nothing is loaded yet; ``device`` and ``compute_type`` as CTranslate2 names them."""
        self._name = name_or_path
        self._device, self._compute_type = device, compute_type
        self._tokenizers: dict[str, Tokenizer] = {}

    @cached_property
    def model(self) -> InstalledModel:
        """Which model this is.

        Raises:
            UnknownModel, CorruptModel, CannotWrite: as ``models.find``.
        """
        return find(self._name)

    @cached_property
    def loaded(self) -> WhisperModel:
        """faster-whisper's model.

        Raises:
            DeviceUnavailable: this machine has no such device, or it cannot compute in that type.
            CorruptModel: the folder holds no loadable model.
        """
        os.environ.setdefault(*_FEW_PRIMITIVES)
        from faster_whisper import WhisperModel

        logging.getLogger("faster_whisper").setLevel(logging.WARNING)
        try:
            return WhisperModel(
                str(self.model.path),
                device=self._device,
                compute_type=self._compute_type,
                local_files_only=True,
            )
        except Exception as error:  # CTranslate2 and tokenizers raise many classes
            raise self._why(str(error).splitlines()[0]) from error

    def _why(self, reason: str) -> CorruptModel | DeviceUnavailable:
        if _of_device(reason):
            return DeviceUnavailable(
                f"'{self.model.name}' cannot run on '{self._device}' as '{self._compute_type}'"
                f" ({reason}). Try --device cpu --compute-type int8."
            )
        return CorruptModel(
            f"the model '{self.model.name}' in {self.model.path} cannot be loaded"
            f" ({reason}). Remove that folder and start again, or pull it again."
        )

    @contextmanager
    def _on_device(self) -> Iterator[None]:
        """What a device fails at only while it computes, a missing library or memory, said so."""
        try:
            yield
        except RuntimeError as error:
            if not _of_device(str(error)):
                raise
            raise self._why(str(error).splitlines()[0]) from error

    def encode(self, sounds: Sequence[_Samples]) -> Encoded:
        """Sounds at 16 kHz, each ``[n_samples]``, through the encoder in one batch.

        Raises:
            DeviceUnavailable: the device fails at it, for want of a library or memory.
        """
        length = max(len(sound) for sound in sounds)
        padded = [np.pad(sound, (0, length - len(sound))) for sound in sounds]
        extract = self.loaded.feature_extractor
        features = np.stack([np.asarray(extract(sound), np.float32)[:, :-1] for sound in padded])
        lengths_s = [len(sound) / RATE_HZ for sound in sounds]
        with self._on_device():
            return Encoded(self.loaded.encode(features), lengths_s)

    def languages(self, encoded: Encoded) -> list[dict[str, float]]:
        """Probability of each language, window by window."""
        if not self.loaded.model.is_multilingual:
            return [{"en": 1.0}] * len(encoded.lengths_s)
        if encoded.languages is None:
            with self._on_device():
                found = self.loaded.model.detect_language(encoded.output)
            encoded.languages = [{t[2:-2]: float(share) for t, share in window} for window in found]
        return encoded.languages

    def decode(
        self, encoded: Encoded, *, language: str, options: DecodingOptions | None = None
    ) -> list[Passage]:
        """One passage per window, with the times of its words.

        Raises:
            DeviceUnavailable: as ``encode``.
        """
        with self._on_device():
            return self._decode(encoded, language, options or DecodingOptions())

    def _decode(self, encoded: Encoded, language: str, options: DecodingOptions) -> list[Passage]:
        whisper = self.loaded
        tokenizer = self._tokenizer(language)
        prompt = whisper.get_prompt(tokenizer, [], without_timestamps=True)
        results = whisper.model.generate(
            encoded.output,
            [prompt] * len(encoded.lengths_s),
            beam_size=options.beam_size,
            repetition_penalty=options.repetition_penalty,
            max_length=self._max_length(prompt, encoded),
            suppress_blank=True,
            suppress_tokens=_suppressed(tokenizer),
            return_scores=True,
            return_no_speech_prob=True,
        )
        tokens = [[t for t in r.sequences_ids[0] if t < tokenizer.eot] for r in results]
        frames = [max(1, int(s * FRAMES_PER_S)) for s in encoded.lengths_s]
        lines = whisper.find_alignment(tokenizer, tokens, encoded.output, frames)
        return [
            Passage(
                words=tuple(_words(line)),
                # The score is a mean over the tokens without the one that ends them.
                log_probability=r.scores[0] * len(ids) / (len(ids) + 1) if ids else 0.0,
                no_speech=float(r.no_speech_prob),
            )
            for r, ids, line in zip(results, tokens, lines, strict=True)
        ]

    def _max_length(self, prompt: Sequence[int], encoded: Encoded) -> int:
        """Nobody says more: without a bound, tones and music are decoded to the bitter end."""
        spoken = math.ceil(_TOKENS_PER_S * max(encoded.lengths_s))
        return min(int(self.loaded.max_length), len(prompt) + _SPARE_TOKENS + spoken)

    def transcribe(self, sound: _Samples, *, language: str, beam_size: int) -> list[Timed]:
        """Plain faster-whisper with its voice activity detection, the reference decoder.

        Args:
            sound: 16 kHz, ``[n_samples]``.
            language: code of the language.
            beam_size: as faster-whisper's.
        """
        with self._on_device():
            segments, _ = self.loaded.transcribe(
                sound, language=language, beam_size=beam_size, word_timestamps=True, vad_filter=True
            )
            return [
                Timed(w.word.strip(), float(w.start), float(w.end), float(w.probability))
                for segment in segments
                for w in segment.words or ()
            ]

    def _tokenizer(self, language: str) -> Tokenizer:
        from faster_whisper.tokenizer import Tokenizer

        if language not in self._tokenizers:
            whisper = self.loaded
            self._tokenizers[language] = Tokenizer(
                whisper.hf_tokenizer,
                whisper.model.is_multilingual,
                task="transcribe",
                language=language,
            )
        return self._tokenizers[language]


def _of_device(reason: str) -> bool:
    lowered = reason.lower()
    return any(word in lowered for word in ("cuda", "device", "compute type", "cublas", "cudnn"))


@lru_cache(maxsize=4)
def _suppressed(tokenizer: Tokenizer) -> list[int]:
    from faster_whisper.transcribe import get_suppressed_tokens

    return list(get_suppressed_tokens(tokenizer, [-1]))


def _words(line: list[dict[str, Any]]) -> Iterator[Timed]:
    """Words of an alignment; a new one is marked by a leading space ("a", ".m." is one)."""
    from faster_whisper.transcribe import merge_punctuations

    merge_punctuations(line, _PREPENDED, _APPENDED)
    joined: list[dict[str, Any]] = []
    for part in line:
        if joined and not part["word"].startswith(" "):
            last = joined[-1]
            last["word"] += part["word"]
            last["end"] = max(last["end"], part["end"])
            if part["word"]:
                last["probability"] = min(last["probability"], part["probability"])
        else:
            joined.append(dict(part))
    for word in joined:
        if text := word["word"].strip():
            yield Timed(text, float(word["start"]), float(word["end"]), float(word["probability"]))
