"""What ``callvoice batch`` was asked for, and what is made of it."""

from __future__ import annotations

import shlex
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from callvoice.batch.discover import Discovered
    from callvoice.batch.key import Recipe
    from callvoice.batch.pool import Limits
    from callvoice.batch.run import BatchOptions, Engine
    from callvoice.store import Store

_REPEATED = ("workspace", "store", "model", "config", "report_language", "workers", "threads")
_REPEATED_UNLESS = {
    "artefacts": None,
    "engine": "local",
    "address": "auto",
    "device": "cpu",
    "compute_type": "int8",
    "gpu_workers": None,
}


@dataclass(frozen=True)
class Request:
    """What was typed."""

    paths: tuple[str, ...]
    choices: dict[str, Any]

    @property
    def workspace(self) -> Path:
        """The folder, wherever the command is typed."""
        return Path(self.choices["workspace"]).expanduser().absolute()

    @property
    def n_workers(self) -> int:
        """As asked for; else one a core, of this machine or of the cluster."""
        from callvoice.batch.share import cores

        told: int | None = self.choices["workers"]
        if told or not self._on_ray:
            return told or cores()
        return max(1, self._cluster[0] // (self.choices["threads"] or 1))

    @property
    def _on_ray(self) -> bool:
        return bool(self.choices["engine"] == "ray")

    @cached_property
    def _cluster(self) -> tuple[int, int]:
        """Cores and GPUs of the cluster, which is joined for it."""
        from callvoice.batch import cluster

        cluster.connect(self.choices["address"])
        return cluster.resources()

    def joined(self) -> AbstractContextManager[None]:
        """The machines, for so long as they are needed.

        Raises:
            UnknownPlace: there is no such cluster.
        """
        if not self._on_ray:
            return nullcontext()
        from callvoice.batch.cluster import joined

        return joined(self.choices["address"])

    def discover(self) -> Discovered:
        """The calls, or the sample of them."""
        from callvoice.batch.discover import discover
        from callvoice.batch.items import sampled

        language = self.choices["language"]
        all_ = discover(
            self.paths,
            without=self.workspace,
            language=None if language == "auto" else language,
            transcripts=self.choices["transcripts"],
        )
        if self.choices["sample"] is None:
            return all_
        drawn = sampled([f.item for f in all_.found], self.choices["sample"], self.choices["seed"])
        chosen = {item.location for item in drawn}
        return replace(all_, found=tuple(f for f in all_.found if f.item.location in chosen))

    def recipe(self) -> Recipe:
        """How they are analysed."""
        from callvoice.batch.key import Recipe, revision_of
        from callvoice.ingest.models import find
        from callvoice.settings import load_settings

        model = self.choices["model"]
        settings = load_settings(self.choices["config"])
        return Recipe(model, revision_of(find(model)), settings, self.choices["report_language"])

    def options(self) -> BatchOptions:
        """How to run it.

        Raises:
            UnknownPlace: there is no such cluster.
        """
        from callvoice.batch.run import BatchOptions

        return BatchOptions(
            n_workers=self.n_workers,
            n_threads=self.choices["threads"],
            limits=self._limits(),
            limit=self.choices["limit"],
            device=self.choices["device"],
            compute_type=self.choices["compute_type"],
            engine=self._engine() if self._on_ray else None,
        )

    def _limits(self) -> Limits:
        from callvoice.batch.pool import Limits
        from callvoice.batch.share import fair_memory_bytes

        limits, told_mb = Limits(base_s=self.choices["time_limit"]), self.choices["memory_limit"]
        if told_mb:
            return replace(limits, memory_bytes=told_mb << 20)
        if self._on_ray:  # other machines than this one
            return limits
        return replace(limits, memory_bytes=fair_memory_bytes(self.n_workers))

    def _engine(self) -> Engine:
        """Calls are recognised apart from the rest where that takes GPUs."""
        from callvoice.batch.cluster import on_cluster

        _, n_gpus = self._cluster
        if not self.choices["device"].startswith("cuda"):
            return on_cluster()
        return on_cluster(n_listeners=self.choices["gpu_workers"] or max(1, n_gpus))

    def open_store(self, *, create: bool = True) -> Store:
        """Where results go."""
        from callvoice.store import open_store

        url, artefacts = self.choices["store"], self.choices["artefacts"]
        if url is None:
            return open_store(self.workspace, artefacts=artefacts, create=create)
        return open_store(url, artefacts=artefacts, otherwise=self.workspace / "artefacts")

    def retry_command(self) -> str:
        """What to type to try failures again."""
        words = ["callvoice", "batch"]
        for name in _REPEATED:
            if (value := self.choices[name]) is not None:
                words += [f"--{name.replace('_', '-')}", str(value)]
        for name, usual in _REPEATED_UNLESS.items():
            if (value := self.choices[name]) != usual:
                words += [f"--{name.replace('_', '-')}", str(value)]
        return shlex.join([*words, "--retry-failed"])
