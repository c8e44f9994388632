"""Batches over real files with real processes: what is kept, what goes on, what is left out."""

from __future__ import annotations

import json
import os
import re
import resource
import shutil
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import pytest
import runs
import soundfile
from runs import kept

from callvoice.pipeline import AnalysisOptions, analyze
from callvoice.store import open_store
from callvoice.store.schema import work
from callvoice.types import Facts, Report

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four calls of a few seconds, with transcripts."""
    return runs.cut(tmp_path_factory.mktemp("calls") / "monday")


class Undisturbed(NamedTuple):
    """A batch that nothing happened to."""

    workspace: Path
    summary: dict[str, Any]
    results: dict[str, tuple[Facts, Report]]


@pytest.fixture(scope="module")
def undisturbed(recordings: Path, tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    """Of :func:`recordings`, with one worker."""
    workspace = tmp_path_factory.mktemp("undisturbed")
    process = runs.start(recordings, "--workspace", workspace, "--workers", 1)
    out, err = process.communicate(timeout=120)
    assert (process.returncode, err) == (0, "")
    return Undisturbed(workspace, runs.summary(out), kept(workspace))


def attempts(workspace: Path) -> dict[str, tuple[str, int]]:
    """State and attempts by name of the file."""
    with open_store(workspace, create=False) as store, store.reading() as connection:
        rows = connection.execute(work.select())
        return {Path(row.source).name: (row.state, row.attempts) for row in rows}


def again(run: Run, *arguments: object) -> tuple[int, dict[str, Any]]:
    code, out, _ = run("batch", *arguments, "--transcripts", "--progress", "json", "--workers", 1)
    return code, runs.summary(out)


def test_every_call_is_kept_as_analyze_gives_it(undisturbed: Undisturbed, recordings: Path) -> None:
    assert undisturbed.summary["states"] == {"done": 4}
    assert len(undisturbed.results) == 4
    for facts, report in undisturbed.results.values():
        recording = recordings / report.call.source
        options = AnalysisOptions(transcript=recording.with_suffix(".transcript.json"))
        fresh = analyze(recording, options=options)
        assert (facts, report) == (fresh.facts, fresh.report)


def test_the_summary_counts_each_mistake(undisturbed: Undisturbed) -> None:
    verdicts = undisturbed.summary["verdicts"]
    assert len(verdicts) == 8
    assert all(sum(statuses.values()) == 4 for statuses in verdicts.values())
    reports = [report for _, report in undisturbed.results.values()]
    found = sum(m.status == "found" for r in reports for m in r.mistakes)
    assert sum(statuses.get("found", 0) for statuses in verdicts.values()) == found


def test_nothing_is_left_behind(undisturbed: Undisturbed) -> None:
    names = {p.name for p in undisturbed.workspace.rglob("*") if p.is_file()}
    allowed = r"agents\.key|(callvoice|seen)\.db(-wal|-shm)?|(facts|report)\.json\.gz"
    assert [name for name in names if not re.fullmatch(allowed, name)] == []
    assert list((undisturbed.workspace / "scratch").iterdir()) == []


def test_what_is_done_is_not_done_again(
    run: Run, undisturbed: Undisturbed, recordings: Path
) -> None:
    code, summary = again(run, recordings, "--workspace", undisturbed.workspace)
    assert code == 0
    assert (summary["n_analysed"], summary["states"]) == (0, {"done": 4})
    assert kept(undisturbed.workspace) == undisturbed.results


@pytest.mark.parametrize("seed", [1, 2])
def test_killed_at_any_moment_it_goes_on(
    run: Run, undisturbed: Undisturbed, recordings: Path, tmp_path: Path, seed: int
) -> None:
    """The whole process tree or one worker, at a moment that the seed decides."""
    random = Random(seed)
    process = runs.start(recordings, "--workspace", tmp_path / "w", "--workers", 1)
    time.sleep(random.uniform(1.0, 6.0))
    children = runs.children(process)
    if seed % 2 or not children:
        process.kill()
    else:
        random.choice(children).kill()
    process.communicate(timeout=60)
    code, summary = again(run, recordings, "--workspace", tmp_path / "w")
    assert (code, summary["states"]) == (0, {"done": 4})
    assert kept(tmp_path / "w") == undisturbed.results
    with sqlite3.connect(tmp_path / "w" / "callvoice.db") as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_two_batches_share_the_work(
    undisturbed: Undisturbed, recordings: Path, tmp_path: Path
) -> None:
    both = [runs.start(recordings, "--workspace", tmp_path, "--workers", 1) for _ in range(2)]
    ends = [process.communicate(timeout=120) for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert [err for _, err in ends] == ["", ""]
    assert sum(runs.summary(out)["n_analysed"] for out, _ in ends) == 4
    assert kept(tmp_path) == undisturbed.results


def test_bad_files_are_rows_and_the_rest_goes_on(
    run: Run, recordings: Path, tmp_path: Path
) -> None:
    folder, late = tmp_path / "calls", tmp_path / "late"
    folder.mkdir()
    shutil.copy(recordings / "vorwurf0.wav", folder)
    (folder / "text.wav").write_bytes(b"no sound at all")
    (folder / "gone.wav").symlink_to(late)
    for name in ("vorwurf0", "gone"):
        shutil.copy(recordings / "vorwurf0.transcript.json", folder / f"{name}.transcript.json")
    where = ("--workspace", tmp_path / "w")
    code, summary = again(run, folder, *where)
    assert code == 1
    assert summary["states"] == {"done": 1, "failed": 2}
    failures = summary["failures"]
    assert [(Path(f["source"]).name, f["slug"], f["attempts"]) for f in failures] == [
        ("gone.wav", "unreadable-input", 1),
        ("text.wav", "unreadable-input", 1),
    ]
    assert summary["retry"].endswith("--retry-failed")

    shutil.copy(recordings / "tonlos0.wav", late)
    _, summary = again(run, "--retry-failed", *where)
    assert summary["n_analysed"] == 1
    assert attempts(tmp_path / "w")["gone.wav"] == ("done", 2)
    assert attempts(tmp_path / "w")["text.wav"] == ("failed", 2)


def test_a_call_that_hangs_is_ended_and_the_rest_goes_on(
    run: Run, recordings: Path, tmp_path: Path
) -> None:
    runs.fifo(tmp_path)
    shutil.copy(recordings / "vorwurf0.wav", tmp_path)
    shutil.copy(recordings / "vorwurf0.transcript.json", tmp_path)
    code, summary = again(run, tmp_path, "--workspace", tmp_path / "w", "--time-limit", 1)
    assert code == 1
    assert summary["states"] == {"done": 1, "failed": 1}
    assert [f["slug"] for f in summary["failures"]] == ["time-limit"]


def test_a_call_that_kills_its_worker_is_set_aside_after_three_attempts(
    recordings: Path, tmp_path: Path
) -> None:
    """The call hangs, and each worker that takes it is killed, as by the system short of memory."""
    folder = tmp_path / "calls"
    folder.mkdir()
    pipe = runs.fifo(folder)
    process = runs.start(folder, "--workspace", tmp_path / "w", "--workers", 1)
    for _ in range(3):
        _kill_who_reads(pipe, process)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert [e["slug"] for e in runs.events(out) if e["event"] == "call"] == 3 * ["worker-died"]
    assert attempts(tmp_path / "w") == {"pipe.wav": ("poison", 3)}


def _kill_who_reads(pipe: Path, process: subprocess.Popen[str]) -> None:
    """Wait until a worker has opened the pipe, and kill it there."""
    writer = runs.until_read(pipe, process)
    for child in runs.children(process):
        child.kill()
        child.wait()
    os.close(writer)


def test_ctrl_c_gives_back_what_is_under_way(recordings: Path, tmp_path: Path) -> None:
    folder = runs.copied(recordings, tmp_path / "calls")
    pipe = runs.fifo(folder)
    process = runs.start(folder, "--workspace", tmp_path / "w", "--workers", 1)
    runs.until_read(pipe, process)  # all others are done: they are longer than nothing
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in err
    assert runs.summary(out)["states"] == {"done": 4, "open": 1}
    assert attempts(tmp_path / "w")["pipe.wav"] == ("open", 0)
    assert list((tmp_path / "w" / "scratch").iterdir()) == []


def test_a_full_disk_is_said_and_nothing_is_lost(
    run: Run, undisturbed: Undisturbed, recordings: Path, tmp_path: Path
) -> None:
    """Files of this process may not grow beyond a size, as on a disk without room."""

    def little_room() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, 150_000))

    process = runs.start(
        recordings, "--workspace", tmp_path, "--workers", 1, preexec_fn=little_room
    )
    _, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert re.fullmatch(r"callvoice: error \[store-unavailable\]: .*\n", err)
    _, summary = again(run, recordings, "--workspace", tmp_path)
    assert summary["states"] == {"done": 4}
    assert kept(tmp_path) == undisturbed.results


def test_what_would_be_done(
    run: Run, undisturbed: Undisturbed, recordings: Path, tmp_path: Path
) -> None:
    folder = runs.copied(recordings, tmp_path / "calls")
    sound, rate_hz = soundfile.read(folder / "tonlos0.wav")
    soundfile.write(folder / "mono.wav", sound[:, 0], rate_hz)
    shutil.copy(folder / "tonlos0.transcript.json", folder / "mono.transcript.json")
    shutil.copy(folder / "tonlos0.wav", folder / "same.wav")
    where = ("--workspace", undisturbed.workspace, "--dry-run", "--transcripts")
    code, out, _ = run("batch", folder, *where, "--progress", "json", "--workers", 2)
    assert code == 0
    plan = json.loads(out)
    assert (plan["n_files"], plan["n_done"], plan["n_mono"]) == (6, 4, 1)
    assert plan["minutes_left"] == pytest.approx(2 * 3.2 / 60, abs=0.01)
    assert plan["estimated_s"] == pytest.approx(
        60 * plan["minutes_left"] / plan["speed"] / 2, rel=0.1
    )
    assert kept(undisturbed.workspace) == undisturbed.results
    for number in range(12):
        (folder / f"bad{number:02}.wav").write_bytes(b"no sound %d" % number)
    _, text, _ = run("batch", folder, *where)
    assert "12 whose header cannot be read" in text
    assert (str(folder / "bad") in text, "… and 2 more" in text) == (True, True)
    _, text, _ = run("batch", recordings, *where)
    assert "4 already done" in text
    assert "to do: 0.0 min" in text


def test_only_so_many(run: Run, undisturbed: Undisturbed, recordings: Path, tmp_path: Path) -> None:
    _, summary = again(run, recordings, "--workspace", tmp_path, "--limit", 1)
    assert summary["states"] == {"done": 1, "open": 3}
    sample = ("--workspace", undisturbed.workspace, "--sample", 2, "--seed", 5)
    assert again(run, recordings, *sample)[1]["states"] == {"done": 2}


def test_withdrawn_consent_counts_for_what_is_queued(
    run: Run, recordings: Path, tmp_path: Path
) -> None:
    listed = tmp_path / "calls.csv"
    names = [recordings / f"{name}.wav" for name in ("tonlos0", "vorwurf0")]
    where = (listed, "--workspace", tmp_path / "w")
    listed.write_text("file,consent\n" + "".join(f"{name},yes\n" for name in names))
    assert again(run, *where, "--limit", 1)[1]["states"] == {"done": 1, "open": 1}
    listed.write_text("file,consent\n" + "".join(f"{name},no\n" for name in names))
    assert again(run, *where)[1]["n_analysed"] == 0
    assert [state for state, _ in attempts(tmp_path / "w").values()] == ["done"]


def test_a_drop_folder_is_watched_until_ctrl_c(recordings: Path, tmp_path: Path) -> None:
    drop = tmp_path / "drop"
    drop.mkdir()
    process = runs.start(drop, "--workspace", tmp_path / "w", "--workers", 1, "--watch")
    for name in ("tonlos0.transcript.json", "tonlos0.wav"):
        shutil.copy(recordings / name, drop)
    assert process.stdout is not None
    seen = (json.loads(line) for line in process.stdout)
    call = next(event for event in seen if event["event"] == "call")
    assert (Path(call["source"]).name, call["status"]) == ("tonlos0.wav", "done")
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    assert process.returncode == 130


def test_watching_ends_when_the_limit_is_met(recordings: Path, tmp_path: Path) -> None:
    drop = runs.copied(recordings, tmp_path / "drop")
    where = ("--workspace", tmp_path / "w", "--workers", 1)
    process = runs.start(drop, *where, "--watch", "--limit", 1)
    try:
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 0
    assert runs.summary(out)["n_analysed"] == 1
    assert err == f"callvoice: watching {drop}; Ctrl-C ends it.\n"


def test_fail_on(run: Run, undisturbed: Undisturbed, recordings: Path) -> None:
    found = [m for m, s in undisturbed.summary["verdicts"].items() if s.get("found")]
    clear = [m for m, s in undisturbed.summary["verdicts"].items() if not s.get("found")]
    where = (recordings, "--workspace", undisturbed.workspace)
    assert found
    assert again(run, *where, "--fail-on", found[0])[0] == 1
    assert again(run, *where, "--fail-on", "any")[0] == 1
    assert again(run, *where, "--fail-on", clear[0])[0] == 0
    code, _, err = run("batch", *where, "--fail-on", "boredom")
    assert code == 2
    assert "toneless" in err


def test_a_summary_for_people(run: Run, undisturbed: Undisturbed, recordings: Path) -> None:
    where = (recordings, "--workspace", undisturbed.workspace, "--transcripts")
    code, out, _ = run("batch", *where)
    assert code == 0
    assert "4 done before" in out
    assert re.search(r"^overlong_greeting +\d+ +\d+ +\d+$", out, re.MULTILINE)
