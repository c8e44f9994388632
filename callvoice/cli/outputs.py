"""Where results go: whole or not at all, checked before any work is done."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from callvoice.cli.common import console
from callvoice.errors import CannotWrite, printable

if TYPE_CHECKING:
    from callvoice.pipeline import Analysis
    from callvoice.settings import Settings


class Outputs:
    """Where reports go. Checked before the first call is analysed, so that no work is lost."""

    def __init__(self, json_path: str | None, html_path: str | None, *, several: bool) -> None:
        self.to_stdout = json_path == "-"
        self.json = Path(json_path) if json_path and not self.to_stdout else None
        self.html = Path(html_path) if html_path else None
        self.several = several
        for target in (self.json, self.html):
            if target is not None:
                prepare(target, folder=several)

    def write(self, name: str, analysis: Analysis, settings: Settings) -> None:
        """Write or print one call's report, made by ``settings``, in every form asked for.

        Raises:
            CannotWrite: as ``write_atomically``.
        """
        import msgspec

        data = msgspec.json.encode(analysis.report)
        pretty = msgspec.json.format(data, indent=2) + b"\n"
        if self.html is not None:
            from callvoice.report.html import render_html

            page = render_html(
                analysis.report, analysis.audio, tracks=analysis.tracks, settings=settings
            )
            write_atomically(self._target(self.html, name, ".html"), page.encode())
        if self.json is not None:
            write_atomically(self._target(self.json, name, ".json"), pretty)
        if self.to_stdout:
            click.echo(data if self.several else pretty, nl=self.several)
        else:
            from callvoice.report.terminal import print_report

            print_report(analysis.report, console())

    def _target(self, path: Path, name: str, suffix: str) -> Path:
        return path / (name + suffix) if self.several or path.is_dir() else path


def prepare(target: Path, *, folder: bool) -> None:
    """Make sure that ``target`` can be written later; a ``folder`` is created.

    Raises:
        CannotWrite: its folder is missing or may not be written.
    """
    directory = target if folder else target.parent
    try:
        if folder:
            directory.mkdir(parents=True, exist_ok=True)
        elif not directory.is_dir():
            raise CannotWrite(f"there is no folder {printable(directory)}: it does not exist.")
        tempfile.TemporaryFile(dir=directory).close()
    except OSError as error:
        raise CannotWrite(
            f"cannot write to {printable(directory)}: {error.strerror or error}."
            " Name another place."
        ) from error


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file whole or not at all.

    Raises:
        CannotWrite: no permission, no space.
    """
    scratch: Path | None = None
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".callvoice-", delete=False) as f:
            scratch = Path(f.name)
            f.write(data)
        scratch.chmod(0o666 & ~_umask())
        scratch.replace(path)
    except OSError as error:
        raise CannotWrite(
            f"cannot write {printable(path)}: {error.strerror or error}."
            " Name another place, or make room."
        ) from error
    finally:
        if scratch is not None:
            scratch.unlink(missing_ok=True)


def _umask() -> int:
    """What new files may not have by the user's wish; it can only be read by setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def emit(data: bytes, target: Path | None) -> None:
    """Write to a file, or to stdout for None."""
    if target is None:
        click.echo(data, nl=False)
    else:
        write_atomically(target, data)
