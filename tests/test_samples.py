"""Each sample call, heard by Whisper base for real, is judged as its description says."""

from __future__ import annotations

import json
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
import soundfile
from conftest import SAMPLES

from callvoice.ingest.recognise import Recogniser
from callvoice.pipeline import AnalysisOptions, analyze
from callvoice.types import Report

pytestmark = pytest.mark.recogniser

CALLS = tomllib.loads((SAMPLES / "dialogues.toml").read_text())["call"]
EXPECTED = [
    (call["file"], mistake, status)
    for call in CALLS
    for status, mistakes in call["expect"].items()
    for mistake in mistakes
]
FILES = [call["file"] for call in CALLS] + [c["mono_file"] for c in CALLS if "mono_file" in c]
RECOGNISER = Recogniser("base")


@cache
def heard(file: str) -> Report:
    """The report by recognition; each call is heard once for all tests."""
    return analyze(SAMPLES / file, RECOGNISER).report


@cache
def read(file: str) -> Report:
    """The report from the transcript beside the call."""
    transcript = (SAMPLES / file).with_suffix(".transcript.json")
    return analyze(SAMPLES / file, options=AnalysisOptions(transcript=transcript)).report


def status(report: Report, mistake: str) -> str:
    return next(m.status for m in report.mistakes if m.id == mistake)


@pytest.mark.parametrize("file", ["musterhaft.flac", "vorwurf.flac"])
def test_eight_bits_change_no_verdict(file: str, tmp_path: Path) -> None:
    sound, rate_hz = soundfile.read(SAMPLES / file)
    soundfile.write(tmp_path / "coarse.wav", sound, rate_hz, subtype="PCM_U8")
    transcript = (SAMPLES / file).with_suffix(".transcript.json")
    coarse = analyze(tmp_path / "coarse.wav", options=AnalysisOptions(transcript=transcript))
    before, after = (
        {mistake.id: mistake.status for mistake in report.mistakes}
        for report in (read(file), coarse.report)
    )
    assert after == before


@pytest.mark.parametrize(("file", "mistake", "expected"), EXPECTED)
def test_what_is_in_a_call_is_found_by_hearing_it(file: str, mistake: str, expected: str) -> None:
    assert status(heard(file), mistake) == expected


@pytest.mark.parametrize(("file", "mistake", "expected"), EXPECTED)
def test_what_is_in_a_call_is_found_with_its_transcript(
    file: str, mistake: str, expected: str
) -> None:
    assert status(read(file), mistake) == expected


@pytest.mark.parametrize("file", FILES)
def test_reports_fit_the_schema_and_the_call(file: str) -> None:
    report = heard(file)
    plain = json.loads(msgspec.json.encode(report))
    jsonschema.validate(plain, msgspec.json.schema(Report))
    assert report.call.language == "de"
    for mistake in report.mistakes:
        assert (mistake.reason is None) == (mistake.status != "not_assessable")
        assert (mistake.score is None) == (mistake.status == "not_assessable")
        assert bool(mistake.findings) == (mistake.status == "found")
        for finding in (*mistake.findings, *report.strengths):
            assert finding.explanation
            if finding.start_s is not None and finding.end_s is not None:
                assert 0 <= finding.start_s <= finding.end_s <= report.call.duration_s + 0.1


@pytest.mark.parametrize("call", CALLS, ids=[c["file"] for c in CALLS])
def test_roles_are_told_apart_by_hearing(call: dict[str, Any]) -> None:
    agent = call["agent_channel"]
    assert heard(str(call["file"])).call.roles == {"agent": agent, "caller": 1 - agent}


def test_the_mono_call_says_what_it_cannot_tell_and_why() -> None:
    report = heard("musterhaft_mono.flac")
    silent = {m.id: m.reason for m in report.mistakes if m.status == "not_assessable"}
    assert set(silent) == {"indifferent", "impatient"}
    assert all("Kanal" in (reason or "") for reason in silent.values())


def test_the_two_voices_of_the_mono_call_are_told_apart() -> None:
    mono, both = heard("musterhaft_mono.flac"), heard("musterhaft.flac")
    assert mono.call.roles == {"agent": 0, "caller": 0}
    assert "voices-told-apart" in mono.call.notes
    for role in ("agent", "caller"):
        alone, apart = getattr(mono.measures, role), getattr(both.measures, role)
        assert alone.channel == 0
        assert alone.speech_s == pytest.approx(apart.speech_s, rel=0.1)
        assert alone.f0_median_hz == pytest.approx(apart.f0_median_hz, rel=0.05)
    assert not mono.measures.conversation.separate
    assert mono.measures.conversation.uncertain


def test_the_exemplary_call_shows_what_went_well_first() -> None:
    kinds = [s.measure for s in heard("musterhaft.flac").strengths]
    assert kinds[0] in {"strength_apology", "strength_empathy"}
    assert len(set(kinds)) >= 4
