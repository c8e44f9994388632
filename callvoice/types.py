"""Every value that crosses a stage. Rooms meet here and nowhere else.

Arrays (``Audio``, ``Track``) are dataclasses that live only while a call is analysed. All else is a
frozen ``msgspec.Struct``: typed, serialisable, and the source of the published JSON Schema.
Units stand in the names: ``_s`` seconds, ``_hz`` hertz, ``_db`` decibels relative to full scale,
``_st`` semitones, ``_syll_s`` syllables per second. An undefined value is ``None``, never 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from msgspec import Meta, Struct
from numpy.typing import NDArray

FloatArray = NDArray[np.floating]
BoolArray = NDArray[np.bool_]

Role = Literal["agent", "caller"]
Status = Literal["found", "clear", "not_assessable"]
Confidence = Literal["low", "medium", "high"]
MistakeId = Literal[
    "toneless",
    "indifferent",
    "impatient",
    "overlong_greeting",
    "rushed",
    "unclear",
    "too_fast",
    "know_it_all",
]
Seconds = Annotated[float, Meta(ge=0)]
Share = Annotated[float, Meta(ge=0, le=1)]

FORMAT_VERSION = "1.0"


class Interval(Struct, frozen=True):
    """A stretch of time in the recording."""

    start_s: Seconds
    end_s: Seconds


# --- sound and frames: alive during one analysis, never stored -----------------------------------


@dataclass(frozen=True)
class Audio:
    """A decoded recording.

    ``pcm`` is ``[n_channels, n_samples]``: float32 in −1…1, finite, or int16 as most recorders
    write it (half the memory, which matters for calls of hours). ``channel`` gives either as
    float32. ``notes`` are slugs of what decoding had to mend ("truncated", …).
    """

    pcm: NDArray[np.float32] | NDArray[np.int16]
    rate_hz: int
    notes: tuple[str, ...] = ()

    def channel(self, number: int, start: int = 0, stop: int | None = None) -> NDArray[np.float32]:
        """Samples ``start`` to ``stop`` of one channel, float32 in −1…1, ``[n]``."""
        return _as_float(self.pcm[number, start:stop])

    @property
    def samples(self) -> NDArray[np.float32]:
        """All samples at once, float32 ``[n_channels, n_samples]``."""
        return _as_float(self.pcm)

    @property
    def n_channels(self) -> int:
        """Number of channels, at least 1."""
        return int(self.pcm.shape[0])

    @property
    def duration_s(self) -> float:
        """Length of the recording in seconds."""
        return float(self.pcm.shape[1] / self.rate_hz)


def _as_float(pcm: NDArray[np.float32] | NDArray[np.int16]) -> NDArray[np.float32]:
    if pcm.dtype == np.int16:
        return pcm.astype(np.float32) / np.float32(32768)
    return np.asarray(pcm, np.float32)


@dataclass(frozen=True)
class Track:
    """Frame arrays of one channel, with their clock: frame ``i`` is centred at ``i * hop_s``.

    Frame arrays have the shape ``[n_frames]``. ``f0_hz`` is NaN where unvoiced; ``strength`` is the
    periodicity 0…1; ``level_db`` is dB relative to full scale (floor −120); ``speech`` is true
    inside speech. ``density`` is the expected number of syllable nuclei at a frame; ``energies``
    are band energies ``[n_frames, n_bands]`` for effort and clarity; ``nuclei_s`` are the times of
    syllable nuclei ``[n_syllables]``. Levels of speech and noise are dB relative to
    full scale, None where there is none.
    """

    hop_s: float
    f0_hz: FloatArray
    strength: FloatArray
    level_db: FloatArray
    speech: BoolArray
    density: FloatArray
    energies: FloatArray
    nuclei_s: FloatArray
    noise_floor_db: float | None = None
    speech_level_db: float | None = None
    clipped_share: float = 0.0
    dropouts: tuple[Interval, ...] = ()
    hum_db: float | None = None
    music_or_tone: tuple[Interval, ...] = ()


# --- what was said -------------------------------------------------------------------------------


class Word(Struct, frozen=True):
    """One recognised word; ``probability`` is the recogniser's own, None from a transcript file."""

    text: str
    start_s: Seconds
    end_s: Seconds
    probability: Share | None = None


