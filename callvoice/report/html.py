"""The report as one HTML page that opens from disk and needs nothing else.

Everything the page shows that came with the recording (names, words, notes) is untrusted: the
template escapes all of it, data for the script is escaped JSON, and the page's own Content Security
Policy admits only the one script whose hash it names, style sheets with its nonce, and no network.
"""

from __future__ import annotations

import hashlib
import itertools
import re
from collections.abc import Sequence
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from msgspec.structs import replace

from callvoice.report import bundle
from callvoice.report.media import Clip, encode_clip
from callvoice.report.page_measures import party_rows, turn_rows
from callvoice.report.page_numbers import Numbers
from callvoice.report.page_player import island, lane_of, lanes_of
from callvoice.report.page_transcript import has_word_times, shown_turns
from callvoice.report.page_words import PageWords
from callvoice.report.texts import load_texts, unsure
from callvoice.settings import Settings
from callvoice.types import Audio, Finding, Mistake, Report, Status, Track

_SHOWN_FINDINGS = 3
_BEST_MOMENTS = 2
_SUGGESTIONS = 2


def render_html(
    report: Report,
    audio: Audio | None,
    *,
    tracks: Sequence[Track] = (),
    settings: Settings | None = None,
) -> str:
    """Render a report as one self-contained HTML page.

    Args:
        report: the report; its ``report_language`` is the page's.
        audio: the recording, embedded compressed; without it the page has no player.
        tracks: one per channel of ``audio`` in its order, for the melody lines.
        settings: the limits that the report was judged by, to name their sources; without them
            the packaged limits, where these are the ones that it was judged by.

    Returns:
        The page as text that can be encoded as UTF-8.
    """
    words = PageWords(report.report_language)
    numbers = Numbers(report, words, settings)
    clip = encode_clip(audio) if audio else None
    html = _template().render(
        **_contents(report, words, numbers),
        **_player(report, audio, tracks, numbers, clip),
        clip=clip,
        style=bundle.style(player=clip is not None),
        script=bundle.script(),
        script_hash=f"sha256-{bundle.sha256_base64(bundle.script())}",
        nonce=_nonce(report, clip),
        next_id=itertools.count().__next__,
    )
    # File names may hold bytes that are no text (lone surrogates); they must not stop the writing.
    return html.encode("utf-8", "replace").decode("utf-8")


def _contents(report: Report, words: PageWords, numbers: Numbers) -> dict[str, Any]:
    """What the page says."""
    texts = load_texts(report.report_language)
    return {
        "t": words,
        "report": report,
        "name": re.split(r"[/\\]", report.call.source.rstrip("/\\"))[-1],
        "notes": [texts.note.get(note, note) for note in report.call.notes],
        "cards": texts.mistake,
        "unsure": unsure,
        "numbers": numbers,
        "counts": _counts(report.mistakes),
        "best": report.strengths[:_BEST_MOMENTS],
        "other_strengths": report.strengths[_BEST_MOMENTS:],
        "suggestions": _suggestions(report.mistakes),
        "own": report.self_assessment,
        "shown_findings": _SHOWN_FINDINGS,
        "turns": shown_turns(report),
        "word_times": has_word_times(report),
        "party_rows": _party_rows(report, words),
        "turn_rows": _turn_rows(report, words),
    }


def _player(
    report: Report,
    audio: Audio | None,
    tracks: Sequence[Track],
    numbers: Numbers,
    clip: Clip | None,
) -> dict[str, Any]:
    """What the page plays and draws."""
    words = PageWords(report.report_language)
    lanes = lanes_of(report, words) if audio else []
    limit = numbers.limit("too_fast", "rate_too_fast_syll_s")
    value = limit.value if limit else None
    drawn: dict[str, Any] = {}
    if audio and clip:
        drawn = island(report, audio, tracks, words, tempo_limit=value, separate=clip.separate)
    return {
        "lanes": lanes,
        "lane_of": lane_of(lanes),
        "places": _places(report),
        "melody": bool(tracks) and any(lane.kind != "both" for lane in lanes),
        "tempo": any(lane["tempo"] for lane in drawn.get("lanes", [])),
        "tempo_limit": value,
        "island": drawn,
    }


def _nonce(report: Report, clip: Clip | None) -> str:
    """A nonce for style sheets: no text inside the report can foretell the report's own digest."""
    state = hashlib.sha256(ascii(report).encode())
    state.update(clip.data if clip else b"")
    return state.hexdigest()[:32]


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
