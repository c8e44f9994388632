"""Facts and verdicts become the versioned report; nothing is decided here."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from callvoice.report.texts import Language, explain, load_texts, reason
from callvoice.settings import Settings
from callvoice.types import (
    FORMAT_VERSION,
    Facts,
    Finding,
    Measures,
    Mistake,
    Provenance,
    Report,
    ReportedTranscript,
    Title,
    Verdict,
)


def build(
    facts: Facts,
    verdicts: Sequence[Verdict],
    strengths: Sequence[Finding],
    *,
    provenance: Provenance,
    settings: Settings,
    language: Language,
) -> Report:
    """The report of one call in one language."""
    material = {name: limit.value for name, limit in settings.limits["material"].items()}
    return Report(
        format_version=FORMAT_VERSION,
        report_language=language,
        call=facts.call,
        provenance=provenance,
        mistakes=tuple(
            _mistake(number, verdict, material, language)
            for number, verdict in enumerate(verdicts, start=1)
        ),
        strengths=_explained(strengths, language),
        measures=Measures(facts.party("agent"), facts.party("caller"), facts.conversation),
        transcript=ReportedTranscript(facts.transcript.turns),
    )


def _mistake(
    number: int, verdict: Verdict, material: dict[str, float], language: Language
) -> Mistake:
    return Mistake(
        id=verdict.id,
        number=number,
        title=Title(
            de=load_texts("de").mistake[verdict.id].title,
            en=load_texts("en").mistake[verdict.id].title,
        ),
        status=verdict.status,
        reason=reason(verdict.reason, material, language) if verdict.reason else None,
        score=verdict.score,
        confidence=verdict.confidence,
        findings=_explained(verdict.findings, language),
        advice=load_texts(language).mistake[verdict.id].advice,
    )


def _explained(findings: Sequence[Finding], language: Language) -> tuple[Finding, ...]:
    return tuple(
        replace(finding, explanation=explain(finding, language), value=_rounded(finding.value))
        for finding in findings
    )


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
