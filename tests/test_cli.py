"""The command line as people meet it: help, exit codes, outputs, nothing half written."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from conftest import SAMPLES, Result

import callvoice
from callvoice.cli.outputs import write_atomically

Run = Callable[..., Result]
TRANSCRIPT = SAMPLES / "vorwurf.transcript.json"
HEAVY = ("faster_whisper", "ctranslate2", "librosa", "scipy.signal", "sklearn", "av", "jinja2")


@pytest.fixture
def schema(run: Run) -> dict[str, object]:
    return json.loads(run("schema").out)  # type: ignore[no-any-return]


def test_the_import_is_light() -> None:
    code = f"import sys, callvoice; print([m for m in {HEAVY} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys\nfrom callvoice import cli\n"
        "try: cli.main(['analyze', '--help'])\nexcept SystemExit: pass\n"
        f"print([m for m in {(*HEAVY, 'numpy', 'rich')} if m in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"
    assert "Exit codes" in done.stdout


@pytest.mark.parametrize(
    "command", [(), ("analyze",), ("measure",), ("text",), ("explain",), ("models",), ("schema",)]
)
def test_every_command_explains_itself(run: Run, command: tuple[str, ...]) -> None:
    result = run(*command, "--help")
    assert result.code == 0
    assert "Usage: callvoice" in result.out


def test_version(run: Run) -> None:
    assert callvoice.__version__ in run("--version").out


@pytest.mark.parametrize(
    "arguments",
    [("analyze",), ("analyse", "x"), ("analyze", "x", "--agent", "up"), ("--nonsense",)],
)
def test_usage_errors_exit_with_2(run: Run, arguments: tuple[str, ...]) -> None:
    result = run(*arguments)
    assert result.code == 2
    assert "Usage" in result.err or "Error" in result.err


def test_json_on_stdout_is_the_report_alone(run: Run, sample: Path, schema: object) -> None:
    result = run("analyze", sample, "--transcript", TRANSCRIPT, "--json", "-")
    assert result.code == 0
    assert result.err == ""
    report = json.loads(result.out)
    jsonschema.validate(report, schema)  # type: ignore[arg-type]
    assert [m["number"] for m in report["mistakes"]] == list(range(1, 9))


def test_json_and_html_files_beside_the_terminal_report(
    run: Run, sample: Path, tmp_path: Path
) -> None:
    json_path, html_path = tmp_path / "r.json", tmp_path / "r.html"
    result = run(
        "analyze", sample, "--transcript", TRANSCRIPT, "--json", json_path, "--html", html_path
    )
    assert result.code == 0
    assert "Die acht Fehler" in result.out
    assert json.loads(json_path.read_text())["call"]["source"] == "vorwurf.flac"
    assert html_path.read_text().startswith("<!doctype html>")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["r.html", "r.json"]


def test_words_of_a_call_cannot_steer_the_terminal(run: Run, sample: Path, tmp_path: Path) -> None:
    said = json.loads(TRANSCRIPT.read_text())
    said["turns"][0]["text"] = (
        "Guten Tag \x1b[31m und willkommen [bold]bei[/bold] \x07" + 9 * " Firma"
    )
    path = tmp_path / "evil.json"
    path.write_text(json.dumps(said))
    out = run("analyze", sample, "--transcript", path).out
    assert "[bold]bei[/bold]" in out
    assert "\x1b" not in out
    assert "\x07" not in out


def test_report_language(run: Run, sample: Path) -> None:
    result = run("analyze", sample, "--transcript", TRANSCRIPT, "--report-language", "en")
    assert "The eight mistakes" in result.out


@pytest.mark.recogniser
def test_several_calls_into_a_folder(run: Run, tmp_path: Path) -> None:
    calls = [SAMPLES / "ungeduld.wav", tmp_path / "missing.wav"]
    result = run("analyze", *calls, "--json", tmp_path / "out", "--html", tmp_path / "out")
    assert result.code == 2
    assert "missing.wav does not exist" in result.err
    names = sorted(p.name for p in (tmp_path / "out").iterdir())
    assert names == ["ungeduld.wav.html", "ungeduld.wav.json"]


def test_a_transcript_is_for_one_call(run: Run, sample: Path) -> None:
    result = run("analyze", sample, sample, "--transcript", TRANSCRIPT)
    assert result.code == 2
    assert "one call" in result.err


def test_measure_gives_channels_in_file_order(run: Run, tmp_path: Path) -> None:
    tracks = tmp_path / "t.npz"
    result = run("measure", SAMPLES / "ungeduld.wav", "--json", "-", "--tracks", tracks)
    assert result.code == 0
    measured = json.loads(result.out)
    assert [c["channel"] for c in measured["channels"]] == [0, 1]
    for channel in measured["channels"]:
        assert {
            "role",
            "speech",
            "pauses",
            "f0_median_hz",
            "f0_spread_st",
            "f0_range_st",
            "articulation_rate_syll_s",
            "voiced_s",
            "speech_s",
        } <= set(channel)
        assert all(s["start_s"] < s["end_s"] for s in channel["speech"])
    assert {"gaps", "overlaps"} <= set(measured["conversation"])
    with np.load(tracks) as arrays:
        assert float(arrays["hop_s"]) == pytest.approx(0.01)
        shape = arrays["f0_hz"].shape
        assert shape[0] == 2
        assert arrays["level_db"].shape == arrays["speech"].shape == shape
        assert arrays["speech"].dtype == bool
        voiced = arrays["f0_hz"][np.isfinite(arrays["f0_hz"])]
        assert 59 <= voiced.min() <= voiced.max() <= 500


def test_measure_of_one_channel(run: Run) -> None:
    measured = json.loads(run("measure", SAMPLES / "musterhaft_mono.flac").out)
    assert len(measured["channels"]) == 1
    assert measured["channels"][0]["role"] is None
    assert measured["conversation"]["separate"] is False


def test_text_gives_one_object_a_line(run: Run, tmp_path: Path) -> None:
    turns = tmp_path / "turns.jsonl"
    turns.write_text(
        '{"role": "agent", "text": "Guten Tag, Firma Berger, Anna Weiß, was kann ich für Sie tun?",'
        ' "own": 7}\n'
        '{"role": "caller", "text": "Meine Heizung ist seit gestern kaputt."}\n'
        '{"role": "agent", "text": "Wie ich Ihnen bereits gesagt habe, sind Sie selbst schuld."}\n'
    )
    result = run("text", turns, "--json", "-")
    assert result.code == 0, result.err
    lines = [json.loads(line) for line in result.out.splitlines()]
    assert len(lines) == 4
    assert lines[0]["own"] == 7
    assert "know_it_all" in lines[2]["classes"]
    assert lines[2]["labels"]["know_it_all"] > 0.5
    assert lines[2]["hits"][0]["quote"]
    assert lines[3]["greeting"]["overlong"] is False


def test_text_of_two_conversations(run: Run, tmp_path: Path) -> None:
    turns = tmp_path / "turns.jsonl"
    turns.write_text(
        '{"role": "agent", "text": "Guten Tag."}\n\n{"role": "caller", "text": "Ja"}\n'
    )
    lines = [json.loads(line) for line in run("text", turns).out.splitlines()]
    assert [set(line) & {"greeting"} for line in lines] == [
        set(),
        {"greeting"},
        set(),
        {"greeting"},
    ]


@pytest.mark.parametrize("choice", ["too_fast", "7"])
def test_explain_prints_the_card_with_the_limits_in_force(
    run: Run, tmp_path: Path, choice: str
) -> None:
    config = tmp_path / "callvoice.toml"
    config.write_text("[limits.too_fast]\nrate_too_fast_syll_s = 6.25\n")
    result = run("explain", choice, "--config", config)
    assert "Zu schnelles Sprechen" in result.out
    assert "6.25" in result.out


def test_explain_without_a_name_prints_all_eight(run: Run) -> None:
    out = run("explain", "--language", "en").out
    for number in range(1, 9):
        assert f"{number} · " in out


def test_explain_of_something_else(run: Run) -> None:
    result = run("explain", "boredom")
    assert result.code == 2
    assert "toneless" in result.err


@pytest.mark.recogniser
def test_an_interrupt_leaves_nothing_half_written(sample: Path, tmp_path: Path) -> None:
    out = tmp_path / "report.json"
    process = subprocess.Popen(
        [sys.executable, "-m", "callvoice", "analyze", sample, "--json", out],
        stderr=subprocess.PIPE,
        text=True,
    )
    time.sleep(2.0)
    err = _interrupted_until_it_ends(process)
    assert process.returncode == 130
    assert "interrupted" in err
    assert "Traceback" not in err
    assert list(tmp_path.iterdir()) == []


def _interrupted_until_it_ends(process: subprocess.Popen[str]) -> str:
    """Press Ctrl-C as a person would: again, if nothing happens."""
    for _ in range(20):
        process.send_signal(signal.SIGINT)  # a library that is being imported may swallow one
        with contextlib.suppress(subprocess.TimeoutExpired):
            return process.communicate(timeout=3)[1]
    process.kill()
    return process.communicate()[1]


@pytest.mark.parametrize("delay_s", [0.2, 0.5])
def test_an_interrupt_while_it_starts_shows_no_traceback(sample: Path, delay_s: float) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", _STARTED, "analyze", sample], stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    assert process.stderr.readline() == "started\n"
    time.sleep(delay_s)
    err = _interrupted_until_it_ends(process)
    assert process.returncode == 130
    assert "Traceback" not in err


_STARTED = """\
import sys
from callvoice.__main__ import main
print("started", file=sys.stderr, flush=True)
main()
"""


def test_a_reader_that_closes_early_is_no_error(sample: Path) -> None:
    command = f"{sys.executable} -m callvoice measure '{sample}' | head -c 20"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ},
    )
    assert done.stderr == ""


@pytest.mark.parametrize(("mask", "mode"), [(0o077, 0o600), (0o027, 0o640), (0o022, 0o644)])
def test_a_file_is_open_to_whom_the_user_lets_in(tmp_path: Path, mask: int, mode: int) -> None:
    before = os.umask(mask)
    try:
        write_atomically(tmp_path / "report.json", b"{}")
        assert os.umask(mask) == mask
    finally:
        os.umask(before)
    assert (tmp_path / "report.json").stat().st_mode & 0o777 == mode
