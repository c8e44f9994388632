"""One party's channel, prepared so that any stretch of it is summed up in constant time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from callvoice.prosody import melody
from callvoice.prosody.activity import intervals
from callvoice.prosody.syllables import articulation_rate_syll_s, corrected_rate_syll_s
from callvoice.types import BoolArray, Interval, Stretch, Track, Turn


@dataclass(frozen=True)
class SpokenTurn:
    """A transcript turn with the syllables of its words."""

    turn: Turn
    n_syllables: int


@dataclass(frozen=True)
class Party:
    """One channel's frames with what one needs to sum them up.

    ``inside`` ``[n_frames]`` is speech with silences filled that are too short for a pause;
    ``pauses`` are silences inside this party's turns; ``spoken`` is what it said, in order.
    """

    track: Track
    inside: BoolArray
    pauses: tuple[Interval, ...]
    spoken: Sequence[SpokenTurn] = ()

    @cached_property
    def speech(self) -> tuple[Interval, ...]:
        """Stretches of speech between pauses and other silences: the runs."""
        return intervals(self.inside, hop_s=self.track.hop_s)

    @cached_property
    def _sums(self) -> NDArray[np.float64]:
        """Cumulated frames of speech, nuclei in speech, voiced frames, ``[3, n_frames + 1]``."""
        track = self.track
        sums = np.zeros((3, len(self.inside) + 1))
        rows = self.inside, track.density * self.inside, np.isfinite(track.f0_hz)
        for row, out in zip(rows, sums[:, 1:], strict=True):
            np.cumsum(row, out=out)
        return sums

    @cached_property
    def _pause_edges(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        starts = np.array([p.start_s for p in self.pauses])
        return starts, np.array([p.end_s for p in self.pauses])

    @cached_property
    def _spoken_edges(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        starts = np.array([s.turn.start_s for s in self.spoken])
        return starts, np.array([s.turn.end_s for s in self.spoken])

    def _frame(self, time_s: float) -> int:
        return min(max(round(time_s / self.track.hop_s), 0), len(self.inside))

    def totals(self, start_s: float, end_s: float) -> tuple[float, float, float]:
        """Seconds of speech, expected syllable nuclei and voiced seconds in a stretch."""
        speech, nuclei, voiced = (
            self._sums[:, self._frame(end_s)] - self._sums[:, self._frame(start_s)]
        )
        hop_s = self.track.hop_s
        return float(speech * hop_s), float(nuclei), float(voiced * hop_s)

    def rate_syll_s(self, start_s: float, end_s: float) -> float | None:
        """Articulation rate from the sound alone, None without speech."""
        speech_s, nuclei, _ = self.totals(start_s, end_s)
        heard = articulation_rate_syll_s(nuclei, speech_s)
        return None if heard is None else corrected_rate_syll_s(heard)

    def text_syllables(self, start_s: float, end_s: float) -> int | None:
        """Syllables of the words said in a stretch: each turn's by its share of speech there."""
        if not self.spoken:
            return None
        starts, ends = self._spoken_edges
        return round(
            sum(
                self._share(self.spoken[i].turn, start_s, end_s) * self.spoken[i].n_syllables
                for i in np.flatnonzero((starts < end_s) & (ends > start_s)).tolist()
            )
        )

    def _share(self, turn: Turn, start_s: float, end_s: float) -> float:
        whole, _, _ = self.totals(turn.start_s, turn.end_s)
        part, _, _ = self.totals(max(turn.start_s, start_s), min(turn.end_s, end_s))
        return part / whole if whole else 0.0

    def stretch(self, start_s: float, end_s: float) -> Stretch:
        """Counts and rates between two times."""
        speech_s, nuclei, voiced_s = self.totals(start_s, end_s)
        n_text = self.text_syllables(start_s, end_s)
        starts, ends = self._pause_edges
        inside = (starts >= start_s) & (ends <= end_s)
        f0_hz = self.track.f0_hz[self._frame(start_s) : self._frame(end_s)]
        rate = self.rate_syll_s(start_s, end_s)
        return Stretch(
            start_s=round(start_s, 3),
            end_s=round(end_s, 3),
            speech_s=round(speech_s, 3),
            n_syllables=round(nuclei),
            articulation_rate_syll_s=rounded(rate),
            speech_rate_syll_s=rounded(rate * speech_s / (end_s - start_s)) if rate else None,
            n_text_syllables=n_text,
            text_rate_syll_s=rounded(n_text / speech_s) if n_text and speech_s >= 0.5 else None,
            n_pauses=int(inside.sum()),
            pause_s=round(float((ends - starts)[inside].sum()), 3),
            voiced_s=round(voiced_s, 2),
            f0_spread_st=rounded(melody.f0_spread_st(f0_hz, hop_s=self.track.hop_s)),
            level_db=self._level_db(start_s, end_s),
        )

    def _level_db(self, start_s: float, end_s: float) -> float | None:
        """Median level of the speech frames of a stretch."""
        part = slice(self._frame(start_s), self._frame(end_s))
        levels = self.track.level_db[part][self.track.speech[part]]
        return round(float(np.median(levels)), 1) if len(levels) else None


def rounded(value: float | None, digits: int = 3) -> float | None:
    """A number for a report, None kept."""
    return None if value is None else round(float(value), digits)
