"""A Ray cluster of several nodes on this machine, whose nodes can die as machines do."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import psutil

os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
_STORE_BYTES = 80 << 20  # the least that Ray takes; facts and reports need no more


class Running(NamedTuple):
    """A cluster: where its head is, its other nodes, and what all take for /tmp."""

    address: str
    nodes: list[Any]
    scratch: Path


@contextmanager
def cluster(scratch: Path, *nodes: dict[str, int]) -> Iterator[Running]:
    """Nodes with so many cores each, beside a head that has none to offer."""
    from ray.cluster_utils import Cluster

    os.environ["TMPDIR"] = str(scratch)
    head = {"num_cpus": 0, "object_store_memory": _STORE_BYTES, "include_dashboard": False}
    made = Cluster(initialize_head=True, head_node_args=head)
    try:
        added = [made.add_node(object_store_memory=_STORE_BYTES, **node) for node in nodes]
        yield Running(made.address, added, scratch)
    finally:
        made.shutdown()
        del os.environ["TMPDIR"]


def until_at_work(node: Any, scratch: Path) -> None:
    """Wait until a worker of this node is in the middle of a call."""
    until = time.monotonic() + 120
    while time.monotonic() < until:
        if any(_has_call(scratch, process.pid) for process in _processes(node)):
            return
        time.sleep(0.005)
    raise AssertionError("nobody works on this node")


def _has_call(scratch: Path, pid: int) -> bool:
    return any(scratch.glob(f"callvoice-*:{pid}:*/*"))


def kill(node: Any) -> None:
    """All processes of a node at once, its raylet first, as when a machine loses its power."""
    for process in [_raylet(node), *_processes(node)]:
        with suppress(psutil.NoSuchProcess):
            process.kill()


def kill_workers(nodes: list[Any]) -> None:
    """Whatever works for a batch on these nodes."""
    found = [p for node in nodes for p in _processes(node) if _name(p).startswith("ray::Relay")]
    for process in found:
        process.kill()


def _name(process: psutil.Process) -> str:
    with suppress(psutil.NoSuchProcess):
        return " ".join(process.cmdline())
    return ""


def _raylet(node: Any) -> psutil.Process:
    (info,) = node.all_processes["raylet"]
    return psutil.Process(info.process.pid)


def _processes(node: Any) -> list[psutil.Process]:
    return _raylet(node).children(recursive=True)
