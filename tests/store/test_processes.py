"""Real processes on one store: every call exactly once, no lock error, whatever is killed."""

from __future__ import annotations

import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from callvoice.store import Result, Store
from callvoice.store.schema import calls, work

pytest_plugins = ["stores"]
WORKER = """
import pickle, sys, time
from pathlib import Path
from callvoice.store import open_store
target, artefacts, results, name, pause = sys.argv[1:]
results = pickle.loads(Path(results).read_bytes())
with open_store(target, artefacts=artefacts) as store:
    while (item := store.claim(name, 60)) is not None:
        print(item.key, flush=True)
        time.sleep(float(pause))
        assert store.heartbeat(item, 60)
        if not store.finish(item, results[item.key].report, results[item.key].facts):
            print("twice", flush=True)
"""


@pytest.fixture
def start(
    target: str, store: Store, make_result: Callable[..., Result], tmp_path: Path
) -> Callable[..., subprocess.Popen[str]]:
    """Start a worker on a store with thirty tasks."""
    results = [make_result(number) for number in range(30)]
    store.enqueue([result.task for result in results])
    path = tmp_path / "results.pickle"
    path.write_bytes(pickle.dumps({result.task.key: result for result in results}))

    def worker(name: str, *, pause_s: float = 0.0) -> subprocess.Popen[str]:
        arguments = [target, tmp_path / "artefacts", path, name, pause_s]
        command = [sys.executable, "-c", WORKER, *map(str, arguments)]
        return subprocess.Popen(command, stdout=-1, stderr=-1, text=True)

    return worker


def n_calls(store: Store) -> int:
    with store.reading() as connection:
        return connection.scalar(select(func.count()).select_from(calls)) or 0


def test_two_processes_do_each_task_once(
    start: Callable[..., subprocess.Popen[str]], store: Store
) -> None:
    ended = [(worker, *worker.communicate()) for worker in (start("a"), start("b"))]
    assert [(worker.returncode, err) for worker, _, err in ended] == [(0, "")] * 2
    done = "".join(out for _, out, _ in ended).split()
    assert sorted(done) == sorted(f"key-{number}" for number in range(30))
    assert store.progress().counts["done"] == n_calls(store) == 30


def test_a_killed_worker_loses_nothing(
    start: Callable[..., subprocess.Popen[str]], store: Store
) -> None:
    worker = start("a", pause_s=0.02)
    assert worker.stdout is not None
    for _ in range(3):
        worker.stdout.readline()
    worker.send_signal(signal.SIGKILL)
    worker.communicate()
    counts = store.progress().counts
    assert counts["done"] == n_calls(store)
    assert counts["done"] + counts["running"] + counts["waiting"] == 30
    with store.writing() as connection:
        connection.execute(update(work).where(work.c.lease_until > 0).values(lease_until=1.0))
    worker = start("b")
    _, err = worker.communicate()
    assert err == ""
    assert store.progress().counts["done"] == n_calls(store) == 30


def test_a_reader_sees_one_moment_and_holds_up_nobody(
    store: Store, make_result: Callable[..., Result]
) -> None:
    store.save([make_result(1)])
    with store.reading() as connection:
        before = connection.scalar(select(func.count()).select_from(calls))
        began = time.monotonic()
        store.save([make_result(2)])
        assert time.monotonic() - began < 5
        if connection.dialect.name == "sqlite":
            assert connection.scalar(select(func.count()).select_from(calls)) == before == 1
    assert n_calls(store) == 2
