"""``callvoice rejudge``."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from callvoice.cli.common import FILE, console, say
from callvoice.cli.stored import opened, store_options
from callvoice.errors import printable

if TYPE_CHECKING:
    from callvoice.batch.rejudge import Rejudged
    from callvoice.judging import ReportLanguage


_SHOWN = 10
_CODES = """\b
Exit codes:
  0  all judged again
  1  some have no stored facts
  2  usage error, or the store cannot be opened"""


@click.command(epilog=_CODES)
@store_options
@click.option("--config", type=FILE, help="A callvoice.toml with your own limits and phrases.")
@click.option(
    "--report-language",
    type=click.Choice(["de", "en"]),
    help="Language of the reports.  [default: each call's]",
)
def rejudge(config: Path | None, report_language: ReportLanguage | None, **choices: Any) -> None:
    """Judge all stored calls again by the limits in force now, without sound and without a model.

    \b
    Examples:
      callvoice rejudge --workspace qa --config stricter.toml
      callvoice rejudge --workspace qa                          back to the packaged limits

    A later `callvoice batch` with the same --config finds these results and keeps them. Broken off,
    every call has its old or its new report; start it again for the rest.
    """
    from callvoice.batch.rejudge import rejudge as rejudge_all
    from callvoice.settings import load_settings

    settings = load_settings(config)
    with opened(choices) as store, _bar() as progress:
        done = rejudge_all(store, settings, report_language=report_language, progress=progress)
    _print(done)
    sys.exit(int(bool(done.without_facts)))


@contextmanager
def _bar() -> Iterator[Callable[[int, int], None]]:
    """A bar in calls on stderr; silent where that is no terminal."""
    from rich.progress import Progress

    screen = console(stderr=True)
    with Progress(console=screen, transient=True, disable=not screen.is_terminal) as bar:
        task = bar.add_task("judging calls", total=1)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _print(done: Rejudged) -> None:
    click.echo(f"{done.n_calls} calls judged again, {done.changes.total()} verdicts changed")
    for (mistake, before, after), n in sorted(done.changes.items()):
        click.echo(f"  {mistake:18} {before} → {after}: {n}")
    if done.without_facts:
        say(
            f"{len(done.without_facts)} calls keep their old verdicts: their stored facts are gone"
            " or damaged. `callvoice batch` with the same --config analyses them again:"
        )
    for source in done.without_facts[:_SHOWN]:
        say(f"  {printable(source)}")
    if len(done.without_facts) > _SHOWN:
        say(f"  … and {len(done.without_facts) - _SHOWN} more")
