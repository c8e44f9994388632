"""``callvoice stats``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from callvoice.cli.common import console
from callvoice.cli.stored import opened, scope_of, scope_options, store_options

if TYPE_CHECKING:
    from callvoice.store.stats import Group

_NUMBERS = ("calls", "minutes", "found", "clear", "not_assessable")


@click.command()
@store_options
@click.option(
    "--by",
    default="mistake",
    show_default=True,
    metavar="A,B,…",
    help="Groups by any of mistake, queue, week, language, model, opening.",
)
@scope_options
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a group.")
def stats(by: str, as_json: bool, **choices: Any) -> None:
    """Count in how many calls each mistake was found.

    \b
    Examples:
      callvoice stats --workspace DIR
      callvoice stats --workspace DIR --by mistake,queue,week --since 8w
      callvoice stats --workspace DIR --by week
      callvoice stats --workspace DIR --by opening

    "found" and "clear" are calls; "not assessable" are those whose recording does not tell; the
    share is found among found and clear. Without "mistake" in --by, found counts calls with any.
    Groups of fewer than 5 calls are not shown: they say something about people and little about
    the work. There are no groups by agent. "opening" is a digest of the greeting's words: calls in
    one group were opened with the very same ones (callvoice export names the calls).
    """
    from callvoice.store import stats as questions

    dimensions = [name.strip() for name in by.split(",") if name.strip()]
    with opened(choices) as store:
        try:
            groups = questions.stats(store, dimensions, scope=scope_of(choices))
        except ValueError as error:
            raise click.UsageError(f"--by: {error}") from error
    if as_json:
        _print_json(groups)
    else:
        _print_table(groups, dimensions)


def _print_json(groups: Sequence[Group]) -> None:
    import msgspec

    for group in groups:
        fields = {name: getattr(group, name) for name in _NUMBERS}
        row = {**group.of, **fields, "found_share": group.found_share}
        click.echo(msgspec.json.encode(row))


def _print_table(groups: Sequence[Group], dimensions: Sequence[str]) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    for name in dimensions:
        table.add_column(name)
    for name in (*_NUMBERS, "share"):
        table.add_column(name.replace("_", " "), justify="right")
    shown = [group for group in groups if group.calls is not None]
    for group in shown:
        share = "–" if group.found_share is None else f"{group.found_share:.0%}"
        values = [group.of[name] or "–" for name in dimensions]
        numbers = [f"{getattr(group, name):g}" for name in _NUMBERS]
        table.add_row(*(Text(value) for value in values), *numbers, share)
    screen = console()
    screen.print(table if shown else "No group is large enough to be shown.")
    if len(shown) < len(groups):
        screen.print(f"{len(groups) - len(shown)} groups of fewer than 5 calls are not shown.")
