"""Processes that answer, die, hang and swell, for real."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from handlers import behaving, broken

from callvoice.batch.pool import Answer, Limits, Lost, Pool, wait_for
from callvoice.errors import WorkerBroken

MB = 1 << 20
SMALL = Limits(memory_bytes=300 * MB, growth_bytes=100 * MB)


@pytest.fixture
def pool() -> Iterator[Pool]:
    with Pool(behaving, n_threads=3, limits=SMALL) as opened:
        yield opened


def ask(pool: Pool, what: str, value: object = None, *, limit_s: float = 30.0) -> Answer | Lost:
    pool.give(what, (what, value), limit_s=limit_s)
    until = time.monotonic() + 60
    while not (events := pool.events()):
        assert time.monotonic() < until
        wait_for([pool], 0.05)
    assert len(events) == 1
    assert pool.has_room
    return events[0]


def test_one_process_answers_one_task_after_the_other(pool: Pool) -> None:
    answers = [ask(pool, "pid") for _ in range(3)]
    assert len({answer.value for answer in answers if isinstance(answer, Answer)}) == 1
    assert ask(pool, "env", "OMP_NUM_THREADS") == Answer("env", "3")


def test_a_process_that_dies_is_lost_and_replaced(pool: Pool) -> None:
    for what, how in (("die", "code 7"), ("killed", "SIGKILL")):
        lost = ask(pool, what, 7)
        assert isinstance(lost, Lost)
        assert (lost.slug, lost.limit) == ("worker-died", False)
        assert how in lost.reason
    assert isinstance(ask(pool, "pid"), Answer)


def test_a_process_that_dies_while_idle_costs_no_task(pool: Pool) -> None:
    first = ask(pool, "pid")
    assert isinstance(first, Answer)
    process = psutil.Process(first.value)
    process.kill()
    while process.status() != psutil.STATUS_ZOMBIE:  # until the pool has noticed
        time.sleep(0.01)
    assert isinstance(ask(pool, "pid"), Answer)


def test_what_takes_too_long_is_ended(pool: Pool) -> None:
    pid = ask(pool, "pid")
    lost = ask(pool, "sleep", 60, limit_s=0.3)
    assert isinstance(lost, Lost)
    assert (lost.slug, lost.limit) == ("time-limit", True)
    assert isinstance(pid, Answer)
    assert not psutil.pid_exists(pid.value)


def test_what_takes_too_much_memory_is_ended(pool: Pool) -> None:
    lost = ask(pool, "swell", (500, 60))
    assert isinstance(lost, Lost)
    assert (lost.slug, lost.limit) == ("memory-limit", True)
    assert "300 are allowed" in lost.reason


def test_an_idle_process_that_has_grown_is_replaced(pool: Pool) -> None:
    first = ask(pool, "pid")
    ask(pool, "swell", (150, 0))
    wait_for([pool], 0.1)
    assert pool.events() == []
    second = ask(pool, "pid")
    assert isinstance(first, Answer)
    assert isinstance(second, Answer)
    assert first.value != second.value


def test_processes_that_cannot_begin_are_an_error() -> None:
    def begin(pool: Pool) -> None:
        until = time.monotonic() + 60
        while time.monotonic() < until:
            if pool.has_room:
                pool.give("x", ("pid", None))
            wait_for([pool], 0.05)
            pool.events()

    with Pool(broken) as pool, pytest.raises(WorkerBroken, match="as they start"):
        begin(pool)


_PARENT = """\
import sys
from handlers import behaving
from callvoice.batch.pool import Pool, wait_for
if __name__ == "__main__":
    with Pool(behaving) as pool:
        pool.give("pid", ("pid", None))
        while not (events := pool.events()):
            wait_for([pool], 0.05)
        pool.give("sleep", ("sleep", 600))
        print(events[0].value, flush=True)
        sys.stdin.read()
"""


def test_processes_end_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    script = tmp_path / "parent.py"
    script.write_text(_PARENT)
    parent = subprocess.Popen(
        [sys.executable, script],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": ":".join(sys.path)},
    )
    assert parent.stdout is not None
    worker = psutil.Process(int(parent.stdout.readline()))
    parent.kill()
    parent.wait()
    worker.wait(timeout=10)
    assert not worker.is_running()
