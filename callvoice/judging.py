"""Facts to report and back: judging needs neither sound nor model, now or a year later."""

from __future__ import annotations

import sys
from typing import Literal

from msgspec.structs import replace

import callvoice
from callvoice import mistakes
from callvoice.errors import UnreadableInput
from callvoice.report import build
from callvoice.settings import Settings
from callvoice.types import ChannelMeasures, Facts, Provenance, Report, Transcript

ReportLanguage = Literal["de", "en"]


def judge(
    facts: Facts, settings: Settings, *, language: ReportLanguage, provenance: Provenance
) -> Report:
    """The report on facts, which carries them: :func:`facts_of` gives them back."""
    report = build.build(
        facts,
        mistakes.judge(facts, settings),
        mistakes.strengths(facts, settings),
        provenance=_with_settings(provenance, settings),
        settings=settings,
        language=language,
    )
    return replace(
        report,
        measures=replace(report.measures, others=_others(facts)),
        transcript=replace(report.transcript, source=facts.transcript.source),
        text=facts.text,
        baseline=facts.baseline,
    )


def judge_again(
    report: Report, settings: Settings, *, language: ReportLanguage | None = None
) -> Report:
    """The report as other settings make it; what was said and measured stays as it is.

    Raises:
        UnreadableInput: the report was made before reports carried all facts.
    """
    again = judge(
        facts_of(report),
        settings,
        language=language or report.report_language,
        provenance=report.provenance,
    )
    return replace(again, self_assessment=report.self_assessment)


def facts_of(report: Report) -> Facts:
    """The facts that a report was made from.

    Raises:
        UnreadableInput: the report was made before reports carried all facts.
    """
    if report.text is None or report.transcript.source is None:
        raise UnreadableInput(
            f"the report on {report.call.source} does not carry the facts it was made from (it was"
            " made by an earlier version). Analyse the recording again."
        )
    return Facts(
        report.call,
        _channels(report),
        report.measures.conversation,
        Transcript(report.text.language, report.transcript.source, report.transcript.turns),
        report.text,
        report.baseline,
    )


def unknown_provenance() -> Provenance:
    """Of facts that came without a report: what measured them is not known."""
    return Provenance(
        callvoice=callvoice.__version__,
        python=".".join(map(str, sys.version_info[:3])),
        libraries={},
        recogniser=None,
        recogniser_revision=None,
        settings_digest="",
    )


def _with_settings(provenance: Provenance, settings: Settings) -> Provenance:
    named = settings.calibration
    return replace(
        provenance,
        settings_digest=settings.digest,
        calibration=named.file if named else None,
        calibration_digest=named.digest if named else None,
    )


def _others(facts: Facts) -> tuple[ChannelMeasures, ...]:
    """Channels that are neither the agent's nor the caller's own."""
    parties = (facts.party("agent"), facts.party("caller"))
    return tuple(c for c in facts.channels if not any(c is party for party in parties))


def _channels(report: Report) -> tuple[ChannelMeasures, ...]:
    measures = report.measures
    parties = [party for party in (measures.agent, measures.caller) if party is not None]
    return tuple(sorted((*parties, *measures.others), key=lambda c: c.channel))