class Turn(Struct, frozen=True):
    """What one party said in one go. ``role`` is None where it could not be told; ``confidence``
    is the mean probability of its words, None from a transcript file.
    """

    role: Role | None
    start_s: Seconds
    end_s: Seconds
    text: str
    words: tuple[Word, ...] = ()
    channel: int | None = None
    confidence: Share | None = None


class Transcript(Struct, frozen=True):
    """The turns of a call in order of their start."""

    language: str
    source: Literal["recognised", "given"]
    turns: tuple[Turn, ...] = ()


class Dropped(Struct, frozen=True):
    """What the recogniser wrote from a stretch of a channel and nobody should believe; ``reason``
    is a slug ("no-speech", "improbable", "repetitive", "too-dense", "phantom",
    "other-language"), or "unheard": speech for which it wrote nothing.
    """

    channel: int
    start_s: Seconds
    end_s: Seconds
    reason: str
    n_words: int
    text: str


class Call(Struct, frozen=True):
    """Which recording this is. ``id`` is the first 16 hex digits of ``sha256``; ``leg_offset_s`` is
    by how much the caller's file was placed later than the agent's, where each has its own.
    """

    id: str
    source: str
    sha256: str
    duration_s: Seconds
    language: str
    n_channels: Annotated[int, Meta(ge=1)]
    rate_hz: int
    roles: dict[Role, int]
    roles_confidence: Confidence | None = None
    notes: tuple[str, ...] = ()
    leg_offset_s: float | None = None


# --- facts: prosody ------------------------------------------------------------------------------


class Stretch(Struct, frozen=True):
    """Counts and rates of one stretch of one party's speech (a turn or a window).

    ``speech_s`` excludes pauses; ``n_syllables`` are acoustic nuclei, ``n_text_syllables`` come
    from the words said in it (None without words). ``articulation_rate_syll_s`` is over
    ``speech_s``, ``speech_rate_syll_s`` includes the pauses. ``n_pauses`` and ``pause_s`` are
    inside the stretch.
    """

    start_s: Seconds
    end_s: Seconds
    speech_s: float
    n_syllables: int
    articulation_rate_syll_s: float | None = None
    speech_rate_syll_s: float | None = None
    n_text_syllables: int | None = None
    text_rate_syll_s: float | None = None
    n_pauses: int = 0
    pause_s: float = 0.0
    voiced_s: float = 0.0
    f0_spread_st: float | None = None
    level_db: float | None = None


class Melody(Struct, frozen=True):
    """How phrases end, and how the voice changes from the first to the last third of the call.

    Counts of phrase-final falls, rises and neither, over ``final_voiced_s`` of voice; changes in
    semitones, None where a third has too little voice.
    """

    n_falls: int
    n_rises: int
    n_level: int
    final_voiced_s: float
    height_change_st: float | None
    spread_change_st: float | None


class Tempo(Struct, frozen=True):
    """Rate over time and between pauses.

    ``rate_slope_syll_s_min`` is the change of the articulation rate in syllables a second per
    minute of call; runs are stretches of speech between pauses.
    """

    speech_rate_syll_s: float | None
    rate_slope_syll_s_min: float | None
    n_runs: int
    median_run_s: float | None
    median_run_syllables: float | None


class Effort(Struct, frozen=True):
    """Vocal effort over voiced frames, without a reference level.

    Slope of band levels from 300 to 3400 Hz in dB per octave, energy above against below 1.2 kHz
    in dB, fastest rises of level in dB/s (95th percentile), distance of loud and weak frames in
    dB, and the voiced seconds that carry them.
    """

    spectral_slope_db_oct: float
    spectral_balance_db: float
    level_rise_db_s: float
    level_depth_db: float
    voiced_s: float


class Clarity(Struct, frozen=True):
    """How clearly the sound is articulated: swing of band levels at the pace of syllables, movement
    of the spectrum's shape within 40 ms, both in dB, and the speech seconds that carry them.
    """

    modulation_db: float
    spectral_change_db: float
    speech_s: float


