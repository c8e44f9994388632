"""One call from file to report: the only module that knows all stages."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import msgspec

import callvoice
from callvoice import mistakes, prosody, text
from callvoice.errors import NothingToAnalyse, printable
from callvoice.ingest import decode, given, roles
from callvoice.ingest.roles import AgentChannel
from callvoice.ingest.turns import to_turns
from callvoice.report import build
from callvoice.settings import Settings, load_settings
from callvoice.types import (
    FORMAT_VERSION,
    Audio,
    Call,
    Confidence,
    Facts,
    Greeting,
    Interval,
    Measurement,
    Provenance,
    Report,
    Role,
    Track,
    Transcript,
)

if TYPE_CHECKING:
    from callvoice.ingest.recognise import Progress, Recogniser

ReportLanguage = Literal["de", "en"]


@dataclass(frozen=True)
class AnalysisOptions:
    """What a person may choose about one call. ``language`` None: decided from the speech."""

    agent: AgentChannel = "auto"
    language: str | None = None
    transcript: Path | None = None
    report_language: ReportLanguage | None = None
    settings: Settings = field(default_factory=load_settings)


@dataclass(frozen=True)
class Analysis:
    """A report, with the sound and frames that its page needs. Only the report is ever stored."""

    report: Report
    audio: Audio
    tracks: tuple[Track, ...]


@dataclass(frozen=True)
class _Heard:
    """What recognition or a given transcript tells of a call."""

    transcript: Transcript
    roles: dict[Role, int]
    roles_confidence: Confidence | None
    dropped: dict[str, int] = field(default_factory=dict)


def analyze(
    path: Path,
    recogniser: Recogniser | None = None,
    *,
    options: AnalysisOptions | None = None,
    progress: Progress | None = None,
) -> Analysis:
    """Analyse one recording.

    Args:
        path: the recording.
        recogniser: a speech model; not needed where ``options.transcript`` is given.
        options: see :class:`AnalysisOptions`.
        progress: called with (seconds of speech recognised, seconds in all).

    Raises:
        CallvoiceError: unreadable input, nothing to analyse, an invalid transcript.
    """
    options = options or AnalysisOptions()
    audio, sha256 = decode.load(path)
    tracks, speech = _listen(audio, path)
    heard = _hear(audio, speech, recogniser, options, progress)
    call = _call(path, sha256, audio, heard)
    facts = gather(call, heard.transcript, tracks, options.settings)
    language = options.report_language or ("en" if call.language == "en" else "de")
    report = judge(
        facts,
        options.settings,
        language=language,
        provenance=_provenance(recogniser, heard, options.settings),
    )
    return Analysis(report, audio, tracks)


def gather(
    call: Call, transcript: Transcript, tracks: Sequence[Track], settings: Settings
) -> Facts:
    """All facts of a call from its frames and its words."""
    text_facts = text.analyze(transcript, extra_lexicons=settings.lexicons)
    spoken = [
        prosody.SpokenTurn(turn, count)
        for turn, count in zip(transcript.turns, text_facts.syllables, strict=True)
    ]
    channels, conversation = prosody.measure(tracks, roles=call.roles, spoken=spoken)
    return Facts(call, channels, conversation, transcript, text_facts)


def judge(
    facts: Facts, settings: Settings, *, language: ReportLanguage, provenance: Provenance
) -> Report:
    """The report on facts; needs neither sound nor model."""
    return build.build(
        facts,
        mistakes.judge(facts, settings),
        mistakes.strengths(facts, settings),
        provenance=provenance,
        settings=settings,
        language=language,
    )


def measure(path: Path, *, agent: AgentChannel = "auto") -> tuple[Measurement, tuple[Track, ...]]:
    """Prosody alone, without recognition or text, and the frames it comes from.

    Raises:
        CallvoiceError: unreadable input or nothing to analyse.
    """
    audio, _ = decode.load(path)
    tracks, speech = _listen(audio, path)
    found, _ = roles.assign(agent, speech)
    channels, conversation = prosody.measure(tracks, roles=found)
    measurement = Measurement(
        format_version=FORMAT_VERSION,
        source=printable(Path(path.name)),
        duration_s=round(audio.duration_s, 3),
        rate_hz=audio.rate_hz,
        notes=audio.notes,
        channels=channels,
        conversation=conversation,
    )
    return measurement, tracks


def text_lines(content: bytes, *, source: str, language: str, settings: Settings) -> list[bytes]:
    """The text stage alone: each turn of a turns file with its hits, then the greeting, as JSON.

    Raises:
        InvalidTranscript: a line is not a turn.
    """
    lines: list[bytes] = []
    for fields, transcript in given.read_turns(content, source=source, language=language):
        facts = text.analyze(transcript, extra_lexicons=settings.lexicons)
        for number, turn in enumerate(fields):
            hits = [hit for hit in facts.hits if hit.turn == number]
            labels: dict[str, float] = {}
            for hit in hits:
                labels[hit.label] = max(hit.probability, labels.get(hit.label, 0.0))
            found = {"labels": labels, "classes": list(labels), "hits": hits}
            lines.append(msgspec.json.encode({**turn, **found}))
        lines.append(msgspec.json.encode({"greeting": _greeting(facts.greeting, settings)}))
    return lines


def _greeting(greeting: Greeting | None, settings: Settings) -> dict[str, Any] | None:
    if greeting is None:
        return None
    limits = settings.limits_of("overlong_greeting")
    overlong = mistakes.is_overlong(greeting, limits)
    return {**msgspec.structs.asdict(greeting), "overlong": overlong}


def _listen(audio: Audio, path: Path) -> tuple[tuple[Track, ...], list[tuple[Interval, ...]]]:
    tracks = prosody.make_tracks(audio)
    speech = [prosody.speech_intervals(track) for track in tracks]
    if not any(speech):
        raise NothingToAnalyse(
            f"{printable(path)} holds no speech ({audio.duration_s:.1f} s of silence, noise"
            " or tones)."
        )
    return tracks, speech


def _hear(
    audio: Audio,
    speech: Sequence[Sequence[Interval]],
    recogniser: Recogniser | None,
    options: AnalysisOptions,
    progress: Progress | None,
) -> _Heard:
    """Words and roles, from a given transcript or by recognition."""
    if options.transcript is not None:
        transcript = given.read_transcript(options.transcript, language=options.language)
        found, confidence = roles.from_turns(options.agent, speech, transcript.turns)
        return _Heard(given.on_channels(transcript, found), found, confidence)
    if recogniser is None:
        raise ValueError("analyze() needs a recogniser or a transcript")
    heard = recogniser.recognise(audio, speech, language=options.language, progress=progress)
    found, confidence = roles.assign(
        options.agent, speech, words=heard.words, language=heard.language
    )
    turns = to_turns(heard.words, roles=found)
    transcript = Transcript(heard.language, "recognised", turns)
    return _Heard(transcript, found, confidence, heard.dropped)


def _call(path: Path, sha256: str, audio: Audio, heard: _Heard) -> Call:
    return Call(
        id=sha256[:16],
        source=printable(Path(path.name)),
        sha256=sha256,
        duration_s=round(audio.duration_s, 3),
        language=heard.transcript.language,
        n_channels=audio.n_channels,
        rate_hz=audio.rate_hz,
        roles=heard.roles,
        roles_confidence=heard.roles_confidence,
        notes=audio.notes,
    )


def _provenance(recogniser: Recogniser | None, heard: _Heard, settings: Settings) -> Provenance:
    from importlib.metadata import version

    model = recogniser.model if recogniser and heard.transcript.source == "recognised" else None
    names = ("faster-whisper", "ctranslate2", "numpy", "scipy", "soundfile")
    return Provenance(
        callvoice=callvoice.__version__,
        python=".".join(map(str, sys.version_info[:3])),
        libraries={name: version(name) for name in names},
        recogniser=model.name if model else None,
        recogniser_revision=model.revision if model else None,
        settings_digest=settings.digest,
        dropped=heard.dropped,
    )
