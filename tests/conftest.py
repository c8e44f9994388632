"""What all tests share: the command line in this process, sound with known content, real data."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import soundfile

from callvoice import cli

ROOT = Path(__file__).parent.parent
SAMPLES = ROOT / "sample_audio"
SHARED = ROOT.parent / "shared" / "data"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests on real recordings run where these are, and say so where they are not."""
    if SHARED.is_dir():
        return
    skip = pytest.mark.skip(reason="the real recordings in ../shared/data are not here")
    for item in items:
        if "shared" in item.keywords:
            item.add_marker(skip)


class Result(NamedTuple):
    """What a command returned and printed."""

    code: int
    out: str
    err: str


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., Result]:
    """The command line, called in this process."""

    def call(*arguments: object) -> Result:
        with pytest.raises(SystemExit) as leave:
            cli.main([str(a) for a in arguments])
        printed = capsys.readouterr()
        return Result(int(leave.value.code or 0), printed.out, printed.err)

    return call


@pytest.fixture
def sample() -> Path:
    """A short call with two channels."""
    return SAMPLES / "vorwurf.flac"


def tone(seconds: float, *, rate_hz: int = 8000, hz: float = 440.0) -> np.ndarray:
    """A sine at a tenth of full scale, ``[n]``."""
    return 0.1 * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate_hz)) / rate_hz)


def noise(seconds: float, *, rate_hz: int = 8000, level: float = 0.02) -> np.ndarray:
    """White noise from a fixed seed, ``[n]``."""
    return level * np.random.default_rng(1).standard_normal(round(seconds * rate_hz))


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Write samples ``[n]`` or ``[n, n_channels]`` to a file of this test's folder."""

    def wav(
        name: str, data: np.ndarray, *, rate_hz: int = 8000, subtype: str | None = None
    ) -> Path:
        path = tmp_path / name
        soundfile.write(path, data, rate_hz, subtype=subtype)
        return path

    return wav
