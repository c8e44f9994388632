"""What to say at the end of a run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from callvoice.batch.progress import State, clock
from callvoice.batch.survey import Tally
from callvoice.errors import printable
from callvoice.mistakes import JUDGES

_SHOWN = 10  # failures in full; the store has all
_STATUSES = ("found", "clear", "not_assessable")


@dataclass(frozen=True)
class Summary:
    """A run when it is over; ``retry`` is what to type to try its failures again."""

    tally: Tally
    state: State
    n_without_consent: int
    retry: str

    def as_fields(self) -> dict[str, Any]:
        """For machines, and for the store's record of the run."""
        return {
            "states": self.tally.states,
            "verdicts": self.tally.verdicts,
            "failures": msgspec.to_builtins(self.tally.failures),
            "n_analysed": self.state.n_analysed,
            "n_judged_again": self.state.n_judged,
            "n_verdicts_changed": self.state.n_changed,
            "n_without_consent": self.n_without_consent,
            "elapsed_s": round(self.state.elapsed_s, 3),
            "audio_s": round(self.state.analysed_audio_s, 3),
            "heard_audio_s": round(self.state.heard_audio_s, 3),
            "recogniser_s": round(self.state.recogniser_s, 3),
            "retry": self.retry if self.tally.failures else None,
        }

    def in_lines(self) -> Iterator[str]:
        """For a person: what was done, what each mistake came to, what failed, what to type."""
        yield self._what_was_done()
        if self.n_without_consent:
            yield f"{self.n_without_consent} rows of the manifest without consent were left out"
        if self.tally.verdicts:
            yield ""
            yield from _table(self.tally)
        if self.tally.failures:
            yield ""
            yield from _failures(self.tally, self.retry)

    def _what_was_done(self) -> str:
        state, tally = self.state, self.tally
        counts = {
            "of them once more, as their file had changed": state.n_done - len(state.sources),
            "done before": tally.n_done - state.n_done,
            "failed": len(tally.failures),
            "left to do": tally.states.get("open", 0),
        }
        analysed = (
            f"{state.n_analysed} calls analysed ({state.analysed_audio_s / 60:.1f} min of sound) in"
            f" {clock(state.elapsed_s)}, {state.times_real_time:.1f} × real time"
        )
        judged = (
            f"{state.n_judged} calls measured before were judged by other limits than before,"
            f" {state.n_changed} verdicts changed"
        )
        parts = [judged] if state.n_judged else []
        if state.n_analysed or not state.n_judged:
            parts = [analysed, *parts]
        return "; ".join([*parts, *(f"{n} {what}" for what, n in counts.items() if n > 0)])


def _table(tally: Tally) -> Iterator[str]:
    yield f"{'':20}{'found':>8}{'clear':>8}{'not assessable':>17}"
    for name, _ in JUDGES:
        found, clear, unknown = (tally.verdicts.get(name, {}).get(s, 0) for s in _STATUSES)
        yield f"{name:20}{found:8}{clear:8}{unknown:17}"


def _failures(tally: Tally, retry: str) -> Iterator[str]:
    failures: Sequence[Any] = tally.failures
    counts = Counter(failure.slug for failure in failures)
    yield "failed: " + ", ".join(f"{n} × {slug}" for slug, n in counts.most_common())
    for failure in failures[:_SHOWN]:
        aside = ", set aside" if failure.set_aside else ""
        attempts = f"{failure.attempts} attempt{'s' * (failure.attempts > 1)}{aside}"
        yield printable(f"  [{failure.slug}] {failure.source} ({attempts}): {failure.reason}")
    if len(failures) > _SHOWN:
        yield f"  … and {len(failures) - _SHOWN} more"
    yield f"try them again with:\n  {retry}"
