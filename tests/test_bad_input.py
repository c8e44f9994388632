"""Bad input is normal input: one clear line, the right exit code, no traceback, no half file."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from conftest import SAMPLES, Result, noise, tone

Run = Callable[..., Result]
Write = Callable[..., Path]


def assert_one_clear_line(result: Result, code: int, slug: str, *words: str) -> None:
    assert result.code == code, result.err
    lines = result.err.strip().splitlines()
    assert len(lines) == 1, result.err
    assert lines[0].startswith(f"callvoice: error [{slug}]: ")
    for word in words:
        assert word in lines[0]
    assert result.out == ""


def test_missing_file(run: Run, tmp_path: Path) -> None:
    result = run("analyze", tmp_path / "nowhere.wav")
    assert_one_clear_line(result, 2, "unreadable-input", "nowhere.wav", "does not exist")


def test_folder_instead_of_file(run: Run, tmp_path: Path) -> None:
    assert_one_clear_line(run("analyze", tmp_path), 2, "unreadable-input", "is a folder")


def test_empty_file(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "empty.wav"
    path.touch()
    assert_one_clear_line(run("analyze", path), 2, "unreadable-input", "0 bytes")


def test_text_renamed_to_wav(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "letter.wav"
    path.write_text("Sehr geehrte Damen und Herren, " * 40)
    assert_one_clear_line(run("analyze", path), 2, "unreadable-input", "not a recording")


def test_text_renamed_to_flac(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "letter.flac"
    path.write_text("just text\n")
    assert_one_clear_line(run("measure", path), 2, "unreadable-input", "not a recording")


def test_truncated_wav_is_analysed_as_far_as_it_goes(run: Run, tmp_path: Path) -> None:
    data, rate_hz = soundfile.read(SAMPLES / "vorwurf.flac")
    whole = tmp_path / "whole.wav"
    soundfile.write(whole, data, rate_hz)
    content = whole.read_bytes()
    cut = tmp_path / "cut.wav"
    cut.write_bytes(content[: len(content) * 2 // 3])
    result = run("measure", cut)
    assert result.code == 0, result.err
    assert "truncated" in result.err


def test_wav_cut_off_in_its_header(run: Run, write: Write) -> None:
    path = write("cut.wav", tone(1.0))
    path.write_bytes(path.read_bytes()[:44])
    result = run("analyze", path)
    assert_one_clear_line(result, 2, "truncated-input", "breaks off")


def test_truncated_flac_is_analysed_as_far_as_it_goes(run: Run, tmp_path: Path) -> None:
    content = (SAMPLES / "vorwurf.flac").read_bytes()
    cut = tmp_path / "cut.flac"
    cut.write_bytes(content[: len(content) // 2])
    result = run("measure", cut)
    assert result.code == 0, result.err
    assert "truncated" in result.err


@pytest.mark.parametrize("samples", [0, 1])
def test_hardly_any_samples(run: Run, write: Write, samples: int) -> None:
    path = write("short.wav", np.zeros(samples))
    assert_one_clear_line(run("analyze", path), 3, "nothing-to-analyse", f"{samples} samples")


@pytest.mark.parametrize(
    "data",
    [np.zeros(80_000), np.zeros((80_000, 2)), noise(10.0), tone(10.0), noise(10.0, level=1e-4)],
    ids=["silence", "silence in two channels", "noise", "tone", "faint noise"],
)
def test_nobody_speaks(run: Run, write: Write, data: np.ndarray) -> None:
    result = run("analyze", write("quiet.wav", data))
    assert_one_clear_line(result, 3, "nothing-to-analyse", "no speech")


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_some_samples_are_no_numbers(run: Run, write: Write, bad: float) -> None:
    data, rate_hz = soundfile.read(SAMPLES / "vorwurf.flac")
    data[5000:5100] = bad
    path = write("holes.wav", data, rate_hz=rate_hz, subtype="FLOAT")
    result = run("measure", path)
    assert result.code == 0, result.err
    assert "non-finite-samples" in result.err


def test_all_samples_are_no_numbers(run: Run, write: Write) -> None:
    path = write("nan.wav", np.full(8000, np.nan), subtype="FLOAT")
    assert_one_clear_line(run("analyze", path), 2, "unreadable-input", "no finite sample")


def test_three_channels(run: Run, write: Write) -> None:
    path = write("three.wav", np.zeros((8000, 3)))
    assert_one_clear_line(run("analyze", path), 2, "unsupported-audio", "3 channels")


@pytest.mark.parametrize("rate_hz", [5, 384_000])
def test_a_rate_that_no_call_has(run: Run, write: Write, rate_hz: int) -> None:
    path = write("rate.wav", tone(1.0), rate_hz=rate_hz)
    assert_one_clear_line(run("analyze", path), 2, "unsupported-audio", f"{rate_hz} Hz")


@pytest.mark.parametrize(
    "name", ["Gespräch mit Frau Müßig.flac", "zwei\nZeilen.flac", b"kein-utf8-\xff\xfe.flac"]
)
def test_names_of_all_kinds(run: Run, tmp_path: Path, name: str | bytes) -> None:
    path = tmp_path / os.fsdecode(name)
    shutil.copy(SAMPLES / "vorwurf.flac", path)
    result = run(
        "analyze", path, "--transcript", SAMPLES / "vorwurf.transcript.json", "--json", "-"
    )
    assert result.code == 0, result.err
    missing = run("analyze", tmp_path / ("no-" + os.fsdecode(name)))
    assert_one_clear_line(missing, 2, "unreadable-input", "does not exist")


def test_no_permission_to_read(tmp_path: Path) -> None:
    path = tmp_path / "secret.wav"
    soundfile.write(path, tone(1.0), 8000)
    path.chmod(0)
    result = _bound_by_permissions("analyze", path)
    assert_one_clear_line(result, 2, "unreadable-input", "may not be read")


def test_output_folder_not_writable(tmp_path: Path) -> None:
    locked = tmp_path / "locked"
    locked.mkdir()
    locked.chmod(0o555)
    result = _bound_by_permissions(
        "analyze", SAMPLES / "vorwurf.flac", "--json", locked / "report.json"
    )
    assert_one_clear_line(result, 2, "cannot-write", "locked")
    assert list(locked.iterdir()) == []


def _bound_by_permissions(*arguments: object) -> Result:
    """The command line without the rights by which root passes over permissions."""
    command = [sys.executable, "-m", "callvoice", *map(str, arguments)]
    if os.getuid() == 0:
        rights = "-dac_override,-dac_read_search"
        command = ["setpriv", "--bounding-set", rights, "--inh-caps", rights, *command]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return Result(done.returncode, done.stdout, done.stderr)


def test_output_folder_missing(run: Run, sample: Path, tmp_path: Path) -> None:
    result = run("analyze", sample, "--html", tmp_path / "no" / "where.html")
    assert_one_clear_line(result, 2, "cannot-write", "does not exist")


def test_full_disk(run: Run, sample: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    script = f"{sys.executable} -m callvoice measure {sample} > /dev/full"
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "[cannot-write]" in done.stderr


def test_unknown_model(run: Run, sample: Path) -> None:
    result = run("analyze", sample, "--model", "no-such-model")
    assert_one_clear_line(result, 2, "unknown-model", "no-such-model", "base")


def test_known_model_that_is_not_here(
    run: Run, sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CALLVOICE_CACHE", str(tmp_path))
    result = run("analyze", sample, "--model", "small")
    assert_one_clear_line(result, 2, "unknown-model", "callvoice models pull small")


def test_corrupt_weights(run: Run, sample: Path, tmp_path: Path) -> None:
    model = tmp_path / "model"
    model.mkdir()
    (model / "model.bin").write_bytes(b"no weights" * 100)
    (model / "config.json").write_text("{}")
    result = run("analyze", sample, "--model", model)
    assert_one_clear_line(result, 2, "corrupt-model", "cannot be loaded")


def test_weights_of_the_wrong_size(
    run: Run, sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CALLVOICE_CACHE", str(tmp_path))
    folder = tmp_path / "models" / "base"
    folder.mkdir(parents=True)
    (folder / "model.bin").write_bytes(b"x")
    result = run("analyze", sample)
    assert_one_clear_line(result, 2, "corrupt-model", "1 bytes instead of 145217532")


@pytest.mark.parametrize(
    ("content", "word"),
    [
        ("[limits.too_fast]\nrate = 6.2\n", "unknown limit 'rate'"),
        ("[limits.too_slow]\nx = 1\n", "unknown limit 'too_slow'"),
        ("[colours]\nblue = 1\n", "colours"),
        ("[limits.too_fast]\nfast_share = 'much'\n", "float"),
        ("limits = [", "not valid TOML"),
    ],
)
def test_config_that_cannot_be_used(
    run: Run, sample: Path, tmp_path: Path, content: str, word: str
) -> None:
    config = tmp_path / "callvoice.toml"
    config.write_text(content)
    result = run("analyze", sample, "--config", config)
    assert_one_clear_line(result, 2, "invalid-settings", word)


def test_config_missing(run: Run, sample: Path, tmp_path: Path) -> None:
    result = run("analyze", sample, "--config", tmp_path / "none.toml")
    assert_one_clear_line(result, 2, "invalid-settings", "none.toml")


@pytest.mark.parametrize(
    "content",
    [
        b"{",
        b"[]",
        b'{"turns": [{"role": "boss", "text": "x", "start_s": 0, "end_s": 1}]}',
        b'{"turns": [{"role": "agent", "text": "x", "start_s": 2, "end_s": 1}]}',
        b'{"turns": [{"role": "agent", "start_s": 2, "end_s": 1}]}',
        b"\xff\xfe",
    ],
)
def test_transcript_of_another_form(run: Run, sample: Path, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "t.json"
    path.write_bytes(content)
    result = run("analyze", sample, "--transcript", path)
    assert_one_clear_line(result, 2, "invalid-transcript", "t.json")


def test_one_bad_file_among_several(run: Run, sample: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.wav"
    bad.write_text("not a recording")
    silent = tmp_path / "silent.wav"
    soundfile.write(silent, np.zeros(80_000), 8000)
    result = run("analyze", silent, bad, "--json", tmp_path / "out")
    assert result.code == 2
    assert "[nothing-to-analyse]" in result.err
    assert "[unreadable-input]" in result.err
    assert list((tmp_path / "out").iterdir()) == []
