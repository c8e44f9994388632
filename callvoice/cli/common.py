"""What all commands share: file arguments, messages on stderr, the terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import click

from callvoice.errors import CallvoiceError, printable

if TYPE_CHECKING:
    from rich.console import Console

    from callvoice.ingest.raw import RawFormat
    from callvoice.ingest.recognise import Progress
    from callvoice.ingest.source import Source

    _ParamType = click.ParamType[RawFormat]
else:
    _ParamType = click.ParamType  # takes no parameter before click 8.5

_Command = TypeVar("_Command", bound=Callable[..., Any])
AgentChoice = Literal["left", "right", "auto"]

# Existence and permissions are checked where a file is opened: one place, one kind of message.
FILE = click.Path(path_type=Path, readable=False, allow_dash=True)

EXIT_CODES = """\b
Exit codes:
  0    analysed
  2    usage error or unreadable input
  3    nothing to analyse (no samples, no speech)
  130  interrupted
With several files, all are tried; 2 comes before 3."""


class Interrupted(BaseException):
    """Ctrl-C. Like KeyboardInterrupt, no ``except Exception`` of a library stops it."""


class RawType(_ParamType):
    """``RATE,FORMAT,CHANNELS`` of samples without a header."""

    name = "RATE,FORMAT,CHANNELS"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> RawFormat:
        """Parse it, or say what is allowed."""
        from callvoice.ingest.raw import RawFormat

        try:
            return value if isinstance(value, RawFormat) else RawFormat.parse(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


raw_option = click.option(
    "--raw",
    type=RawType(),
    help="Read samples without a header, for example 8000,alaw,2. Formats: s8 u8 s16le s16be s24le"
    " s32le f32le alaw ulaw.",
)


def language_options(command: _Command) -> _Command:
    """``--language`` of the calls and ``--report-language``."""
    command = click.option(
        "--report-language",
        type=click.Choice(["de", "en"]),
        help="Language of the reports.  [default: each call's]",
    )(command)
    return click.option(
        "--language",
        type=click.Choice(["de", "en", "auto"]),
        default="auto",
        show_default=True,
        help="Language of the calls, where no manifest says it.",
    )(command)


config_option = click.option(
    "--config",
    type=FILE,
    help="A callvoice.toml with your own limits and phrases, and a calibration.",
)


def model_options(command: _Command) -> _Command:
    """``--model``, ``--device`` and ``--compute-type``: which speech model hears, and where."""
    command = click.option(
        "--compute-type",
        default="int8",
        show_default=True,
        help="Number type of the model, for example float16 on a GPU.",
    )(command)
    command = click.option(
        "--device",
        default="cpu",
        show_default=True,
        help="Where the model runs: cpu, cuda, cuda:1, auto.",
    )(command)
    return click.option(
        "--model",
        default="base",
        show_default=True,
        metavar="NAME|PATH",
        help="The speech model (see: callvoice models list).",
    )(command)


def leg_options(command: _Command) -> _Command:
    """``--agent-file`` and ``--caller-file``: one file for each party."""
    for name, whose in (("caller", "caller's"), ("agent", "agent's")):
        command = click.option(
            f"--{name}-file",
            type=FILE,
            help=f"The {whose} leg where each party has a file of its own.",
        )(command)
    return command


def sources(calls: Sequence[Path], choices: dict[str, Any]) -> list[Source]:
    """The recordings that arguments and options name."""
    from callvoice.ingest.source import Source

    agent, caller, raw = choices["agent_file"], choices["caller_file"], choices["raw"]
    if bool(agent) != bool(caller):
        raise click.UsageError("--agent-file and --caller-file belong together; name both.")
    if agent and calls:
        raise click.UsageError("name either CALLS or the two files of one call, not both.")
    if agent:
        return [Source(agent, caller, raw)]
    if not calls:
        raise click.UsageError("Missing argument 'CALLS...'.")
    return [Source(call, raw=raw) for call in calls]


def say(message: str) -> None:
    """One line on stderr."""
    click.echo(f"callvoice: {message}", err=True)


def complain(error: CallvoiceError) -> None:
    """An error as one line, with its slug."""
    say(f"error [{error.slug}]: {printable(str(error))}")


def note(source: str, notes: Sequence[str]) -> None:
    """What had to be mended in the input, on stderr."""
    from callvoice.report.texts import load_texts

    for slug in notes:
        say(f"note [{slug}]: {printable(source)}: {load_texts('en').note[slug]}")


def console(*, stderr: bool = False) -> Console:
    """A terminal that prints text from calls as it is, without markup."""
    from rich.console import Console

    return Console(stderr=stderr, highlight=False, markup=False, emoji=False)


def status(message: str) -> Any:
    """A spinner on a terminal, nothing in a log."""
    return console(stderr=True).status(message) if sys.stderr.isatty() else nullcontext()


@contextmanager
def progress_bar(name: str) -> Iterator[Progress]:
    """A bar in seconds of speech on stderr; silent where that is no terminal."""
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.completed:.0f}/{task.total:.0f} s"),
        TimeRemainingColumn(),
    )
    screen = console(stderr=True)
    with Progress(*columns, console=screen, transient=True, disable=not screen.is_terminal) as bar:
        task = bar.add_task(name, total=1.0)
        yield lambda done, total: bar.update(task, completed=done, total=total)
