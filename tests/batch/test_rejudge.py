"""New limits, new lexicons, a new model: each does again only what it must."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import runs
from runs import kept

from callvoice.batch.stored import readable
from callvoice.pipeline import AnalysisOptions, analyze
from callvoice.settings import load_settings
from callvoice.store.artefacts import Artefacts
from callvoice.types import Report

Run = Callable[..., tuple[int, str, str]]

STRICT = "[limits.overlong_greeting]\nsyllables = 5\nduration_s = 1\n"
LEXICON = """\
[[phrase]]
"""


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return runs.cut(tmp_path_factory.mktemp("calls") / "monday", ("vorwurf.flac", "ungeduld.wav"))


def batch(run: Run, *arguments: object) -> dict[str, object]:
    code, out, err = run("batch", *arguments, "--transcripts", "--progress", "json", "--workers", 1)
    assert (code, err) == (0, "")
    return runs.summary(out)


def fresh(recordings: Path, config: Path) -> dict[str, Report]:
    reports = {}
    for recording in recordings.glob("*.wav"):
        transcript = recording.with_suffix(".transcript.json")
        options = AnalysisOptions(transcript=transcript, settings=load_settings(config))
        report = analyze(recording, options=options).report
        reports[report.call.id] = report
    return reports


def test_rejudged_is_as_judged_afresh_and_is_not_done_again(
    run: Run, recordings: Path, tmp_path: Path
) -> None:
    workspace, config = tmp_path / "w", tmp_path / "strict.toml"
    recordings = runs.copied(recordings, tmp_path / "calls")
    config.write_text(STRICT)
    batch(run, recordings, "--workspace", workspace)
    before = kept(workspace)

    code, out, _ = run("rejudge", "--workspace", workspace, "--config", config)
    assert code == 0
    assert out.startswith("2 calls judged again")
    assert "clear → found" in out
    after = kept(workspace)
    assert {i: facts for i, (facts, _) in after.items()} == {
        i: facts for i, (facts, _) in before.items()
    }
    assert {i: report for i, (_, report) in after.items()} == fresh(recordings, config)

    summary = batch(run, recordings, "--workspace", workspace, "--config", config)
    assert summary["n_analysed"] == 0  # a batch with these limits finds them

    for recording in recordings.glob("*.wav"):  # the limits back, and the sound is not needed
        recording.rename(recording.with_suffix(".away"))
    run("rejudge", "--workspace", workspace)
    assert kept(workspace) == before


def test_judging_again_is_not_counted_as_analysing(
    run: Run, recordings: Path, tmp_path: Path
) -> None:
    workspace, config = tmp_path / "w", tmp_path / "strict.toml"
    config.write_text(STRICT)
    assert batch(run, recordings, "--workspace", workspace)["n_judged_again"] == 0
    run("rejudge", "--workspace", workspace, "--config", config)
    code, out, _ = run("batch", recordings, "--workspace", workspace, "--transcripts")
    assert code == 0
    first = out.splitlines()[0]
    assert re.fullmatch(r"2 calls measured before were judged .*, [1-9] verdicts changed", first)
    summary = batch(run, recordings, "--workspace", workspace, "--config", config)
    assert (summary["n_analysed"], summary["n_judged_again"], summary["audio_s"]) == (0, 2, 0.0)


def test_a_damaged_report_does_not_stop_the_rest(
    run: Run, recordings: Path, tmp_path: Path
) -> None:
    workspace, config = tmp_path / "w", tmp_path / "strict.toml"
    calls = runs.copied(recordings, tmp_path / "calls")
    config.write_text(STRICT)
    batch(run, calls, "--workspace", workspace)
    report = sorted(workspace.glob("artefacts/*/*/report.json.gz"))[0]
    report.write_bytes(report.read_bytes()[:200])

    code, out, err = run("rejudge", "--workspace", workspace, "--config", config)
    assert code == 1
    assert out.startswith("1 calls judged again")
    assert "1 calls keep their old verdicts" in err
    assert ".wav" in err

    assert batch(run, calls, "--workspace", workspace, "--config", config)["n_analysed"] == 1
    assert {i: report for i, (_, report) in kept(workspace).items()} == fresh(calls, config)


def test_damaged_words_are_heard_again(tmp_path: Path) -> None:
    artefacts = Artefacts(tmp_path)
    artefacts.put("abcdef01", "words.json.gz", b'{"words":')
    assert readable(artefacts, "abcdef01", "words.json.gz", dict) is None
    path = tmp_path / "ab" / "abcdef01" / "words.json.gz"
    for damaged in (path.read_bytes()[:-9], b"no gzip", b""):
        path.write_bytes(damaged)
        assert readable(artefacts, "abcdef01", "words.json.gz", dict) is None


def test_the_workspace_may_be_named_once_for_all(
    run: Run, recordings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CALLVOICE_WORKSPACE", str(tmp_path / "w"))
    assert batch(run, recordings / "vorwurf0.wav")["n_analysed"] == 1
    assert run("rejudge")[1].startswith("1 calls judged again")


def test_a_workspace_is_needed(run: Run, tmp_path: Path) -> None:
    assert run("rejudge")[0] == 2
    code, _, err = run("rejudge", "--workspace", tmp_path / "none")
    assert code == 2
    assert "holds no store" in err
