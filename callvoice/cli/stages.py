"""``callvoice measure`` and ``callvoice text``: single stages."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from callvoice.cli.common import (
    EXIT_CODES,
    FILE,
    AgentChoice,
    leg_options,
    note,
    raw_option,
    sources,
    status,
)
from callvoice.cli.outputs import emit, prepare, write_atomically


@click.command(epilog=EXIT_CODES)
@click.argument("calls", nargs=-1, type=FILE)
@click.option("--json", "json_path", default="-", show_default=True, metavar="PATH|-")
@click.option(
    "--agent", type=click.Choice(["left", "right", "auto"]), default="auto", show_default=True
)
@click.option(
    "--tracks",
    "tracks_path",
    type=FILE,
    metavar="OUT.npz",
    help="Also write the frame arrays f0_hz (NaN: unvoiced), level_db and speech,"
    " each [n_channels, n_frames], and hop_s; frame i is centred at i * hop_s.",
)
@leg_options
@raw_option
def measure(
    calls: tuple[Path, ...],
    json_path: str,
    agent: AgentChoice,
    tracks_path: Path | None,
    **choices: Any,
) -> None:
    """Measure speech, pauses, turn-taking and prosody of one call, without words.

    \b
    Units are in the names: _s seconds, _hz hertz, _st semitones, _db decibels (full scale),
    _syll_s syllables a second. An undefined value is null.
      callvoice measure call.wav --tracks frames.npz
    """
    import msgspec

    from callvoice.pipeline import measure as measure_call

    recordings = sources(calls, choices)
    if len(recordings) > 1:
        raise click.UsageError("measure takes one call; use a loop for several.")
    source = recordings[0]
    target = None if json_path == "-" else Path(json_path)
    for path in filter(None, (target, tracks_path)):
        prepare(path, folder=False)
    with status(f"measuring {source.name} …"):
        measurement, tracks = measure_call(source, agent=agent)
    note(measurement.source, measurement.notes)
    if tracks_path is not None:
        write_atomically(tracks_path, _npz(tracks))
    emit(msgspec.json.format(msgspec.json.encode(measurement), indent=2) + b"\n", target)


def _npz(tracks: Sequence[Any]) -> bytes:
    import io

    import numpy as np

    buffer = io.BytesIO()
    arrays: dict[str, Any] = {
        name: np.stack([getattr(track, name) for track in tracks])
        for name in ("f0_hz", "level_db", "speech", "strength")
    }
    np.savez_compressed(buffer, hop_s=np.float64(tracks[0].hop_s), **arrays)
    return buffer.getvalue()


@click.command(epilog=EXIT_CODES)
@click.argument("turns", type=FILE)
@click.option("--json", "json_path", default="-", show_default=True, metavar="PATH|-")
@click.option("--language", type=click.Choice(["de", "en"]), default="de", show_default=True)
@click.option("--config", type=FILE, help="A callvoice.toml.")
def text(turns: Path, json_path: str, language: str, config: Path | None) -> None:
    """Find greetings and phrases in TURNS: one JSON object a line, - for stdin.

    \b
    In:   {"role": "agent", "text": "…"}   optional: start_s, end_s, words
          a blank line begins the next conversation
    Out:  each line with "classes", "labels" and "hits" added, then {"greeting": …}
    """
    from callvoice.ingest.given import read_bytes
    from callvoice.reading import text_lines
    from callvoice.settings import load_settings

    target = None if json_path == "-" else Path(json_path)
    if target:
        prepare(target, folder=False)
    content = sys.stdin.buffer.read() if str(turns) == "-" else read_bytes(turns)
    settings = load_settings(config)
    lines = text_lines(content, source=turns.name, language=language, settings=settings)
    emit(b"".join(line + b"\n" for line in lines), target)
