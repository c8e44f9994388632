"""From frames to measures: each party's speech summed up over the call, its turns and windows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from msgspec.structs import asdict, replace

from callvoice.prosody import clarity, effort, melody
from callvoice.prosody.activity import fill_gaps, intervals, pauses
from callvoice.prosody.line import snr_db
from callvoice.prosody.party import Party, SpokenTurn, rounded
from callvoice.prosody.syllables import rate_slope_syll_s_min, run_lengths
from callvoice.prosody.turn_taking import conversation, turns
from callvoice.types import (
    ChannelMeasures,
    Clarity,
    Conversation,
    Effort,
    Interval,
    Melody,
    Role,
    Stretch,
    Tempo,
    Track,
)

_Measures = TypeVar("_Measures", Effort | None, Clarity | None)


@dataclass(frozen=True)
class MeasureOptions:
    """``pause_s`` shortest pause; ``window_s`` length of the windows that follow rate over time;
    ``min_window_speech_s`` speech that a window needs for a rate of its own; ``mono_turn_s``
    silence that ends a turn where both parties are on one channel.
    """

    pause_s: float = 0.25
    window_s: float = 10.0
    min_window_speech_s: float = 2.0
    mono_turn_s: float = 1.0


def measure(
    tracks: Sequence[Track],
    *,
    roles: Mapping[Role, int],
    spoken: Sequence[SpokenTurn] = (),
    one_channel: bool = False,
    options: MeasureOptions | None = None,
) -> tuple[tuple[ChannelMeasures, ...], Conversation]:
    """Measures of each channel in file order, and the turn-taking between two.

    Args:
        tracks: frame arrays per channel, all of one length.
        roles: which channel is whose; others get no role.
        spoken: what was said, for rates from words; its channels index ``tracks``.
        one_channel: the tracks are voices of one channel: overlaps and gaps cannot be measured.
        options: how.
    """
    options = options or MeasureOptions()
    by_channel: dict[int, Role] = {channel: role for role, channel in roles.items()}
    parties = _parties(tracks, spoken, options)
    spans = _turn_spans(tracks, options)
    channels = tuple(
        _channel(number, by_channel.get(number), party, spans[number], options)
        for number, party in enumerate(parties)
    )
    if one_channel:
        channels = tuple(replace(channel, channel=0) for channel in channels)
    if one_channel or len(tracks) != 2:
        return channels, Conversation(separate=False)
    return channels, conversation([t.speech for t in tracks], hop_s=tracks[0].hop_s)


def _parties(
    tracks: Sequence[Track], spoken: Sequence[SpokenTurn], options: MeasureOptions
) -> list[Party]:
    inside = [fill_gaps(t.speech, round(options.pause_s / t.hop_s)) for t in tracks]
    speech = [intervals(mask, hop_s=t.hop_s) for mask, t in zip(inside, tracks, strict=True)]
    return [
        Party(
            track=track,
            inside=inside[number],
            pauses=pauses(
                speech[number],
                speech[1 - number] if len(tracks) == 2 else (),
                min_s=options.pause_s,
            ),
            spoken=[s for s in spoken if s.turn.channel == number],
        )
        for number, track in enumerate(tracks)
    ]


def _turn_spans(tracks: Sequence[Track], options: MeasureOptions) -> list[tuple[Interval, ...]]:
    """Each channel's turns; on one channel every long stretch of speech counts as one."""
    if len(tracks) != 2:
        return [
            intervals(fill_gaps(t.speech, round(options.mono_turn_s / t.hop_s)), hop_s=t.hop_s)
            for t in tracks
        ]
    found = turns([t.speech for t in tracks], hop_s=tracks[0].hop_s)
    return [
        tuple(Interval(s.start_s, s.end_s) for s in found if s.channel == n and not s.backchannel)
        for n in (0, 1)
    ]


