"""One call from file to report: the only module that knows all stages."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from msgspec.structs import replace

import callvoice
from callvoice import prosody, text
from callvoice.baseline import Usual, compare
from callvoice.ingest import given, roles
from callvoice.ingest.roles import AgentChannel
from callvoice.ingest.source import Opened, Source, open_source
from callvoice.ingest.turns import to_turns
from callvoice.judging import ReportLanguage, judge
from callvoice.pipeline.lines import Lines, listen
from callvoice.settings import Settings, load_settings
from callvoice.types import (
    FORMAT_VERSION,
    Audio,
    Call,
    Confidence,
    Dropped,
    Facts,
    Measurement,
    Provenance,
    Report,
    Role,
    Track,
    Transcript,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from callvoice.ingest.models import InstalledModel
    from callvoice.ingest.recognise import Progress, Recognised
    from callvoice.types import Interval

__all__ = [
    "Analysis",
    "AnalysisOptions",
    "Hearing",
    "analyze",
    "analyze_opened",
    "default_language",
    "gather",
    "judge",
    "measure",
    "read_again",
]


class Hearing(Protocol):
    """What hears words: an ``ingest.recognise.Recogniser``, or one that remembers what it heard."""

    @property
    def model(self) -> InstalledModel:
        """Which speech model it is."""

    def recognise(
        self,
        audio: Audio,
        speech: Sequence[Sequence[Interval]],
        *,
        language: str | None,
        progress: Progress | None = None,
    ) -> Recognised:
        """As ``Recogniser.recognise``."""


@dataclass(frozen=True)
class AnalysisOptions:
    """What a person may choose about one call. ``language`` None: decided from the speech;
    ``usual``: the same agent's earlier calls, to compare with.
    """

    agent: AgentChannel = "auto"
    language: str | None = None
    transcript: Path | None = None
    report_language: ReportLanguage | None = None
    settings: Settings = field(default_factory=load_settings)
    usual: Usual | None = None


@dataclass(frozen=True)
class Analysis:
    """A report and its facts, with the sound and frames that its page needs, never stored."""

    report: Report
    facts: Facts
    audio: Audio
    tracks: tuple[Track, ...]


@dataclass(frozen=True)
class _Heard:
    """What recognition or a given transcript tells of a call."""

    transcript: Transcript
    line_roles: dict[Role, int]
    roles_confidence: Confidence | None
    dropped: tuple[Dropped, ...] = ()


def analyze(
    source: Path | Source,
    recogniser: Hearing | None = None,
    *,
    options: AnalysisOptions | None = None,
    progress: Progress | None = None,
) -> Analysis:
    """Analyse one recording.

    Args:
        source: the recording.
        recogniser: a speech model; not needed where ``options.transcript`` is given.
        options: see :class:`AnalysisOptions`.
        progress: called with (seconds of speech recognised, seconds in all).

    Raises:
        CallvoiceError: unreadable input, nothing to analyse, an invalid transcript.
    """
    source = source if isinstance(source, Source) else Source(source)
    return analyze_opened(
        source.name, open_source(source), recogniser, options=options, progress=progress
    )


def analyze_opened(
    name: str,
    opened: Opened,
    recogniser: Hearing | None = None,
    *,
    options: AnalysisOptions | None = None,
    progress: Progress | None = None,
) -> Analysis:
    """As :func:`analyze`, for a recording that has been opened and is called ``name``."""
    options = options or AnalysisOptions()
    lines = listen(opened.audio, name)
    agent = _agent(options.agent, opened, lines)
    heard = _hear(opened.audio, lines, recogniser, options, agent, progress)
    call = _call(name, opened, lines, heard)
    facts = gather(call, heard.transcript, lines, heard.line_roles, options.settings)
    if options.usual is not None:
        own = compare(facts, options.usual, options.settings.limits["material"])
        facts = replace(facts, baseline=own)
    report = judge(
        facts,
        options.settings,
        language=options.report_language or default_language(call),
        provenance=_provenance(recogniser, heard, options.settings),
    )
    return Analysis(report, facts, opened.audio, lines.channels)


def default_language(call: Call) -> ReportLanguage:
    """The report's language where nobody chose one: the call's, or German."""
    return "en" if call.language == "en" else "de"


def gather(
    call: Call,
    transcript: Transcript,
    lines: Lines,
    line_roles: dict[Role, int],
    settings: Settings,
) -> Facts:
    """All facts of a call from its frames and its words; turns bear the number of their line."""
    text_facts = text.analyze(transcript, extra_lexicons=settings.lexicons)
    spoken = [
        prosody.SpokenTurn(turn, count)
        for turn, count in zip(transcript.turns, text_facts.syllables, strict=True)
    ]
    channels, conversation = prosody.measure(
        lines.tracks, roles=line_roles, spoken=spoken, one_channel=lines.voices is not None
    )
    conversation = replace(conversation, uncertain=lines.uncertain)
    return Facts(call, channels, conversation, lines.on_channels(transcript), text_facts)


def read_again(facts: Facts, settings: Settings) -> Facts:
    """The facts with the text stage done anew, for other lexicons; needs no sound.

    Syllables stay: they were counted from what was said, and numbers may be masked since.
    """
    found = text.analyze(facts.transcript, extra_lexicons=settings.lexicons)
    return replace(facts, text=replace(found, syllables=facts.text.syllables))


def measure(
    source: Path | Source, *, agent: AgentChannel = "auto"
) -> tuple[Measurement, tuple[Track, ...]]:
    """Prosody alone, channel by channel, without recognition or text, and its frames.

    Raises:
        CallvoiceError: unreadable input or nothing to analyse.
    """
    source = source if isinstance(source, Source) else Source(source)
    opened = open_source(source)
    audio = opened.audio
    lines = listen(audio, source.name)
    found, _ = roles.assign(_agent(agent, opened, lines), lines.on_channel)
    channels, conversation = prosody.measure(lines.channels, roles=found)
    measurement = Measurement(
        format_version=FORMAT_VERSION,
        source=source.name,
        duration_s=round(audio.duration_s, 3),
        rate_hz=audio.rate_hz,
        notes=audio.notes if lines.voices else (*audio.notes, *lines.notes),
        channels=channels,
        conversation=conversation,
        leg_offset_s=opened.offset_s,
    )
    return measurement, lines.channels


def _agent(chosen: AgentChannel, opened: Opened, lines: Lines) -> AgentChannel:
    """The agent's channel as the user or the container states it; voices have no channel."""
    if lines.voices is not None:
        return "auto"
    if chosen == "auto" and "agent" in opened.roles:
        return "left" if opened.roles["agent"] == 0 else "right"
    return chosen


