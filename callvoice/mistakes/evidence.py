"""What is known of the words that a finding quotes: how surely they were heard, what is better."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from msgspec.structs import replace

from callvoice.settings import Limits
from callvoice.types import Facts, Finding, Hit, Role


def sure_hits(facts: Facts, role: Role, labels: Collection[str], limits: Limits) -> list[Hit]:
    """What one party has surely said. A class is decided where it is likelier than not among the
    utterances that it was learned from; a call has far fewer such, and a verdict needs more.
    """
    least = limits["phrase_probability"].value
    return [
        hit
        for hit in facts.text.hits
        if hit.role == role and hit.label in labels and hit.probability >= least
    ]


def first_in_turn(hits: Iterable[Hit]) -> list[Hit]:
    """One hit for each turn: two phrases in one breath are one request."""
    by_turn: dict[int, Hit] = {}
    for hit in hits:
        by_turn.setdefault(hit.turn, hit)
    return list(by_turn.values())


def with_words(findings: Iterable[Finding], hits: Iterable[Hit]) -> tuple[Finding, ...]:
    """The findings, each with the confidence and the better wording of the phrase it quotes."""
    known = {(hit.start_s, hit.end_s, hit.quote): hit for hit in hits}
    return tuple(_with_words(finding, known) for finding in findings)


def _with_words(
    finding: Finding, known: dict[tuple[float | None, float | None, str], Hit]
) -> Finding:
    hit = known.get((finding.start_s, finding.end_s, finding.quote or ""))
    return replace(finding, heard=hit.confidence, better=hit.better) if hit else finding
