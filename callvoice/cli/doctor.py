"""``callvoice doctor``."""

from __future__ import annotations

import sys
from typing import Any

import click

from callvoice.cli.stored import opened, store_options
from callvoice.errors import printable

_SIGNS = {"ok": "✓", "warning": "!", "error": "✗"}
_CODES = """\b
Exit codes:
  0  well, or warnings only
  1  something is wrong
  2  usage error, or the store cannot be opened"""


@click.command(epilog=_CODES)
@store_options
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a check.")
def doctor(as_json: bool, **choices: Any) -> None:
    """Check a store: tables, journal, permissions, room, models, tasks, database, artefacts.

    \b
    Example:
      callvoice doctor --workspace DIR

    Each line says what was found; where something is not well, the next says what to do. Nothing
    is changed.
    """
    import msgspec

    from callvoice.store.doctor import doctor as examine

    worst = 0
    with opened(choices) as store:
        for check in examine(store):
            worst |= check.state == "error"
            if as_json:
                click.echo(msgspec.json.encode(check))
                continue
            click.echo(printable(f"{_SIGNS[check.state]} {check.name}: {check.found}"))
            if check.advice:
                click.echo(printable(f"    → {check.advice}"))
    sys.exit(worst)
