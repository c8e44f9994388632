"""What happens at night: no room, no rights, a store or a recording that goes away, other hosts."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from os import getuid
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import runs
import soundfile
from targets import emptied

from callvoice.batch.items import Item
from callvoice.batch.job import EVERY_CALL, Analyst, Job, Refused
from callvoice.batch.key import Recipe
from callvoice.settings import load_settings
from callvoice.store import StoreUnavailable, open_store

if TYPE_CHECKING:
    from stores import Server

pytest_plugins = ["stores"]
Run = Callable[..., tuple[int, str, str]]
ONE_LINE = r"callvoice: error \[store-unavailable\]: [^\n]*\n"


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two calls of a few seconds, with transcripts."""
    return runs.cut(tmp_path_factory.mktemp("calls") / "monday", ("vorwurf.flac", "ungeduld.wav"))


@pytest.fixture(scope="module")
def done(recordings: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with the results of a batch that nothing happened to."""
    workspace = tmp_path_factory.mktemp("undisturbed")
    process = runs.start(recordings, "--workspace", workspace, "--workers", 1)
    assert process.communicate(timeout=120)[1] == ""
    return workspace


@pytest.fixture
def with_pipe(recordings: Path, tmp_path: Path) -> tuple[Path, Path]:
    """The recordings, and one after them that never comes to an end."""
    folder = runs.copied(recordings, tmp_path / "calls")
    return folder, runs.fifo(folder)


def goes_on(run: Run, folder: Path, workspace: Path, *options: object) -> list[str]:
    """The same command once more analyses what is left; the names of files that failed."""
    (folder / "pipe.wav").unlink(missing_ok=True)
    words = (folder, "--workspace", workspace, *options, "--transcripts", "--workers", 1)
    _, out, err = run("batch", *words, "--progress", "json")
    summary = runs.summary(out)
    assert (summary["states"]["done"], err) == (2, "")
    return [Path(failure["source"]).name for failure in summary["failures"]]


def test_a_workspace_that_may_not_be_written(recordings: Path, done: Path, tmp_path: Path) -> None:
    workspace = Path(shutil.copytree(done, tmp_path / "w"))
    for path in (workspace, *workspace.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)
    rights = "-dac_override,-dac_read_search"
    without = ("setpriv", "--bounding-set", rights, "--inh-caps", rights) if getuid() == 0 else ()
    for place in (workspace, workspace / "new"):
        process = runs.start(recordings, "--workspace", place, before=without)
        _, err = process.communicate(timeout=60)
        assert process.returncode == 2
        assert re.fullmatch(ONE_LINE, err), err
        assert str(place) in err
    for path in (workspace, *workspace.rglob("*")):
        path.chmod(0o700)
    assert runs.kept(workspace) == runs.kept(done)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 300 kB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=300k", "none", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no disk can be mounted here")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def test_a_disk_that_is_full(run: Run, recordings: Path, done: Path, small_disk: Path) -> None:
    process = runs.start(recordings, "--workspace", small_disk / "w", "--workers", 1)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert re.fullmatch(ONE_LINE, err), err
    subprocess.run(["mount", "-o", "remount,size=5m", small_disk], check=True)
    assert goes_on(run, recordings, small_disk / "w") == []
    assert runs.kept(small_disk / "w") == runs.kept(done)


def test_a_workspace_that_is_removed(
    run: Run, with_pipe: tuple[Path, Path], done: Path, tmp_path: Path
) -> None:
    """As a disk that falls out, and is there again in the morning."""
    folder, pipe = with_pipe
    workspace, away = tmp_path / "w", tmp_path / "away"
    with runs.waiting(folder, "--workspace", workspace, pipe=pipe) as process:
        workspace.rename(away)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert re.fullmatch(ONE_LINE, err), err
    shutil.rmtree(workspace, ignore_errors=True)
    away.rename(workspace)
    assert goes_on(run, folder, workspace) == ["pipe.wav"]
    assert runs.kept(workspace) == runs.kept(done)


def test_a_server_that_fails(
    run: Run, server: Server, with_pipe: tuple[Path, Path], done: Path, tmp_path: Path
) -> None:
    folder, pipe = with_pipe
    address = emptied(server.address, "outages")
    where = (folder, "--workspace", tmp_path / "w", "--store", address)
    with runs.waiting(*where, pipe=pipe) as process:
        server.stop()
    try:
        _, err = process.communicate(timeout=60)
        assert process.returncode == 2
        assert re.fullmatch(ONE_LINE, err), err
    finally:
        server.start()
    assert goes_on(run, folder, tmp_path / "w", "--store", address) == ["pipe.wav"]
    with open_store(address) as store:
        assert runs.results(store) == runs.kept(done)


def test_a_recording_that_vanishes_and_comes_back(
    run: Run, recordings: Path, tmp_path: Path
) -> None:
    """It has been seen, and is gone when its turn comes."""
    folder, workspace = runs.copied(recordings, tmp_path / "calls"), tmp_path / "w"
    sound, rate_hz = soundfile.read(folder / "vorwurf0.wav")
    soundfile.write(folder / "late.wav", sound[:-rate_hz], rate_hz)  # the shortest comes last
    shutil.copy(folder / "vorwurf0.transcript.json", folder / "late.transcript.json")
    process = runs.start(folder, "--workspace", workspace, "--workers", 1)
    assert process.stdout is not None
    next(line for line in process.stdout if '"call"' in line)
    (folder / "late.wav").rename(tmp_path / "away")
    out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (1, "")
    failed = [(Path(f["source"]).name, f["slug"]) for f in runs.summary(out)["failures"]]
    assert failed == [("late.wav", "unreadable-input")]
    (tmp_path / "away").rename(folder / "late.wav")
    words = ("--workspace", workspace, "--retry-failed", "--workers", 1, "--progress", "none")
    assert run("batch", *words)[0] == 0
    assert len(runs.kept(workspace)) == 3


def test_a_worker_that_cannot_reach_the_files_of_calls_ends_the_run(tmp_path: Path) -> None:
    """Something else stands where they are kept: no other call would fare better."""
    (tmp_path / "artefacts").touch()
    recipe = Recipe("base", "1", load_settings())
    worker = Analyst(recipe, str(tmp_path / "artefacts"), str(tmp_path))()
    refused = worker(Job(Item(location="call.wav"), judge_only="0123456789abcdef"))
    assert isinstance(refused, Refused)
    assert (refused.slug, refused.every_call) == ("store-unavailable", True)
    assert EVERY_CALL[refused.slug] is StoreUnavailable


HOST = """\
import socket
socket.gethostname = lambda: "{}"
from callvoice.cli import main
main()
"""


def test_two_hosts_on_one_database(
    server: Server, recordings: Path, done: Path, tmp_path: Path
) -> None:
    address = emptied(server.address, "outages")
    words = runs.command(recordings, "--workspace", tmp_path, "--store", address, "--workers", 1)
    hosts = [
        subprocess.Popen(
            [sys.executable, "-c", HOST.format(name), *words[3:]],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for name in ("north", "south")
    ]
    ends = [host.communicate(timeout=120) for host in hosts]
    assert [(host.returncode, err) for host, (_, err) in zip(hosts, ends, strict=True)] == [
        (0, ""),
        (0, ""),
    ]
    assert sum(runs.summary(out)["n_analysed"] for out, _ in ends) == 2
    with open_store(address) as store:
        assert runs.results(store) == runs.kept(done)
