"""Batches on a real Ray cluster of several nodes; what a host of it does without Ray."""

from __future__ import annotations

import dataclasses
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import machines
import pytest
import runs
from machines import Running
from msgspec.structs import replace
from runs import kept

from callvoice.batch import cluster
from callvoice.batch.items import Item
from callvoice.batch.job import Analysed, Analyst, Job, Refused
from callvoice.batch.key import Recipe
from callvoice.batch.pool import Answer, Limits, Lost, wait_for
from callvoice.batch.proof import Proof
from callvoice.batch.relay import Relay, Station
from callvoice.batch.run import BatchOptions
from callvoice.settings import load_settings
from callvoice.store import Artefacts, open_store
from callvoice.store.schema import work

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight calls of a few seconds, with transcripts."""
    return runs.cut(tmp_path_factory.mktemp("calls") / "monday", copies=2)


# --- one host ------------------------------------------------------------------------------------


@pytest.fixture
def station(tmp_path: Path) -> Station:
    """A host that sees what the run keeps."""
    recipe = Recipe("base", "r", load_settings())
    return Station(Analyst(recipe, str(tmp_path), ""), Proof.put(Artefacts(tmp_path)))


@pytest.fixture
def relay(station: Station, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Relay]:
    here = tmp_path / "tmp"
    here.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(here))
    opened = Relay(station, Limits(), 1)
    yield opened
    opened.end()


def job(recordings: Path, name: str) -> Job:
    transcript = str(recordings / "vorwurf0.transcript.json")
    return Job(Item(location=str(recordings / name), transcript=transcript))


def test_a_host_analyses_and_tells_what_fails_and_where(relay: Relay, recordings: Path) -> None:
    done, memory_bytes = relay.work(job(recordings, "vorwurf0.wav"), 60.0)
    assert isinstance(done, Answer)
    assert isinstance(done.value, Analysed)
    assert memory_bytes > 10 << 20
    failed, _ = relay.work(job(recordings, "none.wav"), 60.0)
    assert isinstance(failed, Answer)
    assert failed.value.slug == "unreadable-input"
    assert failed.value.reason.endswith(f"(on {socket.gethostname()})")


def test_a_call_that_takes_too_long_leaves_nothing(relay: Relay, tmp_path: Path) -> None:
    runs.fifo(tmp_path)
    lost, _ = relay.work(Job(Item(location=str(tmp_path / "pipe.wav"))), 1.0)
    assert isinstance(lost, Lost)
    assert (lost.slug, lost.limit) == ("time-limit", True)
    (scratch,) = (tmp_path / "tmp").iterdir()
    assert list(scratch.iterdir()) == []


def test_a_host_ends_in_the_middle_of_a_call_and_leaves_nothing(
    relay: Relay, tmp_path: Path
) -> None:
    runs.fifo(tmp_path)
    task = Job(Item(location=str(tmp_path / "pipe.wav")))
    working = threading.Thread(target=relay.work, args=(task, 60.0))
    working.start()
    while not list((tmp_path / "tmp").glob("*/*")):
        time.sleep(0.01)
    relay.end()
    working.join(10)
    assert not working.is_alive()
    assert list((tmp_path / "tmp").iterdir()) == []


def test_what_a_killed_host_left_is_removed_by_the_next(
    station: Station, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from callvoice.batch.owner import host

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    left = tmp_path / f"callvoice-{host()}:{ended.pid}:1" / "tmp"
    left.mkdir(parents=True)
    (left / "call.wav").write_bytes(b"sound")
    Relay(station, Limits(), 1).end()
    assert list(tmp_path.glob("callvoice-*")) == []


@pytest.mark.parametrize(
    ("change", "slug", "told"),
    [
        ({"proof": Proof("elsewhere", "other.txt")}, "cannot-write", "--artefacts"),
        ({"version": "0.0.1"}, "worker-broken", "0.0.1"),
    ],
)
def test_a_host_that_is_not_fit_refuses_every_call(
    station: Station, change: dict[str, Any], slug: str, told: str
) -> None:
    refused = dataclasses.replace(station, **change)()(None)
    assert isinstance(refused, Refused)
    assert (refused.slug, refused.every_call) == (slug, True)
    assert told in refused.reason
    assert socket.gethostname() in refused.reason


def test_a_host_without_the_phrase_lists_refuses_every_call(station: Station) -> None:
    settings = replace(station.analyst.recipe.settings, lexicons=(Path("/none/phrases.toml"),))
    recipe = dataclasses.replace(station.analyst.recipe, settings=settings)
    analyst = dataclasses.replace(station.analyst, recipe=recipe)
    refused = dataclasses.replace(station, analyst=analyst)()(None)
    assert (refused.slug, refused.every_call) == ("invalid-settings", True)
    assert "/none/phrases.toml" in refused.reason


def test_proofs_of_killed_runs_are_removed(tmp_path: Path) -> None:
    artefacts = Artefacts(tmp_path)
    killed = (
        "import os, sys; from callvoice.batch.proof import Proof;"
        "from callvoice.store import Artefacts; Proof.put(Artefacts(sys.argv[1])); os._exit(9)"
    )
    subprocess.run([sys.executable, "-c", killed, str(tmp_path)], check=False)
    assert len(list(artefacts.call_ids())) == 1
    proof, other = Proof.put(artefacts), Proof.put(artefacts)
    assert len(list(tmp_path.rglob("*.txt"))) == 2
    proof.remove()
    assert (proof.is_seen(), other.is_seen()) == (False, True)
    other.remove()
    assert list(artefacts.call_ids()) == []


# --- errors of the command -----------------------------------------------------------------------


def on_ray(run: Run, recordings: Path, workspace: Path, address: str) -> tuple[int, str, str]:
    where = ("--workspace", workspace, "--engine", "ray", "--address", address)
    return run("batch", recordings, *where, "--transcripts", "--progress", "json")


def test_without_ray_it_says_what_to_install(
    run: Run, recordings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    code, out, err = on_ray(run, recordings, tmp_path, "auto")
    assert (code, out) == (2, "")
    assert "pip install 'callvoice[ray]'" in err


@pytest.mark.parametrize("place", ["127.0.0.1:{port}", "ray://127.0.0.1:{port}", "somewhere"])
def test_without_a_cluster_it_says_so_at_once(
    run: Run, recordings: Path, tmp_path: Path, place: str
) -> None:
    pytest.importorskip("ray")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = place.format(port=free.getsockname()[1])
    code, out, err = on_ray(run, recordings, tmp_path, address)
    assert (code, out) == (2, "")
    assert "[unknown-place]" in err
    assert address in err


def test_a_cluster_that_is_gone_is_not_waited_for(
    run: Run, recordings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after a crash: Ray's note of the machine's cluster is there, the cluster is not."""
    pytest.importorskip("ray")
    monkeypatch.setenv("RAY_TMPDIR", str(tmp_path))
    (tmp_path / "ray").mkdir()
    (tmp_path / "ray" / "ray_current_cluster").write_text("127.0.0.1:1")
    code, _, err = on_ray(run, recordings, tmp_path / "w", "auto")
    assert code == 2
    assert "no Ray cluster to join at 127.0.0.1:1" in err