class ChannelMeasures(Struct, frozen=True):
    """What was measured on one channel, from the sound alone unless a name says ``text``.

    ``syllable_reduction`` is the syllables heard for each syllable of the words said.
    """

    channel: int
    role: Role | None
    speech: tuple[Interval, ...]
    pauses: tuple[Interval, ...]
    f0_median_hz: float | None
    f0_spread_st: float | None
    f0_range_st: float | None
    articulation_rate_syll_s: float | None
    voiced_s: float
    speech_s: float
    n_syllables: int
    speech_level_db: float | None
    noise_floor_db: float | None
    snr_db: float | None
    clipped_share: Share
    music_or_tone: tuple[Interval, ...] = ()
    n_dropouts: int = 0
    hum_db: float | None = None
    flat_share: Share | None = None
    text_rate_syll_s: float | None = None
    syllable_reduction: float | None = None
    tempo: Tempo | None = None
    melody: Melody | None = None
    effort: Effort | None = None
    clarity: Clarity | None = None
    turns: tuple[Stretch, ...] = ()
    windows: tuple[Stretch, ...] = ()


class Gap(Struct, frozen=True):
    """Silence between the end of one party's turn and the start of the other's."""

    start_s: Seconds
    end_s: Seconds
    from_channel: int
    to_channel: int


class Overlap(Struct, frozen=True):
    """Both parties speak. ``by_channel`` began later; ``interruption`` is a start inside the
    other's turn that is no short acknowledgement and not within its last half second;
    ``other_stopped`` says whether the other party then ceased.
    """

    start_s: Seconds
    end_s: Seconds
    by_channel: int
    interruption: bool
    other_stopped: bool


class Backchannel(Struct, frozen=True):
    """A short acknowledgement ("mhm") of one party while the other has the turn and keeps it."""

    start_s: Seconds
    end_s: Seconds
    by_channel: int


class Conversation(Struct, frozen=True):
    """Turn-taking between two channels; empty for one channel (``separate`` is false), where
    ``uncertain`` are the stretches of speech that could be either party's.
    """

    separate: bool
    gaps: tuple[Gap, ...] = ()
    overlaps: tuple[Overlap, ...] = ()
    backchannels: tuple[Backchannel, ...] = ()
    uncertain: tuple[Interval, ...] = ()


# --- facts: text ---------------------------------------------------------------------------------


class Hit(Struct, frozen=True):
    """A phrase found in a turn. ``turn`` indexes the transcript; ``span`` is in characters of its
    text; times are None where the turn has none. ``probability`` is that of the label given the
    words, ``confidence`` the recogniser's in the words, None from a transcript file. ``better`` is
    a wording to use instead.
    """

    label: str
    rule: str
    turn: int
    role: Role | None
    quote: str
    span: tuple[int, int]
    start_s: float | None = None
    end_s: float | None = None
    probability: float = 1.0
    confidence: Share | None = None
    better: str | None = None


class Greeting(Struct, frozen=True):
    """The agent's opening. ``parts`` in order of appearance, such as "salutation", "welcome",
    "company", "department", "name", "offer"; ``antiquated`` are formulas out of use, as said.
    """

    turn: int
    text: str
    n_syllables: int
    parts: tuple[str, ...]
    antiquated: tuple[str, ...]
    start_s: float | None = None
    end_s: float | None = None


class TextFacts(Struct, frozen=True):
    """What the text stage found. ``syllables`` has one count per turn of the transcript."""

    language: str
    supported: bool
    syllables: tuple[int, ...]
    hits: tuple[Hit, ...]
    greeting: Greeting | None


class Relative(Struct, frozen=True):
    """A measure of this call beside the same agent's earlier calls.

    ``z`` is the robust distance (value − median) / (1.4826 · MAD), None where the earlier calls do
    not differ; ``deviation`` is that denominator in the measure's unit. ``percentile`` is the share
    of the ``n_calls`` earlier calls below the value, ties counted half.
    """

    measure: str
    value: float
    median: float
    deviation: float
    z: float | None
    percentile: Share
    n_calls: int


class Baseline(Struct, frozen=True):
    """How a call stands beside ``n_calls`` earlier ones of its agent; no ``measures`` while these
    are fewer than ``needed``. ``agent`` is a salted digest of the pseudonym, never the pseudonym.
    """

    agent: str
    n_calls: int
    needed: int
    measures: tuple[Relative, ...] = ()

    def of(self, measure: str) -> Relative | None:
        """The comparison of one measure, None where there is none."""
        return next((r for r in self.measures if r.measure == measure), None)


