"""``callvoice purge``."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from callvoice.cli.common import FILE, say
from callvoice.cli.outputs import emit, prepare
from callvoice.cli.stored import DAY, opened, store_options
from callvoice.errors import UnreadableInput, printable

if TYPE_CHECKING:
    from callvoice.store import Store
    from callvoice.store.purge import Choice, Proof

_CODES = """\b
Exit codes:
  0  removed (or nothing is old enough)
  1  something is left: say it again
  2  usage error, or an --agent or a --call matches nothing (what others match is removed)"""


@click.command(epilog=_CODES)
@store_options
@click.option("--before", "--older-than", type=DAY, help="Calls before this day: 2026-01-01, 90d.")
@click.option("--agent", "agents", multiple=True, help="Calls of this agent, name or pseudonym.")
@click.option("--call", "calls", multiple=True, help="This call: id, hash or file name.")
@click.option(
    "--objections",
    type=FILE,
    help="A list, one a line: agents, calls, or column=value of the manifest's further columns.",
)
@click.option("--dry-run", is_flag=True, help="Say what would go, and remove nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--proof", type=FILE, metavar="FILE|-", help="Write what was removed as JSON.")
def purge(dry_run: bool, yes: bool, proof: Path | None, **choices: Any) -> None:
    """Remove calls for good: rows, texts, artefacts; then check that nothing is left.

    \b
    Examples:
      callvoice purge --workspace DIR --older-than 90d
      callvoice purge --workspace DIR --agent "Anna Weiß" --dry-run
      callvoice purge --workspace DIR --objections objections.txt --yes --proof proof.json

    A name that matches nothing is said, and stands in the proof. Removed rows are overwritten and
    the database file is rebuilt. Recordings, exported files and backups are elsewhere and are not
    touched. A recording that still lies in a batch's folder is analysed again by the next batch.
    """
    from callvoice.batch.seen import forget
    from callvoice.store.purge import Choice
    from callvoice.store.purge import purge as remove

    objections = _objections(choices["objections"])
    choice = Choice(choices["before"], choices["agents"], choices["calls"], objections)
    if choice == Choice():
        raise click.UsageError("say what is to go: --before, --agent, --call or --objections.")
    if proof is not None and str(proof) != "-":
        prepare(proof, folder=False)
    with opened(choices) as store:
        unmatched = list(_unmatched(store, choice))
        for name in unmatched:
            say(f"nothing here matches {printable(name)}: check how it is spelt.")
        # A line of a list may be about somebody who never called; a name typed here is meant.
        is_wrong = any(name in (*choice.agents, *choice.calls) for name in unmatched)
        if dry_run:
            _list(store, choice)
            sys.exit(2 if is_wrong else 0)
        if not yes:
            _ask(store, choice)
        done = remove(store, choice)
        if store.workspace is not None and (done.calls or done.waiting):
            forget(store.workspace)
    _report(done, unmatched, proof)
    sys.exit(2 if is_wrong else int(not done.complete))


def _unmatched(store: Store, choice: Choice) -> Iterator[str]:
    """What was asked for by name and is neither a call here nor waits to become one."""
    from callvoice.store.purge import Choice, matching, n_waiting

    asked = [
        *((name, Choice(agents=(name,))) for name in choice.agents),
        *((name, Choice(calls=(name,))) for name in choice.calls),
        *((line, Choice(objections=(line,))) for line in choice.objections),
    ]
    for name, alone in asked:
        if not matching(store, alone) and not n_waiting(store, alone):
            yield name


def _list(store: Store, choice: Choice) -> None:
    from callvoice.store.purge import n_waiting, named

    found = named(store, choice)
    for call_id, day, source in found:
        click.echo(f"{call_id}  {day}  {printable(source)}")
    if not found:
        click.echo("nothing", err=True)
    say(f"{len(found)} calls would be removed.")
    if waiting := n_waiting(store, choice):
        say(f"{waiting} tasks without a result would be removed.")


def _objections(path: Path | None) -> tuple[str, ...]:
    from callvoice.store.purge import read_objections

    if path is None:
        return ()
    try:
        text = sys.stdin.read() if str(path) == "-" else path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadableInput(f"cannot read the list {printable(path)}: {error}.") from error
    return tuple(read_objections(text))


def _ask(store: Store, choice: Choice) -> None:
    from callvoice.store.purge import matching

    if not sys.stdin.isatty():
        raise click.UsageError("nobody can be asked here: look with --dry-run, then say --yes.")
    click.confirm(f"Remove {len(matching(store, choice))} calls for good?", abort=True, err=True)


def _report(done: Proof, unmatched: list[str], target: Path | None) -> None:
    rows = ", ".join(f"{count} {name}" for name, count in done.rows.items() if count) or "none"
    say(f"{len(done.calls)} calls removed: rows {rows}; {done.artefacts} artefacts.")
    if done.waiting:
        say(f"{done.waiting} tasks without a result removed.")
    if not done.complete:
        say(f"left: {done.left_rows} rows, {done.left_artefacts} artefacts.")
    elif done.rebuilt:
        say("checked: nothing of them is left, and the database has been rebuilt without them.")
    else:
        say("checked: no row is left. The database is in use and could not be rebuilt yet.")
    if target is not None:
        import msgspec

        told = {**msgspec.to_builtins(done), "unmatched": unmatched}
        data = msgspec.json.format(msgspec.json.encode(told), indent=2) + b"\n"
        emit(data, None if str(target) == "-" else target)
