"""What the page's player draws: a lane for each channel with its peaks, melody and tempo."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from callvoice.report.page_words import PageWords
from callvoice.report.peaks import melody, peaks
from callvoice.types import Audio, ChannelMeasures, Report, Role, Track


@dataclass(frozen=True)
class Lane:
    """One channel of the recording on the page. ``kind`` is a role, "both" or "none"."""

    channel: int
    kind: str
    label: str


def lanes_of(report: Report, words: PageWords) -> list[Lane]:
    """The lanes from top to bottom, the agent's first."""
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


def lane_of(lanes: Sequence[Lane]) -> dict[Role | None, int]:
    """Which lane shows a party's places; what cannot be told apart stands on the first."""
    shown: dict[Role | None, int] = {None: 0, "agent": 0, "caller": 0}
    roles: tuple[Role, ...] = ("agent", "caller")
    for role in roles:
        shown[role] = next((i for i, lane in enumerate(lanes) if lane.kind == role), 0)
    return shown


def island(
    report: Report,
    audio: Audio,
    tracks: Sequence[Track],
    words: PageWords,
    *,
    tempo_limit: float | None,
    separate: bool,
) -> dict[str, Any]:
    """What the script needs: length, what each lane draws, and the words it says."""
    points = peaks(audio.samples, audio.rate_hz)
    return {
        "duration_s": audio.duration_s,
        "lanes": [
            {
                "kind": lane.kind,
                "channel": lane.channel,
                "label": lane.label,
                "peaks": _packed(points[lane.channel]),
                "melody": _packed(_melody(tracks, lane)),
                "tempo": _tempo(report, lane),
            }
            for lane in lanes_of(report, words)
        ],
        "tempo_limit": tempo_limit,
        "separate": separate,
        "words": {key: words(key) for key in ("play", "pause", "no_playback", "muted", "heard")},
        "units": {unit: words(f"unit.{unit}") for unit in ("st", "syll/s")},
        "language": report.report_language,
    }


def _melody(tracks: Sequence[Track], lane: Lane) -> NDArray[np.int8]:
    """A lane's pitch line; two mixed voices have none that would mean anything."""
    if lane.kind == "both" or not tracks:
        return np.zeros(0, dtype=np.int8)
    return melody(tracks[lane.channel])


def _tempo(report: Report, lane: Lane) -> list[tuple[float, float, float | None]]:
    """Start, end and articulation rate of each window of a party's channel."""
    parties: dict[str, ChannelMeasures | None] = {
        "agent": report.measures.agent,
        "caller": report.measures.caller,
    }
    party = parties.get(lane.kind)
    windows = party.windows if party else ()
    return [(w.start_s, w.end_s, w.articulation_rate_syll_s) for w in windows]


def _packed(values: NDArray[Any]) -> str:
    return base64.b64encode(values.tobytes()).decode("ascii")
