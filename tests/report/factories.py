"""A whole report of a short made-up call, with sound to go with it."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any, Literal

import msgspec
import numpy as np

from callvoice.settings import load_settings
from callvoice.types import (
    FORMAT_VERSION,
    Audio,
    Call,
    ChannelMeasures,
    Conversation,
    Dropped,
    Effort,
    Finding,
    Gap,
    Interval,
    Measures,
    Mistake,
    MistakeId,
    Overlap,
    Provenance,
    Report,
    ReportedTranscript,
    Role,
    Status,
    Stretch,
    Title,
    Track,
    Turn,
    Word,
)

RATE_HZ = 8_000
DURATION_S = 40.0
CHANNELS: dict[Role, int] = {"agent": 0, "caller": 1}

_SAID: tuple[tuple[Role, float, float, str], ...] = (
    ("agent", 0.6, 4.2, "Guten Tag, Muster Energie, mein Name ist Jana Feld."),
    ("caller", 4.6, 9.4, "Ja, hallo, Brandt hier. Meine Abrechnung stimmt schon wieder nicht."),
    ("agent", 9.7, 13.9, "Das tut mir leid, Herr Brandt, das sehe ich mir sofort mit Ihnen an."),
    ("caller", 14.4, 19.0, "Es geht um 84 Euro, die ich im März schon bezahlt habe."),
    ("agent", 18.2, 22.6, "Nein, das kann nicht sein, da müssen Sie etwas übersehen haben."),
    ("caller", 23.1, 27.3, "Ich habe den Kontoauszug doch vor mir liegen."),
    ("agent", 27.9, 33.4, "Wie ich schon sagte, das steht so in den Bedingungen."),
    ("agent", 34.2, 38.8, "Ich buche den Betrag heute zurück und rufe Sie morgen an."),
)
_TITLES: tuple[tuple[MistakeId, str, str], ...] = (
    ("toneless", "Stimme klingt tonlos", "Voice sounds toneless"),
    ("indifferent", "Stimme klingt gleichgültig", "Voice sounds indifferent"),
    ("impatient", "Stimme klingt ungeduldig", "Voice sounds impatient"),
    ("overlong_greeting", "Begrüßung ist zu lang", "Greeting is too long"),
    ("rushed", "Stimme klingt gehetzt", "Voice sounds rushed"),
    ("unclear", "Aussprache ist undeutlich", "Articulation is unclear"),
    ("too_fast", "Sprechtempo ist zu hoch", "Speaks too fast"),
    ("know_it_all", "Klingt besserwisserisch", "Sounds like a know-it-all"),
)


def make_turns() -> tuple[Turn, ...]:
    """The call's turns, words evenly spread over each."""
    return tuple(_turn(*said) for said in _SAID)


def _turn(role: Role, start_s: float, end_s: float, text: str) -> Turn:
    parts = text.split()
    edges = np.linspace(start_s, end_s, len(parts) + 1).round(3).tolist()
    words = tuple(
        Word(part, at, to, 0.9) for part, at, to in zip(parts, edges, edges[1:], strict=False)
    )
    return Turn(role, start_s, end_s, text, words, CHANNELS[role])


@cache
def make_audio(duration_s: float = DURATION_S, n_channels: int = 2) -> Audio:
    """Voice-like buzz in each party's turns over a little noise, float32 at 8 kHz."""
    rng = np.random.default_rng(7)
    time_s = np.arange(int(duration_s * RATE_HZ)) / RATE_HZ
    samples = rng.normal(0, 0.002, (n_channels, time_s.size))
    for role, start_s, end_s, _ in _SAID:
        inside = (time_s >= start_s) & (time_s < end_s)
        samples[CHANNELS[role] % n_channels, inside] += _buzz(time_s[inside], role)
    return Audio(samples.astype(np.float32), RATE_HZ)


