"""Every way to hand over a call on the command line, and what is said where it is a wrong one."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from conftest import SAMPLES, Result
from ctranslate2 import get_cuda_device_count

from callvoice.ingest.raw import FORMATS

Run = Callable[..., Result]
CALL = SAMPLES / "ungeduld.wav"


@pytest.fixture(scope="module")
def sound() -> tuple[np.ndarray, int]:
    """The beginning of a sample call, ``[n, 2]``, and its rate."""
    return soundfile.read(CALL, dtype="int16", stop=20 * soundfile.info(CALL).samplerate)


@pytest.fixture
def legs(sound: tuple[np.ndarray, int], tmp_path: Path) -> tuple[Path, Path]:
    """The agent's and the caller's own file of that call."""
    data, rate_hz = sound
    paths = tmp_path / "agent.wav", tmp_path / "caller.wav"
    for channel, path in enumerate(paths):
        soundfile.write(path, data[:, channel], rate_hz)
    return paths


@pytest.fixture
def wav(sound: tuple[np.ndarray, int], tmp_path: Path) -> Path:
    """Both channels in one file."""
    path = tmp_path / "call.wav"
    soundfile.write(path, *sound)
    return path


@pytest.fixture
def words(tmp_path: Path) -> Path:
    """A transcript of one turn."""
    path = tmp_path / "words.json"
    turn = {"role": "agent", "start_s": 1.0, "end_s": 3.0, "text": "Guten Tag, Firma Berger."}
    path.write_text(json.dumps({"language": "de", "turns": [turn]}))
    return path


def channels(result: Result) -> list[dict[str, Any]]:
    assert result.code == 0, result.err
    return json.loads(result.out)["channels"]  # type: ignore[no-any-return]


def test_two_legs_are_one_call_with_known_parties(run: Run, legs: tuple[Path, Path]) -> None:
    agent, caller = legs
    result = run("measure", "--agent-file", agent, "--caller-file", caller)
    assert [c["role"] for c in channels(result)] == ["agent", "caller"]
    assert json.loads(result.out)["source"] == "agent.wav + caller.wav"
    swapped = run("measure", "--agent-file", caller, "--caller-file", agent)
    assert [c["role"] for c in channels(swapped)] == ["agent", "caller"]
    first = channels(result)[0]["f0_median_hz"]
    assert channels(swapped)[1]["f0_median_hz"] == pytest.approx(first, rel=0.01)


def test_the_offset_of_a_leg_that_starts_later_is_reported(run: Run, tmp_path: Path) -> None:
    data, rate_hz = soundfile.read(CALL)
    caller = data[:, 1] + 0.1 * data[:, 0]  # the other party is faintly heard there
    soundfile.write(tmp_path / "agent.wav", data[:, 0], rate_hz)
    soundfile.write(tmp_path / "caller.wav", caller[2 * rate_hz :], rate_hz)
    legs = ("--agent-file", tmp_path / "agent.wav", "--caller-file", tmp_path / "caller.wav")
    result = run("measure", *legs)
    assert result.code == 0, result.err
    assert json.loads(result.out)["leg_offset_s"] == pytest.approx(2.0, abs=0.02)


def test_the_parties_of_two_legs_are_sure_in_the_report(
    run: Run, legs: tuple[Path, Path], words: Path
) -> None:
    arguments = ("--agent-file", legs[1], "--caller-file", legs[0], "--transcript", words)
    result = run("analyze", *arguments, "--json", "-")
    assert result.code == 0, result.err
    call = json.loads(result.out)["call"]
    assert call["roles"] == {"agent": 0, "caller": 1}
    assert call["roles_confidence"] == "high"


@pytest.mark.parametrize("option", ["--agent-file", "--caller-file"])
@pytest.mark.parametrize("command", ["analyze", "measure"])
def test_one_leg_is_no_call(run: Run, command: str, option: str) -> None:
    result = run(command, option, CALL)
    assert result.code == 2
    assert "belong together" in result.err
    assert "Traceback" not in result.err


def test_legs_or_calls_but_not_both(run: Run) -> None:
    result = run("analyze", CALL, "--agent-file", CALL, "--caller-file", CALL)
    assert result.code == 2
    assert "not both" in result.err


@pytest.mark.parametrize("command", ["analyze", "measure"])
def test_no_call_at_all(run: Run, command: str) -> None:
    result = run(command)
    assert result.code == 2
    assert "Missing argument 'CALLS...'" in result.err


def test_measure_takes_one_call(run: Run) -> None:
    result = run("measure", CALL, CALL)
    assert result.code == 2
    assert "one call" in result.err


def test_the_same_file_for_both_legs(run: Run, legs: tuple[Path, Path]) -> None:
    result = run("measure", "--agent-file", legs[0], "--caller-file", legs[0])
    assert result.code == 2
    assert "error [unsupported-audio]" in result.err


def test_a_missing_leg_is_named(run: Run, legs: tuple[Path, Path], tmp_path: Path) -> None:
    result = run("measure", "--agent-file", legs[0], "--caller-file", tmp_path / "lost.wav")
    assert result.code == 2
    assert "lost.wav does not exist" in result.err


def test_raw_samples_through_a_pipe_measure_as_the_recording_does(
    run: Run, sound: tuple[np.ndarray, int], wav: Path
) -> None:
    data, rate_hz = sound
    piped = subprocess.run(
        [sys.executable, "-m", "callvoice", "measure", "-", "--raw", f"{rate_hz},s16le,2"],
        input=data.astype("<i2").tobytes(),
        capture_output=True,
        check=False,
    )
    assert piped.stderr == b""
    assert piped.returncode == 0
    measured = json.loads(piped.stdout)
    assert measured["source"] == "stdin"
    assert measured["channels"] == channels(run("measure", wav))


def test_a_recording_on_standard_input_is_analysed(wav: Path, words: Path) -> None:
    command = (sys.executable, "-m", "callvoice", "analyze", "-", "--transcript", words)
    with wav.open("rb") as content:
        done = subprocess.run(
            [*command, "--json", "-"], stdin=content, capture_output=True, check=False
        )
    assert done.returncode == 0, done.stderr
    call = json.loads(done.stdout)["call"]
    assert (call["source"], call["n_channels"]) == ("stdin", 2)


def test_nothing_on_standard_input() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "callvoice", "measure", "-"],
        input=b"",
        capture_output=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.startswith(b"callvoice: error [unreadable-input]: stdin is empty")


def test_a_container_names_the_parties(run: Run, wav: Path, tmp_path: Path) -> None:
    recording = {
        "type": "recording",
        "start": "2026-03-01T09:00:00Z",
        "parties": [0, 1],
        "mediatype": "audio/x-wav",
        "encoding": "base64url",
        "body": base64.urlsafe_b64encode(wav.read_bytes()).decode(),
    }
    parties = [{"role": "customer"}, {"role": "agent"}]
    path = tmp_path / "call.vcon"
    path.write_text(json.dumps({"vcon": "0.4.0", "parties": parties, "dialog": [recording]}))
    assert [c["role"] for c in channels(run("measure", path))] == ["caller", "agent"]
    stated = run("measure", path, "--agent", "left")
    assert [c["role"] for c in channels(stated)] == ["agent", "caller"]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("8000,mp3,2", FORMATS),
        ("8000,alaw", ("RATE,FORMAT,CHANNELS", "8000,alaw,2")),
        ("fast,alaw,1", ("RATE,FORMAT,CHANNELS",)),
        ("800,alaw,1", ("4000", "192000")),
        ("8000,alaw,3", ("1 or 2",)),
        ("", ("RATE,FORMAT,CHANNELS",)),
    ],
)
@pytest.mark.parametrize("command", ["analyze", "measure"])
def test_a_wrong_raw_format_names_what_is_allowed(
    run: Run, command: str, text: str, named: tuple[str, ...]
) -> None:
    result = run(command, CALL, "--raw", text)
    assert result.code == 2
    assert result.out == ""
    assert "'--raw'" in result.err
    for word in named:
        assert word in result.err


def test_the_help_names_every_raw_format(run: Run) -> None:
    words = run("analyze", "--help").out.replace(".", " ").split()
    assert set(FORMATS) <= set(words)


@pytest.mark.recogniser
@pytest.mark.parametrize("option", ["--device", "--compute-type"])
def test_a_device_or_number_type_that_there_is_not(run: Run, wav: Path, option: str) -> None:
    assert_unavailable(run("analyze", wav, option, "nonsense"), "nonsense")


@pytest.mark.recogniser
@pytest.mark.skipif(get_cuda_device_count() > 0, reason="this machine has such a device")
def test_a_graphics_card_that_is_not_in_this_machine(run: Run, wav: Path) -> None:
    assert_unavailable(run("analyze", wav, "--device", "cuda"), "cuda")


def assert_unavailable(result: Result, what: str) -> None:
    assert result.code == 2
    assert result.out == ""
    (line,) = result.err.splitlines()
    assert line.startswith("callvoice: error [device-unavailable]: 'base' cannot run on")
    assert f"'{what}'" in line
    assert "--device cpu --compute-type int8" in line


def test_a_decoder_that_there_is_not(run: Run) -> None:
    result = run("analyze", CALL, "--decoder", "magic")
    assert result.code == 2
    assert "windows" in result.err
    assert "sequential" in result.err
