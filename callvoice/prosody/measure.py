"""From frames to measures: one party's speech summed up over the call, its turns and windows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from callvoice.prosody import melody
from callvoice.prosody.activity import fill_gaps, intervals, pauses
from callvoice.prosody.syllables import articulation_rate_syll_s
from callvoice.prosody.turn_taking import conversation, turns
from callvoice.types import (
    BoolArray,
    ChannelMeasures,
    Conversation,
    FloatArray,
    Interval,
    Role,
    Stretch,
    Track,
    Turn,
)


@dataclass(frozen=True)
class MeasureOptions:
    """``pause_s`` shortest pause; ``window_s`` length of the windows that follow rate over time;
    ``min_window_speech_s`` speech that a window needs for a rate of its own.
    """

    pause_s: float = 0.25
    window_s: float = 10.0
    min_window_speech_s: float = 2.0


@dataclass(frozen=True)
class SpokenTurn:
    """A transcript turn with the syllables of its words."""

    turn: Turn
    n_syllables: int


def measure(
    tracks: Sequence[Track],
    *,
    roles: Mapping[Role, int],
    spoken: Sequence[SpokenTurn] = (),
    options: MeasureOptions | None = None,
) -> tuple[tuple[ChannelMeasures, ...], Conversation]:
    """Measures of each channel in file order, and the turn-taking between two.

    Args:
        tracks: frame arrays per channel, all of one length.
        roles: which channel is whose; others get no role.
        spoken: what was said, for rates from words.
        options: how.
    """
    options = options or MeasureOptions()
    by_channel: dict[int, Role] = {channel: role for role, channel in roles.items()}
    spans = _turn_spans(tracks)
    speech = [intervals(_without_short_gaps(t, options), hop_s=t.hop_s) for t in tracks]
    channels = tuple(
        _channel(
            _Line(
                track=track,
                speech=speech[number],
                pauses=pauses(
                    speech[number],
                    speech[1 - number] if len(tracks) == 2 else (),
                    min_s=options.pause_s,
                ),
                turns=spans[number],
                spoken=[s for s in spoken if s.turn.channel == number],
            ),
            number,
            by_channel.get(number),
            options,
        )
        for number, track in enumerate(tracks)
    )
    return channels, _conversation(tracks)


@dataclass(frozen=True)
class _Line:
    """One channel: its frames, where it speaks, and what it says."""

    track: Track
    speech: tuple[Interval, ...]
    pauses: tuple[Interval, ...]
    turns: tuple[Interval, ...]
    spoken: Sequence[SpokenTurn]


def _without_short_gaps(track: Track, options: MeasureOptions) -> BoolArray:
    """Speech with silences too short for a pause filled in."""
    return fill_gaps(track.speech, round(options.pause_s / track.hop_s))


def _conversation(tracks: Sequence[Track]) -> Conversation:
    if len(tracks) != 2:
        return Conversation(separate=False)
    return conversation([t.speech for t in tracks], hop_s=tracks[0].hop_s)


def _turn_spans(tracks: Sequence[Track]) -> list[tuple[Interval, ...]]:
    """Each channel's turns; on one channel every long stretch of speech counts as one."""
    if len(tracks) != 2:
        return [intervals(fill_gaps(t.speech, round(1.0 / t.hop_s)), hop_s=t.hop_s) for t in tracks]
    found = turns([t.speech for t in tracks], hop_s=tracks[0].hop_s)
    return [
        tuple(Interval(s.start_s, s.end_s) for s in found if s.channel == n and not s.backchannel)
        for n in (0, 1)
    ]


def _channel(
    line: _Line, number: int, role: Role | None, options: MeasureOptions
) -> ChannelMeasures:
    track = line.track
    speech_s = sum(i.end_s - i.start_s for i in line.speech)
    f0_hz = track.f0_hz
    stretches = tuple(_stretch(line, span.start_s, span.end_s) for span in line.turns)
    return ChannelMeasures(
        channel=number,
        role=role,
        speech=line.speech,
        pauses=line.pauses,
        f0_median_hz=_rounded(melody.f0_median_hz(f0_hz)),
        f0_spread_st=_rounded(melody.f0_spread_st(f0_hz)),
        f0_range_st=_rounded(melody.f0_range_st(f0_hz)),
        articulation_rate_syll_s=_rounded(articulation_rate_syll_s(len(track.nuclei_s), speech_s)),
        voiced_s=round(float(np.isfinite(f0_hz).sum() * track.hop_s), 2),
        speech_s=round(speech_s, 2),
        n_syllables=len(track.nuclei_s),
        speech_level_db=_rounded(track.speech_level_db),
        noise_floor_db=_rounded(track.noise_floor_db),
        snr_db=_snr_db(track),
        clipped_share=round(track.clipped_share, 5),
        music_or_tone=track.music_or_tone,
        level_spread_db=_level_spread_db(track),
        flat_share=_rounded(melody.flat_share(f0_hz, hop_s=track.hop_s)),
        text_rate_syll_s=_text_rate(line),
        turns=stretches,
        windows=_windows(line, options),
    )


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(float(value), 3)


