"""``callvoice show``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from callvoice.cli.common import console
from callvoice.cli.stored import opened, store_options, the_call
from callvoice.errors import printable

if TYPE_CHECKING:
    from callvoice.store.show import Shown


@click.command()
@click.argument("call")
@store_options
@click.option("--json", "as_json", is_flag=True, help="Print all that is stored of it as JSON.")
def show(call: str, as_json: bool, **choices: Any) -> None:
    """Print what the store holds of one CALL: its id, the beginning of it, or its file name.

    \b
    Examples:
      callvoice show 277cb6d9 --workspace DIR
      callvoice show vorwurf.flac --workspace DIR --json

    Numbers that name somebody are masked (#) and agents have a pseudonym, as they are stored.
    """
    from callvoice.store.show import show as show_call

    with opened(choices) as store:
        call_id = the_call(store, call)
        shown = show_call(store, call_id)
        report = store.report(call_id)
    if shown is None:  # removed by another process a moment ago
        raise click.UsageError(f"no call {call!r} any more.")
    if as_json or report is None:
        _print_json(shown)
        return
    from callvoice.report.terminal import print_report

    screen = console()
    screen.print(printable(_heading(shown)))
    print_report(report, screen)


def _heading(shown: Shown) -> str:
    """Where the call belongs, in one line."""
    row = shown.call
    known = (row["call_id"], row["day"], row["queue"], row["agent"], row["model"])
    tried = f"{len(shown.failures)} failed attempts" if shown.failures else None
    reviews = f"{len(shown.reviews)} reviews" if shown.reviews else None
    return " · ".join(str(value) for value in (*known, tried, reviews) if value is not None)


def _print_json(shown: Shown) -> None:
    import msgspec

    click.echo(msgspec.json.format(msgspec.json.encode(shown), indent=2))
