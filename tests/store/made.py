"""Results to keep: a real one of a sample call, and others made from it."""

from __future__ import annotations

import hashlib
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from callvoice import pipeline
from callvoice.ingest import given, roles
from callvoice.ingest.source import Source, open_source
from callvoice.settings import load_settings
from callvoice.store import Result, Task
from callvoice.types import Call, Facts, Provenance, Transcript

SAMPLES = Path(__file__).parents[2] / "sample_audio"
QUEUES = ("Retoure", "Technik", "Rechnung")
MONDAY = date(2026, 11, 2)
NUMBER = "0151 2345678"
PROVENANCE = Provenance("0.1.0", "3.11", {}, "base", "r1", "0" * 16)


@cache
def sample_result() -> Result:
    """Facts and report of a sample call with its transcript, in which a number is said."""
    path = SAMPLES / "vorwurf.flac"
    opened = open_source(Source(path))
    lines = pipeline.listen(opened.audio, path.name)
    transcript = given.read_transcript(path.with_suffix(".transcript.json"), language="de")
    transcript = _with_number(transcript)
    found, confidence = roles.from_turns("left", lines.speech, transcript.turns)
    call = Call(
        id=opened.sha256[:16],
        source=path.name,
        sha256=opened.sha256,
        duration_s=round(opened.audio.duration_s, 3),
        language="de",
        n_channels=2,
        rate_hz=opened.audio.rate_hz,
        roles=lines.call_roles(found),
        roles_confidence=confidence,
    )
    settings = load_settings()
    facts = pipeline.gather(call, given.on_channels(transcript, found), lines, found, settings)
    report = pipeline.judge(facts, settings, language="de", provenance=PROVENANCE)
    return Result(Task(key="sample", source=str(path), duration_s=call.duration_s), report, facts)


def _with_number(transcript: Transcript) -> Transcript:
    """Somebody says a telephone number in the caller's first turn."""
    first = next(n for n, turn in enumerate(transcript.turns) if turn.role == "caller")
    turns = list(transcript.turns)
    turns[first] = replace(turns[first], text=f"{turns[first].text} Meine Nummer ist {NUMBER}.")
    return replace(transcript, turns=tuple(turns))


def made_result(sample: Result, number: int, **fields: Any) -> Result:
    """A result like ``sample`` of another call: queues in turn, a day later every third."""
    sha256 = hashlib.sha256(str(number).encode()).hexdigest()
    call = replace(
        sample.facts.call,
        id=sha256[:16],
        sha256=sha256,
        source=f"call-{number}.wav",
        duration_s=60.0 + number,
    )
    task = {
        "key": f"key-{number}",
        "source": f"/calls/call-{number}.wav",
        "duration_s": call.duration_s,
        "queue": QUEUES[number % 3],
        "agent": f"Agent {number % 4}",
        "date": MONDAY + timedelta(days=number // 3),
        "details": {"customer": str(number % 7)},
    }
    facts: Facts = replace(sample.facts, call=call)
    return Result(Task(**{**task, **fields}), replace(sample.report, call=call), facts)
