"""The outcome of a study: the file that a configuration may name, and a summary to read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import msgspec

import callvoice
from callvoice.calibrate.agreement import Agreement
from callvoice.calibrate.labels import Labels
from callvoice.calibrate.study import OfMistake, Study
from callvoice.settings import CALIBRATION_FORMAT, Settings

_SHOWN = 5  # flipped calls a mistake; the file has all


def calibration_file(study: Study, labels: Labels, settings: Settings, *, on: date) -> bytes:
    """The content of ``calibration.json``: mappings, and the figures they are to be trusted by."""
    content = {
        "format_version": CALIBRATION_FORMAT,
        "date": on.isoformat(),
        "callvoice": callvoice.__version__,
        "n_labels": sum(of.n_labels for of in study.mistakes),
        "labels_digest": labels.digest,
        "settings_digest": settings.digest,
        "n_reviewers": study.n_reviewers,
        "n_calls": study.n_calls,
        "maps": {of.id: _plain_map(of) for of in study.mistakes if of.map},
        "agreement": study.agreement,
        "figures": {of.id: _figures(of) for of in study.mistakes},
        "notes": study.notes,
    }
    return msgspec.json.format(msgspec.json.encode(content), indent=2) + b"\n"


def summary(study: Study) -> Iterator[str]:
    """Lines for a terminal."""
    yield (
        f"{study.n_calls} calls, {study.n_reviewers} reviewers."
        f" Agreement over all mistakes: {_agreed(study.agreement)}."
    )
    yield (
        "Alpha is Krippendorff's, nominal, on yes and no; unsure counts as missing. 1 is full"
        " agreement, 0 is chance; below about 0.67 labels hardly carry a conclusion."
    )
    yield from (f"Note: {note}." for note in study.notes)
    silent = [of.id for of in study.mistakes if not of.n_labels + of.n_unsure + of.n_unscored]
    if silent:
        yield f"Without labels: {', '.join(silent)}."
    for of in study.mistakes:
        if of.id not in silent:
            yield ""
            yield from _lines(of)


def limits_section(study: Study) -> str:
    """The suggested limits as they would stand in a callvoice.toml; empty where there are none."""
    return "\n".join(
        "\n".join(
            (
                f"[limits.{of.id}]",
                *(f"{name} = {value:g}" for name, value in of.suggestion.values.items()),
            )
        )
        for of in study.mistakes
        if of.suggestion
    )


def _lines(of: OfMistake) -> Iterator[str]:
    yield (
        f"{of.id}: {of.n_labels} labels on {of.n_agents} agents, {of.n_yes} yes;"
        f" left out: {of.n_unsure} unsure, {of.n_unscored} on calls that were not assessable"
    )
    if of.n_labels:
        yield f"  agreement  {_agreed(of.agreement)}"
        yield f"  raw score  {_rates(of.now.auc, of.now.precision, of.now.recall)}"
    if of.held_out and of.map:
        held = of.held_out
        yield f"  mapped     {_rates(held.auc, held.precision, held.recall)} (held-out agents)"
    if of.map:
        where = "nowhere" if of.raw_limit is None else f"from a raw score of {of.raw_limit:.2f} on"
        yield f"  mapping    {of.map.method}; found {where} (without: 0.50)"
        yield f"  past calls {len(of.flips)} would be judged otherwise"
    for flip in of.flips[:_SHOWN]:
        yield f"    {flip.call}: {flip.before} {flip.raw:.2f} → {flip.after} {flip.mapped:.2f}"
    if len(of.flips) > _SHOWN:
        yield f"    … and {len(of.flips) - _SHOWN} more (all are in the file)"
    if of.suggestion:
        values = ", ".join(f"{name} = {value:g}" for name, value in of.suggestion.values.items())
        yield (
            f"  limits     {values} would do nearly the same without a mapping:"
            f" {of.suggestion.n_same} of {of.suggestion.n_calls} past calls alike"
        )
    yield from (f"  note       {note}" for note in of.notes)


def _agreed(found: Agreement) -> str:
    if found.alpha is None:
        return "not defined (no call was judged by two reviewers, or all answers are alike)"
    return (
        f"alpha {found.alpha:.2f} (95 % {found.low:.2f} to {found.high:.2f},"
        f" {found.n_units} judgements by two or more)"
    )


def _rates(auc: float | None, precision: float | None, recall: float | None) -> str:
    named = (("AUC", auc), ("precision", precision), ("recall", recall))
    return ", ".join(f"{name} {'–' if value is None else f'{value:.2f}'}" for name, value in named)


def _plain_map(of: OfMistake) -> dict[str, Any]:
    """Without the fields that belong to the other kind of mapping."""
    plain = msgspec.structs.asdict(of.map) if of.map else {}
    unused = ("knots",) if plain["method"] == "logistic" else ("slope", "intercept")
    return {name: value for name, value in plain.items() if name not in unused}


def _figures(of: OfMistake) -> dict[str, Any]:
    figures: dict[str, Any] = msgspec.to_builtins(of)
    return {name: value for name, value in figures.items() if name not in ("id", "map")}
