"""``callvoice baseline``: what is usual for an agent, kept under a pseudonym."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from callvoice.cli.common import FILE

_Command = TypeVar("_Command", bound=Callable[..., Any])


def _of_agent(command: _Command) -> _Command:
    command = click.option(
        "--baseline", "folder", type=FILE, required=True, help="The folder of baselines."
    )(command)
    return click.option("--agent-id", required=True, metavar="NAME", help="The agent's pseudonym.")(
        command
    )


@click.group()
def baseline() -> None:
    """Keep, show and delete what is usual for an agent.

    \b
    A baseline is a few numbers of each call (rate, melody, pauses, gaps, effort) under a digest of
    a pseudonym: no sound, no words, no name. With ten earlier calls or more, reports also say how
    this call compares with them. `callvoice analyze` keeps it up by itself:
      callvoice analyze call.wav --agent-id k7 --baseline baselines
      callvoice baseline add results/ --agent-id k7 --baseline baselines
      callvoice baseline show --agent-id k7 --baseline baselines
      callvoice baseline delete --agent-id k7 --baseline baselines
    """


@baseline.command()
@click.argument("results", nargs=-1, required=True, type=FILE)
@_of_agent
@click.option("--config", type=FILE, help="A callvoice.toml: how much material a call needs.")
def add(results: tuple[Path, ...], agent_id: str, folder: Path, config: Path | None) -> None:
    """Add earlier calls of one agent: RESULTS are JSON reports, files or folders."""
    from callvoice.baseline import Store, measures_of
    from callvoice.calibrate.results import read_results
    from callvoice.settings import load_settings

    material = load_settings(config).limits["material"]
    store = Store(folder, agent_id)
    measured = {r.id: measures_of(r.facts, material) for r in read_results(results)}
    kept = {call: values for call, values in measured.items() if values}
    n_calls = store.add(kept)
    click.echo(
        f"added {len(kept)} of {len(measured)} calls (the others have too little speech of the"
        f" agent, or too noisy a line); {n_calls} in all."
    )


@baseline.command()
@_of_agent
def show(agent_id: str, folder: Path) -> None:
    """Print what is usual for one agent: the median of each measure over all calls."""
    from statistics import median

    from callvoice.baseline import NEEDED, Store, names

    calls = list(Store(folder, agent_id).usual().calls.values())
    click.echo(f"{len(calls)} calls (comparison from {NEEDED} on)")
    for name in names():
        values = [call[name] for call in calls if name in call]
        if values:
            click.echo(
                f"  {name:24} {median(values):8.3f}  ({min(values):.3f} to {max(values):.3f})"
            )


@baseline.command()
@_of_agent
def delete(agent_id: str, folder: Path) -> None:
    """Forget one agent: all that was kept is deleted."""
    from callvoice.baseline import Store

    known = Store(folder, agent_id).delete()
    click.echo("deleted." if known else "nothing was kept under this pseudonym.")
