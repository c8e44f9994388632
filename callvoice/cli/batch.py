"""``callvoice batch``."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import takewhile
from types import FrameType
from typing import TYPE_CHECKING, Any

import click

from callvoice.cli.batching import Request
from callvoice.cli.common import (
    FILE,
    Interrupted,
    config_option,
    language_options,
    model_options,
    say,
)
from callvoice.errors import printable

if TYPE_CHECKING:
    from callvoice.batch.discover import Discovered, Found
    from callvoice.batch.key import Recipe
    from callvoice.batch.run import Batch
    from callvoice.batch.summary import Summary
    from callvoice.store import Run

_EXIT_CODES = """\b
Exit codes:
  0    all analysed
  1    some failed, or a mistake of --fail-on was found
  2    usage error, no store, no space, no model
  130  interrupted; the same command goes on"""


@click.command(epilog=_EXIT_CODES)
@click.argument("paths", nargs=-1)
@click.option(
    "--workspace",
    envvar="CALLVOICE_WORKSPACE",
    type=FILE,
    required=True,
    help="Folder for results; made if needed.  [env: CALLVOICE_WORKSPACE]",
)
@click.option(
    "--store",
    envvar="CALLVOICE_STORE",
    metavar="URL",
    help="Keep results in this database instead of the workspace: postgresql+psycopg://…"
    "  [env: CALLVOICE_STORE]",
)
@click.option(
    "--artefacts",
    metavar="PLACE",
    help="Folder or URL for the files of calls.  [default: artefacts/ in the workspace]",
)
@click.option("--workers", type=click.IntRange(1), help="Processes at work.  [default: one a core]")
@click.option(
    "--threads", type=click.IntRange(1), help="Threads of a worker.  [default: cores / workers]"
)
@click.option(
    "--engine",
    type=click.Choice(["local", "ray"]),
    default="local",
    show_default=True,
    help="local: processes of this machine. ray: the machines of a Ray cluster.",
)
@click.option(
    "--address",
    default="auto",
    show_default=True,
    metavar="HOST:PORT",
    help="Where the Ray cluster is; auto: the one that this machine belongs to.",
)
@click.option(
    "--gpu-workers",
    type=click.IntRange(1),
    metavar="N",
    help="With --engine ray --device cuda: recognisers, one GPU each.  [default: all GPUs]",
)
@model_options
@language_options
@config_option
@click.option(
    "--transcripts",
    is_flag=True,
    help="Use NAME.transcript.json beside a recording instead of recognition.",
)
@click.option("--sample", type=click.IntRange(1), metavar="N", help="Only N calls of each agent.")
@click.option("--seed", type=int, default=0, show_default=True, help="Which ones --sample draws.")
@click.option("--limit", type=click.IntRange(1), metavar="N", help="Stop after N calls.")
@click.option("--dry-run", is_flag=True, help="Only say what would be done, and how long it takes.")
@click.option("--watch", is_flag=True, help="Go on with what is put there, until Ctrl-C.")
@click.option(
    "--retry-failed", is_flag=True, help="Try failed calls again; PATHS may then be left out."
)
@click.option("--retry-set-aside", is_flag=True, help="Also those set aside after three attempts.")
@click.option(
    "--fail-on",
    multiple=True,
    metavar="MISTAKE",
    help="Exit with 1 if this mistake is found in a call; 'any' for all. May be repeated.",
)
@click.option(
    "--progress",
    "progress_form",
    type=click.Choice(["auto", "json", "none"]),
    default="auto",
    show_default=True,
    help="json: events as JSON lines on stdout, the summary among them.",
)
@click.option(
    "--time-limit",
    type=click.FloatRange(min=0, min_open=True),
    default=60.0,
    show_default=True,
    metavar="SECONDS",
    help="What a call may take, beside three times its length.",
)
@click.option(
    "--memory-limit",
    type=click.IntRange(1),
    metavar="MB",
    help="What a worker may take.  [default: its share of 80 % of the machine's memory]",
)
def batch(paths: tuple[str, ...], **choices: Any) -> None:
    """Analyse all recordings at PATHS into a workspace, and go on where an earlier run ended.

    \b
    PATHS are files, folders, globs in quotes, manifests (CSV), or URLs (s3://, gs://, az://,
    sftp://). Examples:
      callvoice batch recordings/ --workspace qa
      callvoice export --workspace qa --format parquet -o calls.parquet
      callvoice batch calls.csv --workspace qa --sample 5 --seed 18
      callvoice batch recordings/ --workspace qa --dry-run
      callvoice batch drop/ --workspace qa --watch

    Stop it, kill it, pull the plug: the next run goes on, and no call is analysed twice. A call
    that fails is a row; the rest goes on. See docs/batch.md.
    """
    again = choices["retry_failed"] or choices["retry_set_aside"]
    if not paths and not again:
        raise click.UsageError("Missing argument 'PATHS...'.")
    _check_mistakes(choices["fail_on"])
    request = Request(paths, choices)
    if choices["dry_run"]:
        _dry_run(request)
        return
    sys.exit(_run(request, again=again))


def _check_mistakes(names: tuple[str, ...]) -> None:
    from callvoice.mistakes import JUDGES

    known = [*(name for name, _ in JUDGES), "any"]
    for name in names:
        if name not in known:
            raise click.UsageError(f"unknown mistake '{name}'. Known: {', '.join(known)}.")


def _dry_run(request: Request) -> None:
    import msgspec

    from callvoice.batch.plan import in_lines, plan

    found = request.discover()
    exists = request.choices["store"] or (request.workspace / "callvoice.db").is_file()
    store = request.open_store(create=False) if exists else None
    planned = plan(
        found.found,
        request.recipe(),
        store=store,
        workspace=request.workspace,
        n_workers=request.n_workers,
        n_without_consent=found.n_without_consent,
    )
    if request.choices["progress_form"] == "json":
        click.echo(msgspec.json.encode(planned))
        return
    for line in in_lines(planned, request.n_workers):
        click.echo(line)


def _run(request: Request, *, again: bool) -> int:
    from callvoice.batch import summary, survey
    from callvoice.batch.progress import screen_for
    from callvoice.batch.run import Batch

    recipe, found = request.recipe(), request.discover()
    form = request.choices["progress_form"]
    if request.choices["watch"] and form != "none":
        say(f"watching {', '.join(map(printable, request.paths))}; Ctrl-C ends it.")
    screen = screen_for(form)
    with closing(screen), request.joined(), request.open_store() as store:
        if again:
            store.retry_failed(recipe=recipe.name, poison=request.choices["retry_set_aside"])
        number = store.start_run(_record(request, recipe))
        running = Batch(store, recipe, request.options(), screen, request.workspace)
        with _stopping(running):
            state = running.run(_supply(request, found, running))
        tally = survey.tally(store, list(running.keys))
        end = summary.Summary(tally, state, found.n_without_consent, request.retry_command())
        store.end_run(number, end.as_fields())
    _print(end, as_json=form == "json")
    if running.stop:
        raise Interrupted
    return int(bool(tally.failures) or _is_found(tally.verdicts, request.choices["fail_on"]))


def _record(request: Request, recipe: Recipe) -> Run:
    from callvoice.store import Run

    options = {"model": recipe.model, "n_workers": request.n_workers, "paths": list(request.paths)}
    return Run(recipe.name, options)


def _supply(request: Request, found: Discovered, running: Batch) -> Iterator[Found | None]:
    from callvoice.batch import survey
    from callvoice.batch.watch import watched

    def look() -> tuple[Found, ...]:
        now = request.discover()
        survey.drop_refused(running.store, now.refused)
        return now.found

    survey.drop_refused(running.store, found.refused)
    if not request.choices["watch"]:
        return iter(found.found)
    return takewhile(lambda _: not running.limit_is_met, watched(look))


@contextmanager
def _stopping(running: Batch) -> Iterator[None]:
    """The first Ctrl-C (or SIGTERM) ends the run in order, a second at once."""

    def ask(signum: int, frame: FrameType | None) -> None:
        if running.stop:
            raise Interrupted
        running.stop = True

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _print(end: Summary, *, as_json: bool) -> None:
    if as_json:
        from callvoice.batch.progress import JsonLines

        JsonLines().event("summary", end.as_fields())
        return
    for line in end.in_lines():
        click.echo(line)


def _is_found(verdicts: dict[str, dict[str, int]], names: tuple[str, ...]) -> bool:
    wanted = verdicts if "any" in names else names
    return bool(names) and any(verdicts.get(name, {}).get("found") for name in wanted)