# --- a cluster -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    """Two nodes, the first with what counts as a GPU."""
    pytest.importorskip("ray")
    nodes = ({"num_cpus": 2, "num_gpus": 1}, {"num_cpus": 1})
    # Sockets lie below it, whose names may have 107 letters: pytest's own folders are too deep.
    with (
        tempfile.TemporaryDirectory(prefix="cv-", ignore_cleanup_errors=True) as scratch,
        machines.cluster(Path(scratch), *nodes) as made,
    ):
        yield made


def local(recordings: Path, workspace: Path) -> dict[str, Any]:
    """What one machine makes of them."""
    process = runs.start(recordings, "--workspace", workspace, "--workers", 1)
    assert process.communicate(timeout=240)[1] == ""
    return kept(workspace)


def tried(workspace: Path) -> dict[str, tuple[str, int]]:
    with open_store(workspace, create=False) as store, store.reading() as connection:
        rows = connection.execute(work.select())
        return {Path(row.source).name: (row.state, row.attempts) for row in rows}


def by_address(recordings: Path, manifest: Path) -> list[str]:
    """A manifest that names recordings as if they were far away; their addresses."""
    places = [f"local://{path}" for path in recordings.glob("*.wav")]
    rows = [f"{place},{place.removesuffix('.wav')}.transcript.json" for place in places]
    manifest.write_text("\n".join(["file,transcript", *rows]))
    return places