class Facts(Struct, frozen=True):
    """All that was measured of a call: no sound, no opinion. Judging needs nothing else."""

    call: Call
    channels: tuple[ChannelMeasures, ...]
    conversation: Conversation
    transcript: Transcript
    text: TextFacts
    baseline: Baseline | None = None

    def party(self, role: Role) -> ChannelMeasures | None:
        """The measures of the agent's or caller's own channel, None where they have none."""
        return next((c for c in self.channels if c.role == role), None)


# --- judgements and the report -------------------------------------------------------------------


class Finding(Struct, frozen=True):
    """One place to listen to, and what was measured there against which limit.

    ``heard`` is how sure the recogniser was of the words quoted, ``better`` a wording to use
    instead; ``explanation`` is filled by the report stage, in the report's language.
    """

    role: Role | None
    start_s: float | None
    end_s: float | None
    measure: str
    value: float | None = None
    limit: float | None = None
    unit: str | None = None
    quote: str | None = None
    explanation: str = ""
    heard: Share | None = None
    better: str | None = None


class Verdict(Struct, frozen=True):
    """What one mistake's judge decided. ``reason`` is a slug where not assessable; ``weighed`` are
    the findings of every observable with its score, also of those that do not speak for it.
    """

    id: MistakeId
    status: Status
    confidence: Confidence
    score: Share | None = None
    reason: str | None = None
    findings: tuple[Finding, ...] = ()
    weighed: tuple[tuple[Share, tuple[Finding, ...]], ...] = ()


class Title(Struct, frozen=True):
    """A mistake's name in both report languages."""

    de: str
    en: str


class Mistake(Struct, frozen=True):
    """One of the eight in the report. ``reason`` is a sentence, None unless not assessable."""

    id: MistakeId
    number: Annotated[int, Meta(ge=1, le=8)]
    title: Title
    status: Status
    reason: str | None
    score: Share | None
    confidence: Confidence
    findings: tuple[Finding, ...]
    advice: str


class Provenance(Struct, frozen=True):
    """What made this report: program, recogniser, settings.

    ``improbable_share`` is the share of recognised words whose probability is below one half.
    ``calibration`` is the file whose mapping the scores passed through, None where they are raw.
    """

    callvoice: str
    python: str
    libraries: dict[str, str]
    recogniser: str | None
    recogniser_revision: str | None
    settings_digest: str
    improbable_share: Share | None = None
    dropped: tuple[Dropped, ...] = ()
    calibration: str | None = None
    calibration_digest: str | None = None


class Measures(Struct, frozen=True):
    """The numbers behind the verdicts. ``others`` are channels that are neither party's."""

    agent: ChannelMeasures | None
    caller: ChannelMeasures | None
    conversation: Conversation
    others: tuple[ChannelMeasures, ...] = ()


class Measurement(Struct, frozen=True):
    """The result of ``callvoice measure``: prosody without words."""

    format_version: str
    source: str
    duration_s: Seconds
    rate_hz: int
    notes: tuple[str, ...]
    channels: tuple[ChannelMeasures, ...]
    conversation: Conversation
    leg_offset_s: float | None = None


class ReportedTranscript(Struct, frozen=True):
    """The turns as the report shows them. ``source`` is None in reports of earlier versions."""

    turns: tuple[Turn, ...]
    source: Literal["recognised", "given"] | None = None


class SelfAssessment(Struct, frozen=True):
    """The agent's own impression of the call: per mistake from 1 (not to be heard) to 5 (clearly
    to be heard), and answers in own words, each ``(question, answer)``.
    """

    ratings: dict[str, Annotated[int, Meta(ge=1, le=5)]] = {}
    texts: tuple[tuple[str, str], ...] = ()


class Report(Struct, frozen=True):
    """The versioned result of ``callvoice analyze``.

    ``text`` is what was found in the words, from which ``callvoice judge`` judges again; None in
    reports of earlier versions. ``baseline`` and ``self_assessment`` are None unless asked for.
    """

    format_version: str
    report_language: Literal["de", "en"]
    call: Call
    provenance: Provenance
    mistakes: Annotated[tuple[Mistake, ...], Meta(min_length=8, max_length=8)]
    strengths: tuple[Finding, ...]
    measures: Measures
    transcript: ReportedTranscript
    text: TextFacts | None = None
    baseline: Baseline | None = None
    self_assessment: SelfAssessment | None = None