def _buzz(time_s: np.ndarray[Any, Any], role: Role) -> np.ndarray[Any, Any]:
    f0_hz = 110.0 if role == "caller" else 190.0
    phase = 2 * np.pi * (f0_hz * time_s + 4 * np.sin(2 * np.pi * 0.6 * time_s))
    harmonics = sum(np.sin(k * phase) / k for k in range(2, 9))
    syllables = np.abs(np.sin(2 * np.pi * 2.4 * time_s)) ** 0.7
    return np.asarray(0.16 * harmonics * syllables)


def make_tracks() -> tuple[Track, Track]:
    """Pitch that rises and falls while a party speaks, for both channels."""
    return _track("agent"), _track("caller")


def _track(role: Role) -> Track:
    time_s = np.arange(int(DURATION_S * 100)) / 100
    speech = np.zeros(time_s.size, dtype=bool)
    for party, start_s, end_s, _ in _SAID:
        speech |= (party == role) & (time_s >= start_s) & (time_s < end_s)
    melody = 190 * 2 ** (np.sin(2 * np.pi * 0.6 * time_s) / 4)
    return Track(
        hop_s=0.01,
        f0_hz=np.where(speech, melody, np.nan),
        strength=np.where(speech, 0.8, 0.0),
        level_db=np.where(speech, -24.0, -60.0),
        speech=speech,
        density=np.zeros(time_s.size),
        energies=np.ones((time_s.size, 9)),
        nuclei_s=np.arange(0.7, DURATION_S, 0.2),
    )


def make_findings() -> tuple[Finding, ...]:
    """Five findings, one without a place in the recording."""
    quote = "Nein, das kann nicht sein, da müssen Sie etwas übersehen haben."
    return (
        Finding(
            "agent", 18.2, 22.6, "contradiction", 1.0, 0.0, "count", quote,
            "Widerspruch unmittelbar nach einer Aussage des Anrufers. Das kann belehrend wirken.",
        ),
        Finding(
            "agent", 27.9, 30.0, "lecturing", None, None, None, "Wie ich schon sagte,",
            "Hinweis darauf, dass etwas schon gesagt wurde.",
        ),
        Finding("agent", 30.0, 33.4, "excuse", None, None, None, "das steht so in den", "Verweis."),
        Finding("agent", 34.2, 36.0, "lecturing", None, None, None, None, "Vierte Stelle."),
        Finding("agent", None, None, "share", 0.4, 0.25, "share", None, "Über alle Antworten."),
    )  # fmt: skip


def make_strengths() -> tuple[Finding, ...]:
    """Three moments that worked."""
    return (
        Finding(
            "agent", 9.7, 11.2, "apology", None, None, None, "Das tut mir leid, Herr Brandt,",
            "Eine Entschuldigung mit Namen, gleich nachdem der Ärger genannt wurde.",
        ),
        Finding(
            "agent", 34.2, 38.8, "own_offer", None, None, None,
            "Ich buche den Betrag heute zurück und rufe Sie morgen an.",
            "Ein eigenes Angebot mit einem Zeitpunkt.",
        ),
        Finding("agent", 11.2, 13.9, "shoulder", None, None, None, "mit Ihnen", "Gemeinsam."),
    )  # fmt: skip


def make_mistakes() -> tuple[Mistake, ...]:
    """Know-it-all and impatient found, unclear not assessable, all else clear."""
    status: dict[str, Status] = {
        "know_it_all": "found", "impatient": "found", "unclear": "not_assessable",
    }  # fmt: skip
    findings = {
        "know_it_all": make_findings(),
        "impatient": (
            Finding(
                "agent", 18.2, 19.0, "interruption", 0.8, 0.5, "s", None,
                "Der Agent beginnt 0,8 s vor dem Ende des Redebeitrags.",
            ),
        ),
    }  # fmt: skip
    score = {"know_it_all": 0.86, "impatient": 0.62, "unclear": None}
    return tuple(
        Mistake(
            id=identity,
            number=number,
            title=Title(de, en),
            status=status.get(identity, "clear"),
            reason="Nur 6,2 s stimmhafte Sprache, nötig sind 20 s."
            if identity == "unclear"
            else None,
            score=score.get(identity, 0.08),
            confidence="high" if identity == "impatient" else "medium",
            findings=findings.get(identity, ()),
            advice="Erst wiederholen, was Sie gehört haben, dann die eigene Sicht nennen.",
        )
        for number, (identity, de, en) in enumerate(_TITLES, start=1)
    )