@pytest.mark.recogniser
def test_recognised_apart_it_is_as_recognised_together(
    running: Running, recordings: Path, tmp_path: Path
) -> None:
    """Recognition on the node with a GPU (on its cores: none is needed), the rest on others."""
    calls = tmp_path / "calls"
    calls.mkdir()
    for name in ("vorwurf0.wav", "tonlos0.wav"):
        (calls / name).symlink_to(recordings / name)
    together = local(calls, tmp_path / "together")
    script = f"""\
import sys
from pathlib import Path
from callvoice.batch import cluster
from callvoice.batch.discover import discover
from callvoice.batch.key import Recipe, revision_of
from callvoice.batch.progress import Nothing
from callvoice.batch.run import Batch, BatchOptions
from callvoice.ingest.models import find
from callvoice.settings import load_settings
from callvoice.store import open_store
recipe = Recipe("base", revision_of(find("base")), load_settings())
options = BatchOptions(engine=cluster.on_cluster(n_listeners=1))
workspace = Path({str(tmp_path / "apart")!r})
with cluster.joined({running.address!r}), open_store(workspace) as store:
    batch = Batch(store, recipe, options, Nothing(), workspace)
    state = batch.run(iter(discover([{str(calls)!r}]).found))
sys.exit(not (state.n_done == 2 and state.recogniser_s > 0))
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert kept(tmp_path / "apart") == together
    assert len(list((tmp_path / "apart").rglob("words-*"))) == 2


def test_a_worker_that_dies_while_idle_costs_no_call(
    running: Running, station: Station, recordings: Path
) -> None:
    with cluster.joined(running.address):
        workers = cluster.Cluster(station.analyst, BatchOptions(n_workers=1))
        with closing(workers):
            for ticket in range(2):
                workers.give(ticket, job(recordings, "vorwurf0.wav"), limit_s=60.0)
                (event,) = events_of(workers)
                assert isinstance(event, Answer)
                assert event.ticket == ticket
                assert isinstance(event.value, Analysed)
                assert workers.has_room
                machines.kill_workers(running.nodes)
                wait_for([workers], 10.0)  # until it has been told
                assert workers.events() == []


def events_of(workers: cluster.Cluster) -> list[Answer | Lost]:
    until = time.monotonic() + 120
    while not (events := workers.events()):
        assert time.monotonic() < until
        wait_for([workers], 0.1)
    return events


def test_a_node_is_killed_and_every_call_is_done_once(
    running: Running, recordings: Path, tmp_path: Path
) -> None:
    """Recordings, transcripts and artefacts are at addresses, as in object storage."""
    places = by_address(recordings, tmp_path / "calls.csv")
    where = ("--engine", "ray", "--address", running.address, "--workers", 3)
    kept_at = ("--workspace", tmp_path / "w", "--artefacts", f"local://{tmp_path}/artefacts")
    process = runs.start(tmp_path / "calls.csv", *where, *kept_at)
    second = running.nodes[1]
    machines.until_at_work(second, running.scratch)
    machines.kill(second)
    out, err = process.communicate(timeout=240)
    assert (process.returncode, err) == (0, "")

    calls = [event for event in runs.events(out) if event["event"] == "call"]
    done = [event["source"] for event in calls if event["status"] == "done"]
    assert sorted(done) == sorted(places)
    assert [event["slug"] for event in calls if event["status"] == "failed"] == ["worker-lost"]
    assert runs.summary(out)["states"] == {"done": 8}
    assert sorted(tried(tmp_path / "w").values()) == [("done", 1)] * 7 + [("done", 2)]
    assert kept(tmp_path / "w") == local(recordings, tmp_path / "alone")
    (left,) = running.scratch.glob("callvoice-*")  # the killed worker's; all others have tidied up
    assert len(list(left.iterdir())) == 1
