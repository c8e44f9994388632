"""``callvoice export``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

from callvoice.cli.common import say
from callvoice.cli.outputs import prepare
from callvoice.cli.stored import opened, scope_of, scope_options, store_options

if TYPE_CHECKING:
    from callvoice.store.export import Format

_SUFFIXES: dict[str, Format] = {".parquet": "parquet", ".csv": "csv", ".jsonl": "jsonl"}
_TABLES = (
    "summary",
    "calls",
    "measures",
    "verdicts",
    "findings",
    "strengths",
    "turns",
    "reviews",
)


@click.command()
@store_options
@click.option(
    "--format",
    "form",
    type=click.Choice(["parquet", "csv", "jsonl", "vcon"]),
    help="vcon: one container a call (draft-ietf-vcon-vcon-core-04), without the sound."
    "  [default: as --output ends, else parquet]",
)
@click.option(
    "--table",
    type=click.Choice(_TABLES),
    default="summary",
    show_default=True,
    help="summary: one row a call, with the agent's measures and every verdict.",
)
@click.option(
    "--output",
    "-o",
    metavar="PATH|-",
    help="A file, - for stdout (csv, jsonl); for vcon a folder.  [default: TABLE.FORMAT, or vcon/]",
)
@scope_options
def export(form: Format | None, table: str, output: str | None, **choices: Any) -> None:
    """Write what the store holds into a file for other programs.

    \b
    Examples:
      callvoice export --workspace DIR                               summary.parquet
      callvoice export --workspace DIR --since 7d -o week.csv
      callvoice export --workspace DIR --format csv --table findings --queue Retoure
      callvoice export --workspace DIR --format vcon -o containers

    Every column is explained in docs/store.md; units are in the names. Agents have a pseudonym,
    numbers that name somebody are masked.
    """
    from callvoice.store.export import export as export_table

    form = _form(form, output)
    target = _target(output, form, table)
    with opened(choices) as store:
        scope = scope_of(choices)
        count = export_table(store, target, form=form, table=table, scope=scope)
    where = target if isinstance(target, Path) else "stdout"
    say(f"{count} {'calls' if form == 'vcon' else 'rows'} written to {where}.")


def _form(asked: Format | None, output: str | None) -> Format:
    """As asked for, or as the name of the file ends; the two must not contradict each other."""
    suffix = Path(output or "").suffix
    if asked == "vcon" or not suffix or Path(output or "").is_dir():
        return asked or "parquet"
    told = _SUFFIXES.get(suffix.lower())
    if told is None:
        known = ", ".join(_SUFFIXES)
        raise click.UsageError(f"{suffix} is no form that can be written; known are {known}.")
    if asked not in (None, told):
        raise click.UsageError(f"a file in {suffix} would hold {asked}: change one of the two.")
    return told


def _target(output: str | None, form: Format, table: str) -> Path | IO[bytes]:
    """Where to write; checked before anything is read."""
    if output == "-":
        if form in ("parquet", "vcon"):
            raise click.UsageError(f"{form} cannot go to stdout; name a path with --output.")
        return sys.stdout.buffer
    path = Path(output or ("vcon" if form == "vcon" else f"{table}.{form}"))
    if form != "vcon" and path.is_dir():
        path = path / f"{table}.{form}"
    prepare(path, folder=form == "vcon")
    return path