def _hear(
    audio: Audio,
    lines: Lines,
    recogniser: Hearing | None,
    options: AnalysisOptions,
    agent: AgentChannel,
    progress: Progress | None,
) -> _Heard:
    """Words and roles, from a given transcript or by recognition."""
    if options.transcript is not None:
        transcript = given.read_transcript(options.transcript, language=options.language)
        found, confidence = roles.from_turns(agent, lines.speech, transcript.turns)
        return _Heard(given.on_channels(transcript, found), found, lines.bounded(confidence))
    if recogniser is None:
        raise ValueError("analyze() needs a recogniser or a transcript")
    heard = recogniser.recognise(
        audio, lines.on_channel, language=options.language, progress=progress
    )
    words = lines.words(heard.words)
    found, confidence = roles.assign(agent, lines.speech, words=words, language=heard.language)
    transcript = Transcript(heard.language, "recognised", to_turns(words, roles=found))
    return _Heard(transcript, found, lines.bounded(confidence), heard.dropped)


def _call(name: str, opened: Opened, lines: Lines, heard: _Heard) -> Call:
    audio = opened.audio
    return Call(
        id=opened.sha256[:16],
        source=name,
        sha256=opened.sha256,
        duration_s=round(audio.duration_s, 3),
        language=heard.transcript.language,
        n_channels=audio.n_channels,
        rate_hz=audio.rate_hz,
        roles=lines.call_roles(heard.line_roles),
        roles_confidence=heard.roles_confidence,
        notes=(*audio.notes, *lines.notes),
        leg_offset_s=opened.offset_s,
    )


def _provenance(recogniser: Hearing | None, heard: _Heard, settings: Settings) -> Provenance:
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
        improbable_share=_improbable_share(heard.transcript),
        dropped=heard.dropped,
    )


def _improbable_share(transcript: Transcript) -> float | None:
    words = [word.probability for turn in transcript.turns for word in turn.words]
    known = [probability for probability in words if probability is not None]
    return round(sum(p < 0.5 for p in known) / len(known), 3) if known else None
