"""The report as one HTML page that opens from disk and needs nothing else.

Everything the page shows that came with the recording (names, words, notes) is untrusted: the
template escapes all of it, data for the script is escaped JSON, and the page's own Content Security
Policy admits only the one script and the one style sheet whose hashes it names, and no network.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup
from msgspec.structs import replace

from callvoice.report.media import encode_clip
from callvoice.report.page_measures import party_rows, turn_rows
from callvoice.report.page_transcript import has_word_times, shown_turns
from callvoice.report.page_words import PageWords
from callvoice.report.peaks import melody, peaks
from callvoice.report.texts import load_texts, unsure
from callvoice.types import Audio, Finding, Mistake, Report, Role, Status, Track

_SHOWN_FINDINGS = 3
_BEST_MOMENTS = 2
_SUGGESTIONS = 2


@dataclass(frozen=True)
class Lane:
    """One channel of the recording on the page. ``kind`` is a role, "both" or "none"."""

    channel: int
    kind: str
    label: str


def render_html(report: Report, audio: Audio | None, *, tracks: Sequence[Track] = ()) -> str:
    """Render a report as one self-contained HTML page.

    Args:
        report: the report; its ``report_language`` is the page's.
        audio: the recording, embedded compressed; without it the page has no player.
        tracks: one per channel of ``audio`` in its order, for the melody line of the lanes.

    Returns:
        The page as text that can be encoded as UTF-8.
    """
    words = PageWords(report.report_language)
    texts = load_texts(report.report_language)
    lanes = _lanes(report, words) if audio else []
    html = _template().render(
        t=words,
        report=report,
        name=re.split(r"[/\\]", report.call.source.rstrip("/\\"))[-1],
        notes=[texts.note.get(note, note) for note in report.call.notes],
        cards=texts.mistake,
        unsure=unsure,
        counts=_counts(report.mistakes),
        lanes=lanes,
        lane_of=_lane_of(lanes),
        best=report.strengths[:_BEST_MOMENTS],
        other_strengths=report.strengths[_BEST_MOMENTS:],
        suggestions=_suggestions(report.mistakes),
        shown_findings=_SHOWN_FINDINGS,
        turns=shown_turns(report),
        word_times=has_word_times(report),
        party_rows=_party_rows(report, words),
        turn_rows=_turn_rows(report, words),
        places=_places(report),
        clip=encode_clip(audio) if audio else None,
        island=_island(report, audio, tracks, lanes, words) if audio else {},
        **_own_code("report.css", "style"),
        **_own_code("report.js", "script"),
    )
    # File names may hold bytes that are no text (lone surrogates); they must not stop the writing.
    return html.encode("utf-8", "replace").decode("utf-8")


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("callvoice", "report/templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html.jinja")


def _own_code(file: str, name: str) -> dict[str, Any]:
    """Our style sheet or script, and its hash for the page's security policy."""
    source = resources.files("callvoice").joinpath(f"report/templates/{file}")
    code = source.read_text("utf-8").replace("\r\n", "\n")
    digest = base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()
    return {name: Markup(code), f"{name}_hash": f"sha256-{digest}"}  # noqa: S704 our own file


def _lanes(report: Report, words: PageWords) -> list[Lane]:
    order: dict[str, int] = {"both": 0, "agent": 0, "caller": 1, "none": 2}
    lanes = [_lane(report, channel, words) for channel in range(report.call.n_channels)]
    return sorted(lanes, key=lambda lane: order[lane.kind])


def _lane(report: Report, channel: int, words: PageWords) -> Lane:
    roles = [role for role, at in report.call.roles.items() if at == channel]
    if len(roles) == 1 and report.call.n_channels > 1:
        return Lane(channel, roles[0], words(f"role.{roles[0]}"))
    if report.call.n_channels == 1:
        return Lane(channel, "both", words("role.both"))
    return Lane(channel, "none", words("role.channel", number=channel + 1))


def _lane_of(lanes: Sequence[Lane]) -> dict[Role | None, int]:
    """Which lane shows a party's places; what cannot be told apart stands on the first."""
    shown: dict[Role | None, int] = {None: 0, "agent": 0, "caller": 0}
    roles: tuple[Role, ...] = ("agent", "caller")
    for role in roles:
        shown[role] = next((i for i, lane in enumerate(lanes) if lane.kind == role), 0)
    return shown


def _counts(mistakes: Sequence[Mistake]) -> dict[Status, int]:
    states: tuple[Status, ...] = ("found", "clear", "not_assessable")
    return {state: sum(m.status == state for m in mistakes) for state in states}


def _suggestions(mistakes: Sequence[Mistake]) -> list[Mistake]:
    """What was found most clearly, each with the finding first that can be listened to."""
    found = [m for m in mistakes if m.status == "found"]
    clearest = sorted(found, key=lambda m: -(m.score or 0.0))[:_SUGGESTIONS]
    return [replace(m, findings=tuple(sorted(m.findings, key=_has_no_place))) for m in clearest]


def _has_no_place(finding: Finding) -> bool:
    return finding.start_s is None


def _places(report: Report) -> list[Finding]:
    """Every finding and strength that has a place in the recording."""
    findings = [finding for mistake in report.mistakes for finding in mistake.findings]
    return [f for f in (*report.strengths, *findings) if not _has_no_place(f)]


def _party_rows(report: Report, words: PageWords) -> list[Any]:
    measured = report.measures.agent or report.measures.caller
    return list(party_rows(report.measures, words)) if measured else []


def _turn_rows(report: Report, words: PageWords) -> list[Any]:
    told_apart = report.measures.conversation.separate and len(report.call.roles) == 2
    return list(turn_rows(report.measures, report.call.roles, words)) if told_apart else []


def _island(
    report: Report, audio: Audio, tracks: Sequence[Track], lanes: Sequence[Lane], words: PageWords
) -> dict[str, object]:
    """What the script needs: length, peaks and melody of each lane, and the words it says."""
    points = peaks(audio.samples, audio.rate_hz)
    return {
        "duration_s": audio.duration_s,
        "lanes": [
            {
                "kind": lane.kind,
                "peaks": _packed(points[lane.channel]),
                "melody": _packed(_melody(tracks, lane)),
            }
            for lane in lanes
        ],
        "words": {key: words(key) for key in ("play", "pause", "no_playback")},
        "language": report.report_language,
    }


def _melody(tracks: Sequence[Track], lane: Lane) -> np.ndarray[Any, np.dtype[np.int8]]:
    """A lane's pitch line; two mixed voices have none that would mean anything."""
    if lane.kind == "both" or not tracks:
        return np.zeros(0, dtype=np.int8)
    return melody(tracks[lane.channel])


def _packed(values: np.ndarray[Any, np.dtype[np.int8]]) -> str:
    return base64.b64encode(values.tobytes()).decode("ascii")