def make_measures() -> Measures:
    """Plausible numbers of both parties."""
    conversation = Conversation(
        separate=True,
        gaps=(Gap(4.2, 4.6, 0, 1), Gap(9.4, 9.7, 1, 0), Gap(27.3, 27.9, 1, 0)),
        overlaps=(Overlap(18.2, 19.0, 0, interruption=True, other_stopped=True),),
    )
    return Measures(_party("agent", 4.9), _party("caller", 5.4), conversation)


def _party(role: Role, rate_syll_s: float) -> ChannelMeasures:
    return ChannelMeasures(
        channel=CHANNELS[role],
        role=role,
        speech=(Interval(0.6, 4.2),),
        pauses=(Interval(33.4, 34.2),) if role == "agent" else (),
        f0_median_hz=190.4,
        f0_spread_st=2.31,
        f0_range_st=8.72,
        articulation_rate_syll_s=rate_syll_s,
        voiced_s=14.2,
        speech_s=22.3,
        n_syllables=96,
        speech_level_db=-23.4,
        noise_floor_db=-58.1,
        snr_db=34.7,
        clipped_share=0.0,
        effort=Effort(-9.5, -20.1, 510.0, 15.2, 20.0),
        flat_share=0.12 if role == "agent" else None,
        windows=tuple(
            Stretch(start_s, start_s + 10, 6.0, 30, rate_syll_s + start_s / 40)
            for start_s in (0.0, 10.0, 20.0, 30.0)
        ),
    )


def make_report(language: Literal["de", "en"] = "de", **changes: Any) -> Report:
    """A report of the made-up call; ``changes`` replace whole fields."""
    report = Report(
        format_version=FORMAT_VERSION,
        report_language=language,
        call=Call(
            id="0123456789abcdef",
            source="aufnahmen/abrechnung.flac",
            sha256="0123456789abcdef" * 4,
            duration_s=DURATION_S,
            language="de",
            n_channels=2,
            rate_hz=RATE_HZ,
            roles=dict(CHANNELS),
            roles_confidence="high",
        ),
        provenance=Provenance(
            callvoice="0.1.0",
            python="3.11.7",
            libraries={"numpy": "2.4.0", "faster-whisper": "1.2.1"},
            recogniser="base",
            recogniser_revision="d01c3014",
            settings_digest=load_settings().digest,
            dropped=(Dropped(0, 3.0, 9.0, "repetitive", 1, "und"),),
        ),
        mistakes=make_mistakes(),
        strengths=make_strengths(),
        measures=make_measures(),
        transcript=ReportedTranscript(make_turns()),
    )
    return msgspec.structs.replace(report, **changes)


def make_hour() -> tuple[Report, Audio, tuple[Track, ...]]:
    """An hour of the made-up call over and over: 7,700 words, two channels at 8 kHz."""
    times = round(3_600 / DURATION_S)
    turns = tuple(_later(turn, n * DURATION_S) for n in range(times) for turn in make_turns())
    report = make_report(
        call=msgspec.structs.replace(make_report().call, duration_s=3_600.0),
        transcript=ReportedTranscript(turns),
    )
    audio = Audio(np.tile(make_audio().samples, (1, times)), RATE_HZ)
    tracks = tuple(replace(t, f0_hz=np.tile(t.f0_hz, times)) for t in make_tracks())
    return report, audio, tracks


def _later(turn: Turn, by_s: float) -> Turn:
    words = tuple(
        msgspec.structs.replace(word, start_s=word.start_s + by_s, end_s=word.end_s + by_s)
        for word in turn.words
    )
    return msgspec.structs.replace(
        turn, start_s=turn.start_s + by_s, end_s=turn.end_s + by_s, words=words
    )
