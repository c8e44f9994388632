"""What of this machine is a worker's."""

from __future__ import annotations

import os

import psutil

_MEMORY = 0.8  # of the machine's, for all workers together


def cores() -> int:
    """How many this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def fair_threads(n_workers: int) -> int:
    """The share of each worker."""
    return max(1, cores() // n_workers)


def fair_memory_bytes(n_workers: int) -> int:
    """The share of each worker in most of the machine's memory."""
    return int(psutil.virtual_memory().total * _MEMORY) // n_workers
