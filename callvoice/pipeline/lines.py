"""Whom the sound tells apart: a line per channel, or per voice where both share one channel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from callvoice import prosody
from callvoice.errors import NothingToAnalyse
from callvoice.ingest.crosstalk import crosstalk
from callvoice.ingest.edges import nearest, shared_s
from callvoice.ingest.separation import Separation, separate
from callvoice.types import Audio, Confidence, Interval, Role, Track, Transcript, Word

_Speech = tuple[Interval, ...]
_SURE = 0.5  # confidence of a separation from which on most words are with the right voice


@dataclass(frozen=True)
class Lines:
    """Frames and speech of each party that the sound tells apart.

    ``channels`` are those of the recording, ``on_channel`` where anybody speaks on each. Lines are
    the channels themselves or, where ``voices`` is given, the voices of a one-channel recording.
    """

    channels: tuple[Track, ...]
    on_channel: tuple[_Speech, ...]
    voices: Separation | None = None
    notes: tuple[str, ...] = ()

    @property
    def tracks(self) -> tuple[Track, ...]:
        """Frame arrays, one per line; doubtful stretches of a voice are left out."""
        if self.voices is None:
            return self.channels
        return tuple(
            prosody.of_voice(self.channels[0], speech, without=self.uncertain)
            for speech in self.voices.voices
        )

    @property
    def speech(self) -> tuple[_Speech, ...]:
        """Where each line speaks."""
        return self.on_channel if self.voices is None else self.voices.voices

    @property
    def uncertain(self) -> _Speech:
        """Speech on one channel that could be either party's, in order of time, each once."""
        if self.voices is None:
            return ()
        return _union((*self.voices.overlapped, *self.voices.uncertain))

    def words(self, heard: Sequence[Sequence[Word]]) -> list[list[Word]]:
        """The words of each channel as words of each line."""
        if self.voices is None:
            return [list(line) for line in heard]
        lines: list[list[Word]] = [[] for _ in self.speech]
        for word in heard[0]:
            lines[self._voice_of(word)].append(word)
        return lines

    def _voice_of(self, word: Word) -> int:
        def shared(line: int) -> float:
            voice = self.speech[line]
            return shared_s(voice[nearest(voice, word)], word)

        return max(range(len(self.speech)), key=shared)

    def call_roles(self, lines: dict[Role, int]) -> dict[Role, int]:
        """Roles by channel of the recording."""
        return lines if self.voices is None else dict.fromkeys(lines, 0)

    def bounded(self, confidence: Confidence | None) -> Confidence | None:
        """Voices on one channel are never told apart with high confidence."""
        if self.voices is None or confidence is None:
            return confidence
        sure = self.voices.confidence >= _SURE and confidence != "low"
        return "medium" if sure else "low"

    def on_channels(self, transcript: Transcript) -> Transcript:
        """The turns with the channel that they are on instead of their line."""
        if self.voices is None:
            return transcript
        turns = tuple(replace(turn, channel=0) for turn in transcript.turns)
        return replace(transcript, turns=turns)


def _union(spans: Sequence[Interval]) -> _Speech:
    out: list[Interval] = []
    for span in sorted(spans, key=lambda s: s.start_s):
        if out and span.start_s <= out[-1].end_s:
            out[-1] = Interval(out[-1].start_s, max(out[-1].end_s, span.end_s))
        else:
            out.append(span)
    return tuple(out)


def listen(audio: Audio, name: str) -> Lines:
    """Frames, speech and parties of a recording.

    Raises:
        NothingToAnalyse: nobody speaks.
    """
    tracks = prosody.make_tracks(audio)
    speech = tuple(prosody.speech_intervals(track) for track in tracks)
    if not any(speech):
        raise NothingToAnalyse(
            f"{name} holds no speech ({audio.duration_s:.1f} s of silence, noise or tones)."
        )
    if len(tracks) == 2:
        notes = ("crosstalk",) if crosstalk(audio) else ()
        return Lines(tracks, speech, notes=notes)
    voices = separate(audio, speech[0])
    if voices.n_voices < 2:
        return Lines(tracks, speech)
    return Lines(tracks, speech, voices, ("voices-told-apart",))