def _snr_db(track: Track) -> float | None:
    if track.speech_level_db is None or track.noise_floor_db is None:
        return None
    return round(float(track.speech_level_db - track.noise_floor_db), 1)


def _level_spread_db(track: Track) -> float | None:
    """Interquartile range of the level at syllable nuclei, dB: loud and soft syllables."""
    frames = np.clip(np.rint(track.nuclei_s / track.hop_s).astype(int), 0, len(track.level_db) - 1)
    if len(frames) < 10:
        return None
    low, high = np.percentile(track.level_db[frames], [25, 75])
    return round(float(high - low), 2)


def _seconds_inside(spans: Sequence[Interval], start_s: float, end_s: float) -> float:
    return sum(max(0.0, min(i.end_s, end_s) - max(i.start_s, start_s)) for i in spans)


def _stretch(line: _Line, start_s: float, end_s: float) -> Stretch:
    track = line.track
    part = slice(round(start_s / track.hop_s), round(end_s / track.hop_s))
    speech_s = _seconds_inside(line.speech, start_s, end_s)
    inside = [p for p in line.pauses if start_s <= p.start_s and p.end_s <= end_s]
    nuclei = track.nuclei_s
    n_syllables = int(np.count_nonzero((nuclei >= start_s) & (nuclei < end_s)))
    n_text = _text_syllables(line, start_s, end_s)
    f0_hz = track.f0_hz[part]
    return Stretch(
        start_s=round(start_s, 3),
        end_s=round(end_s, 3),
        speech_s=round(speech_s, 3),
        n_syllables=n_syllables,
        articulation_rate_syll_s=_rounded(articulation_rate_syll_s(n_syllables, speech_s)),
        n_text_syllables=n_text,
        text_rate_syll_s=round(n_text / speech_s, 3) if n_text and speech_s >= 0.5 else None,
        n_pauses=len(inside),
        pause_s=round(sum(p.end_s - p.start_s for p in inside), 3),
        voiced_s=round(float(np.isfinite(f0_hz).sum() * track.hop_s), 2),
        f0_spread_st=_rounded(melody.f0_spread_st(f0_hz)),
        level_db=_mean_level(track.level_db[part], track.speech[part]),
    )


def _mean_level(level_db: FloatArray, speech: BoolArray) -> float | None:
    return round(float(np.median(level_db[speech])), 1) if speech.any() else None


def _text_syllables(line: _Line, start_s: float, end_s: float) -> int | None:
    """Syllables of the words said in a stretch: each transcript turn's, by its share of time."""
    if not line.spoken:
        return None
    total = 0.0
    for item in line.spoken:
        turn = item.turn
        shared = min(turn.end_s, end_s) - max(turn.start_s, start_s)
        if shared > 0:
            whole = _seconds_inside(line.speech, turn.start_s, turn.end_s)
            part = _seconds_inside(line.speech, max(turn.start_s, start_s), min(turn.end_s, end_s))
            total += item.n_syllables * (part / whole if whole else 0.0)
    return round(total)


def _text_rate(line: _Line) -> float | None:
    """Syllables of all words over the speech time of their turns."""
    n_syllables = sum(item.n_syllables for item in line.spoken)
    spoken_s = sum(_seconds_inside(line.speech, i.turn.start_s, i.turn.end_s) for i in line.spoken)
    return round(n_syllables / spoken_s, 3) if n_syllables and spoken_s >= 1.0 else None


def _windows(line: _Line, options: MeasureOptions) -> tuple[Stretch, ...]:
    """Windows of the call that hold enough of this party's speech."""
    duration_s = len(line.track.speech) * line.track.hop_s
    starts = np.arange(0.0, duration_s, options.window_s)
    stretches = (
        _stretch(line, float(start), min(float(start) + options.window_s, duration_s))
        for start in starts
    )
    return tuple(s for s in stretches if s.speech_s >= options.min_window_speech_s)
