"""Every number on the page explained: its value, limit, where the limit comes from, how sure it is.

Sources are shown only where the limits in force are known: with the settings given, or with the
packaged ones where the report was made with them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import chain

from callvoice.report.page_words import PageWords
from callvoice.report.texts import quantity, source
from callvoice.settings import Limit, Settings, load_settings
from callvoice.types import ChannelMeasures, Finding, Mistake, Relative, Report

# Which limit a row of the measures is judged by.
LIMIT_OF_MEASURE = {
    "rate": ("too_fast", "rate_too_fast_syll_s"),
    "melody_spread": ("toneless", "f0_spread_st"),
    "flat_share": ("toneless", "flat_share"),
    "answer_gap": ("indifferent", "response_gap_s"),
    "snr": ("material", "line_snr_db"),
}
# Which of the agent's earlier measures a row has beside it.
USUAL_OF_MEASURE = {
    "rate": ("text_rate_syll_s", "articulation_rate_syll_s"),
    "melody_spread": ("f0_spread_st",),
    "melody_range": ("f0_range_st",),
    "flat_share": ("flat_share",),
    "level_spread": ("level_depth_db",),
}
_UNIT = {"rate": "syll/s", "flat_share": "share", "level_spread": "dB"}
Notes = list[tuple[str, str]]


@dataclass(frozen=True)
class Explained:
    """A number as said, with (heading, sentence) pairs that explain it."""

    said: str
    notes: Notes


@dataclass(frozen=True)
class Sentence:
    """A finding's sentence around its number; a number that it does not say is left out."""

    before: str
    number: Explained | None = None
    after: str = ""


class Numbers:
    """Explains the numbers of one report."""

    def __init__(self, report: Report, words: PageWords, settings: Settings | None) -> None:
        self._words = words
        self._language = report.report_language
        self._baseline = report.baseline
        self._calibrated = report.provenance.calibration is not None
        in_force = settings or load_settings()
        known = in_force.digest == report.provenance.settings_digest
        self._limits = in_force.limits if known else {}

    def limit(self, section: str, name: str) -> Limit | None:
        """A limit in force, None where it is not known."""
        return self._limits.get(section, {}).get(name)

    def sentence(self, finding: Finding, mistake: Mistake | None = None) -> Sentence:
        """What is said of a finding, its value explained where it stands."""
        if finding.value is None:
            return Sentence(finding.explanation)
        if not finding.explanation:
            whole = self._words.with_unit(finding.value, finding.unit)
            return Sentence("", self._explained(whole, finding, mistake))
        said = quantity(finding.value, finding.unit, self._language)
        before, *rest = re.split(
            rf"(?<![\d,.]){re.escape(said)}(?!\d)", finding.explanation, maxsplit=1
        )
        if not rest:
            return Sentence(finding.explanation)
        return Sentence(before, self._explained(said, finding, mistake), rest[0])

    def _explained(self, said: str, finding: Finding, mistake: Mistake | None) -> Explained:
        t = self._words
        notes = [(t("why.value"), t.with_unit(finding.value, finding.unit))]
        if finding.limit is not None:
            notes.append((t("why.limit"), t.with_unit(finding.limit, finding.unit)))
        notes += self._source(self._limit_of(finding, mistake))
        if mistake:
            notes.append((t("why.sure"), t(f"confidence.{mistake.confidence}")))
        if finding.heard is not None:
            notes.append((t("why.heard"), t.share(finding.heard)))
        return Explained(said, notes)

    def of_score(self, mistake: Mistake) -> Explained:
        """A mistake's score, with all limits that it rests on."""
        t = self._words
        said = t.number(mistake.score, 2)
        sure = f"{t(f'confidence.{mistake.confidence}')}. {t('why.confidence_means')}"
        limit = t("why.score_limit", limit=t.number(0.5, 1))
        means = t("why.score_calibrated") if self._calibrated else t("why.score_means")
        notes = [(t("why.value"), f"{said}. {means}"), (t("why.limit"), limit)]
        return Explained(said, [*notes, (t("why.sure"), sure)])

    def of_measure(self, key: str, said: str, party: ChannelMeasures | None) -> Explained | None:
        """A cell of the measures; None where nothing was measured."""
        t = self._words
        if party is None or said == t("none"):
            return None
        notes = [(t("why.value"), " · ".join(filter(None, (said, t.or_else(f"hint.{key}", "")))))]
        if limit := self.limit(*LIMIT_OF_MEASURE.get(key, ("", ""))):
            notes.append((t("why.limit"), t.with_unit(limit.value, limit.unit)))
            notes += self._source(limit)
        if party.role == "agent" and (usual := self._usual(key)):
            sentence = t(
                "why.usual_said",
                median=self._as_row(key, usual.median),
                share=t.share(usual.percentile),
                number=usual.n_calls,
            )
            notes.append((t("why.usual"), sentence))
        return Explained(said, [*notes, (t("why.sure"), self._material(party))])

    def usual(self, key: str) -> str | None:
        """What was usual for the agent in earlier calls, as the row says it; None if not known."""
        known = self._usual(key)
        return self._words("usual", median=self._as_row(key, known.median)) if known else None

    def _usual(self, key: str) -> Relative | None:
        names = USUAL_OF_MEASURE.get(key, ()) if self._baseline else ()
        return next((r for n in names if self._baseline and (r := self._baseline.of(n))), None)

    def _as_row(self, key: str, value: float) -> str:
        return self._words.with_unit(value, _UNIT.get(key, "st"), 0 if key == "flat_share" else 1)

    def _material(self, party: ChannelMeasures) -> str:
        t = self._words
        return t(
            "why.material",
            speech=t.with_unit(party.speech_s, "s", 0),
            voiced=t.with_unit(party.voiced_s, "s", 0),
            snr=t.with_unit(party.snr_db, "dB", 0),
        )

    def _limit_of(self, finding: Finding, mistake: Mistake | None) -> Limit | None:
        """The mistake's limit in force that has the finding's limit and unit."""
        sections = (mistake.id,) if mistake else ("strengths", "overlong_greeting")
        limits = chain.from_iterable(self._limits.get(name, {}).values() for name in sections)
        wanted = (finding.limit, finding.unit)
        return next((limit for limit in limits if (limit.value, limit.unit) == wanted), None)

    def _source(self, limit: Limit | None) -> Notes:
        if limit is None:
            return []
        return [(self._words("why.source"), source(limit.source, self._language))]
