"""Who claims calls: a name per process, from which others tell whether it is still alive."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import psutil


def host() -> str:
    """The machine and, in containers, the container: process numbers mean something only in it."""
    space = Path("/proc/self/ns/pid")
    inside = f".{space.stat().st_ino}" if space.exists() else ""
    return f"{socket.gethostname()}{inside}"


def own_name() -> str:
    """A name for this process that no other bears, before or after it."""
    return f"{host()}:{os.getpid()}:{int(psutil.Process().create_time())}"


def is_gone(name: str) -> bool:
    """Whether it was a process of this machine that has ended; of others nothing is known."""
    where, _, rest = name.rpartition(":")
    where, _, pid = where.rpartition(":")
    if where != host() or not pid.isdigit() or not rest.isdigit():
        return False
    try:
        return abs(int(psutil.Process(int(pid)).create_time()) - int(rest)) > 1
    except psutil.NoSuchProcess:
        return True
    except psutil.Error:
        return False