def _channel(
    number: int,
    role: Role | None,
    party: Party,
    spans: Sequence[Interval],
    options: MeasureOptions,
) -> ChannelMeasures:
    track, hop_s = party.track, party.track.hop_s
    duration_s = len(track.speech) * hop_s
    speech_s, _, voiced_s = party.totals(0.0, duration_s)
    windows = _windows(party, duration_s, options)
    return ChannelMeasures(
        channel=number,
        role=role,
        speech=party.speech,
        pauses=party.pauses,
        f0_median_hz=rounded(melody.f0_median_hz(track.f0_hz, hop_s=hop_s)),
        f0_spread_st=rounded(melody.f0_spread_st(track.f0_hz, hop_s=hop_s)),
        f0_range_st=rounded(melody.f0_range_st(track.f0_hz, hop_s=hop_s)),
        articulation_rate_syll_s=rounded(party.rate_syll_s(0.0, duration_s)),
        voiced_s=round(voiced_s, 2),
        speech_s=round(speech_s, 2),
        n_syllables=len(track.nuclei_s),
        speech_level_db=rounded(track.speech_level_db, 1),
        noise_floor_db=rounded(track.noise_floor_db, 1),
        snr_db=rounded(snr_db(track.speech_level_db, track.noise_floor_db), 1),
        clipped_share=round(track.clipped_share, 5),
        music_or_tone=track.music_or_tone,
        n_dropouts=len(track.dropouts),
        hum_db=rounded(track.hum_db, 1),
        flat_share=rounded(melody.flat_share(track.f0_hz, hop_s=hop_s)),
        text_rate_syll_s=_text_rate(party),
        syllable_reduction=_reduction(party),
        tempo=_tempo(party, spans, windows),
        melody=_melody(track),
        effort=_short(effort.vocal_effort(track.energies, voiced=np.isfinite(track.f0_hz))),
        clarity=_short(clarity.clarity(track.energies, speech=party.inside)),
        turns=tuple(party.stretch(span.start_s, span.end_s) for span in spans),
        windows=windows,
    )


def _short(measures: _Measures) -> _Measures:
    """The same measures with the digits that mean something."""
    if measures is None:
        return measures
    return replace(measures, **{k: round(float(v), 2) for k, v in asdict(measures).items()})


def _text_rate(party: Party) -> float | None:
    """Syllables of all words over the speech time of their turns."""
    n_syllables = sum(item.n_syllables for item in party.spoken)
    spoken_s = sum(party.totals(i.turn.start_s, i.turn.end_s)[0] for i in party.spoken)
    return round(n_syllables / spoken_s, 3) if n_syllables and spoken_s >= 1.0 else None


def _reduction(party: Party) -> float | None:
    """Syllables heard in the turns for each syllable of their words."""
    heard = sum(
        (party.rate_syll_s(i.turn.start_s, i.turn.end_s) or 0.0)
        * party.totals(i.turn.start_s, i.turn.end_s)[0]
        for i in party.spoken
    )
    said = sum(item.n_syllables for item in party.spoken)
    return rounded(clarity.syllable_reduction(heard, said))


def _windows(party: Party, duration_s: float, options: MeasureOptions) -> tuple[Stretch, ...]:
    """Windows of the call that hold enough of this party's speech."""
    starts = [float(start) for start in np.arange(0.0, duration_s, options.window_s)]
    edges = [(start, min(start + options.window_s, duration_s)) for start in starts]
    return tuple(
        party.stretch(start_s, end_s)
        for start_s, end_s in edges
        if party.totals(start_s, end_s)[0] >= options.min_window_speech_s
    )


def _tempo(party: Party, spans: Sequence[Interval], windows: Sequence[Stretch]) -> Tempo:
    lengths_s = np.array([run.end_s - run.start_s for run in party.speech])
    syllables = run_lengths(party.track.nuclei_s, party.speech)
    turn_s = sum(span.end_s - span.start_s for span in spans)
    nuclei = sum(
        (party.rate_syll_s(s.start_s, s.end_s) or 0.0) * party.totals(s.start_s, s.end_s)[0]
        for s in spans
    )
    rates = [
        np.nan if w.articulation_rate_syll_s is None else w.articulation_rate_syll_s
        for w in windows
    ]
    slope = rate_slope_syll_s_min(
        np.array([(w.start_s + w.end_s) / 2 for w in windows]),
        np.array(rates),
        np.array([w.speech_s for w in windows]),
    )
    return Tempo(
        speech_rate_syll_s=rounded(nuclei / turn_s) if turn_s else None,
        rate_slope_syll_s_min=rounded(slope),
        n_runs=len(party.speech),
        median_run_s=rounded(float(np.median(lengths_s))) if len(lengths_s) else None,
        median_run_syllables=float(np.median(syllables)) if len(syllables) else None,
    )


def _melody(track: Track) -> Melody | None:
    final = melody.final_movements(track.f0_hz, hop_s=track.hop_s)
    if final is None:
        return None
    change = melody.change_between_thirds(track.f0_hz, hop_s=track.hop_s)
    return Melody(
        n_falls=final.n_falls,
        n_rises=final.n_rises,
        n_level=final.n_level,
        final_voiced_s=round(final.voiced_s, 2),
        height_change_st=rounded(change[0]) if change else None,
        spread_change_st=rounded(change[1]) if change else None,
    )
