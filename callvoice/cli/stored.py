"""What the commands on a store share: which store, which calls."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from callvoice.store import Store
    from callvoice.store.scope import Scope

    _ParamType = click.ParamType[date]
else:
    _ParamType = click.ParamType

_Command = TypeVar("_Command", bound=Callable[..., Any])
_AGO = re.compile(r"(\d+)([dwmy])")
_DAYS = {"d": 1, "w": 7, "m": 30, "y": 365}


class DayType(_ParamType):
    """A day, ``2026-11-22``, or so long ago: ``90d``, ``12w``, ``6m`` (of 30 days), ``2y``."""

    name = "DAY"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """Parse it, or say what is allowed."""
        if isinstance(value, date):
            return value
        try:
            ago = _AGO.fullmatch(value)
            if ago:
                return date.today() - timedelta(days=int(ago[1]) * _DAYS[ago[2]])
            return date.fromisoformat(value)
        except (ValueError, OverflowError):
            self.fail(f"{value!r} is no day: write 2026-11-22, or 90d, 12w, 6m, 2y ago", param, ctx)


DAY = DayType()


def store_options(command: _Command) -> _Command:
    """``--workspace`` and ``--store``."""
    command = click.option(
        "--store",
        "address",
        envvar="CALLVOICE_STORE",
        metavar="URL",
        help="A team's store: postgresql+psycopg://user@host/database.  [env: CALLVOICE_STORE]",
    )(command)
    return click.option(
        "--workspace",
        envvar="CALLVOICE_WORKSPACE",
        type=click.Path(path_type=Path),
        metavar="DIR",
        help="The folder that `callvoice batch` filled.  [env: CALLVOICE_WORKSPACE]",
    )(command)


def scope_options(command: _Command) -> _Command:
    """``--since``, ``--until`` and ``--queue``."""
    for name, told in (
        ("queue", "Only calls of this queue."),
        ("until", "Only calls to this day, itself included."),
        ("since", "Only calls from this day on: 2026-11-02, or 7d, 4w, 6m ago."),
    ):
        kind = None if name == "queue" else DAY
        command = click.option(f"--{name}", type=kind, help=told)(command)
    return command


def opened(choices: dict[str, Any]) -> Store:
    """The store that the options name.

    Raises:
        StoreUnavailable: there is none, or it cannot be opened.
    """
    from callvoice.store import open_store

    workspace, address = choices["workspace"], choices["address"]
    if address:
        return open_store(address, otherwise=workspace and workspace / "artefacts")
    if workspace is None:
        raise click.UsageError("name the store: --workspace DIR or --store URL.")
    return open_store(workspace, create=False)


def scope_of(choices: dict[str, Any]) -> Scope:
    """The calls that the options name."""
    from callvoice.store.scope import Scope

    return Scope(choices["since"], choices["until"], choices["queue"])


def the_call(store: Store, name: str) -> str:
    """The one call that ``name`` means.

    Raises:
        UsageError: none, or several.
    """
    from callvoice.store.scope import find

    found = find(store, name)
    if len(found) == 1:
        return found[0]
    if not found:
        raise click.UsageError(
            f"no call {name!r} in {store.name}. A call is named by its id, the beginning of it, or"
            " its file name: callvoice export --table calls --format csv lists them."
        )
    raise click.UsageError(f"{name!r} may be any of: {', '.join(found)}. Name one of these.")
