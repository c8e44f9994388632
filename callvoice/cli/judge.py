"""``callvoice judge``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from callvoice.cli.common import FILE, say
from callvoice.cli.outputs import prepare, write_atomically
from callvoice.errors import printable

if TYPE_CHECKING:
    from callvoice.calibrate.results import Result
    from callvoice.settings import Settings
    from callvoice.types import Mistake, Report

_HELP_CODES = """\b
Exit codes:
  0  judged
  2  usage error, or something that is no report"""


@click.command(epilog=_HELP_CODES)
@click.argument("reports", nargs=-1, required=True, type=FILE)
@click.option("--config", type=FILE, help="A callvoice.toml with the limits to judge by.")
@click.option(
    "--json",
    "json_path",
    metavar="PATH|-",
    help="Write the new report; - for stdout (then without the list of changes). With several"
    " calls: a folder, or - for one object a line.",
)
@click.option(
    "--html",
    "html_path",
    metavar="PATH",
    help="Write the page, without the sound. With several calls: a folder.",
)
@click.option(
    "--report-language",
    type=click.Choice(["de", "en"]),
    help="Language of the new report.  [default: the old one's]",
)
def judge(
    reports: tuple[Path, ...],
    config: Path | None,
    json_path: str | None,
    html_path: str | None,
    report_language: Literal["de", "en"] | None,
) -> None:
    """Judge earlier REPORTS again by other limits, and print what changed.

    \b
    REPORTS are JSON reports of `callvoice analyze`, or facts: files or folders. They carry all
    that was measured, so this needs neither the recording nor a speech model:
      callvoice analyze monday/*.wav --json results
      callvoice judge results --config stricter.toml
      callvoice judge results --config stricter.toml --json rejudged

    Measures and words stay as they are: for other phrase lists or another recogniser, analyse the
    recordings again.
    """
    from callvoice.calibrate.results import read_results
    from callvoice.settings import load_settings

    settings = load_settings(config)
    results = read_results(reports)
    targets = _Targets(json_path, html_path, several=len(results) > 1)
    changed = 0
    for result in results:
        report = _judged(result, settings, report_language)
        changes = list(_changes(result.report, report))
        changed += result.report is not None and bool(changes)
        targets.write(result.facts.call.source, report, settings)
        if not targets.to_stdout:
            click.echo("\n".join((printable(report.call.source), *(changes or ["  as before"]))))
    say(f"{len(results)} judged, {changed} of them otherwise than before.")


class _Targets:
    """Where reports go; checked before anything is judged."""

    def __init__(self, json_path: str | None, html_path: str | None, *, several: bool) -> None:
        self.to_stdout = json_path == "-"
        self._json = Path(json_path) if json_path and not self.to_stdout else None
        self._html = Path(html_path) if html_path else None
        self._several = several
        self._taken: set[str] = set()
        for target in filter(None, (self._json, self._html)):
            prepare(target, folder=several)

    def write(self, source: str, report: Report, settings: Settings) -> None:
        """Write one call's report in every form asked for."""
        import msgspec

        from callvoice.calibrate.results import file_name

        data = msgspec.json.encode(report)
        pretty = msgspec.json.format(data, indent=2) + b"\n"
        name = self._free(file_name(source) or report.call.id, report.call.id)
        if self.to_stdout:
            click.echo(data if self._several else pretty, nl=self._several)
        if self._json is not None:
            write_atomically(self._path(self._json, name, ".json"), pretty)
        if self._html is not None:
            from callvoice.report.html import render_html

            page = render_html(report, None, settings=settings)
            write_atomically(self._path(self._html, name, ".html"), page.encode())

    def _free(self, name: str, call_id: str) -> str:
        """Recordings of one name from different folders must not overwrite each other."""
        free = f"{name}.{call_id}" if name in self._taken else name
        self._taken.add(free)
        return free

    def _path(self, path: Path, name: str, suffix: str) -> Path:
        return path / (name + suffix) if self._several or path.is_dir() else path


def _judged(result: Result, settings: Settings, language: Literal["de", "en"] | None) -> Report:
    from callvoice.judging import judge as judge_facts
    from callvoice.judging import judge_again, unknown_provenance

    if result.report is not None:
        return judge_again(result.report, settings, language=language)
    spoken: Literal["de", "en"] = "en" if result.facts.call.language == "en" else "de"
    return judge_facts(
        result.facts, settings, language=language or spoken, provenance=unknown_provenance()
    )


def _changes(before: Report | None, after: Report) -> Iterator[str]:
    """One line a mistake judged otherwise; all eight where there was no verdict before."""
    if before is None:
        yield from (f"  {m.number} {m.id}: {_state(m)}" for m in after.mistakes)
        return
    for old, new in zip(before.mistakes, after.mistakes, strict=True):
        if (old.status, old.score) != (new.status, new.score):
            yield f"  {new.number} {new.id}: {_state(old)} → {_state(new)}"


def _state(mistake: Mistake) -> str:
    status = mistake.status.replace("_", " ")
    return status if mistake.score is None else f"{status} {mistake.score:.2f}"
