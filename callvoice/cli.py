"""The command line: parse, one call into the pipeline, print, exit code. Decides nothing."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

import callvoice
from callvoice.errors import CallvoiceError, CannotWrite

if TYPE_CHECKING:
    from rich.console import Console

    from callvoice.ingest.recognise import Progress, Recogniser
    from callvoice.pipeline import Analysis, AnalysisOptions

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


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and leave with its exit code."""
    _tolerant(sys.stdout)
    _tolerant(sys.stderr)
    try:
        code = cli.main(arguments, prog_name="callvoice", standalone_mode=False)
        sys.stdout.flush()
    except click.exceptions.Exit as leave:
        code = leave.exit_code
    except click.Abort:
        _say("interrupted; outputs already written are whole.")
        code = 130
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except CallvoiceError as error:
        _complain(error)
        code = error.exit_code
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        _silence_stdout()
        code = 0
    except OSError as error:
        _silence_stdout()
        _complain(CannotWrite(f"cannot write the output: {error.strerror or error}."))
        code = CannotWrite.exit_code
    sys.exit(code if isinstance(code, int) else 0)


def _silence_stdout() -> None:
    """Keep the interpreter from failing once more when it flushes at its end."""
    import os

    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _tolerant(stream: Any) -> None:
    """Print what the terminal's encoding lacks as an escape instead of failing on it."""
    if hasattr(stream, "reconfigure"):
        stream.reconfigure(errors="backslashreplace")


def _say(message: str) -> None:
    click.echo(f"callvoice: {message}", err=True)


def _complain(error: CallvoiceError) -> None:
    _say(f"error [{error.slug}]: {error}")


def _note(source: str, notes: Sequence[str]) -> None:
    """What had to be mended in the input, on stderr."""
    from callvoice.report.texts import load_texts

    for note in notes:
        _say(f"note [{note}]: {source}: {load_texts('en').note[note]}")


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(callvoice.__version__, prog_name="callvoice")
def cli() -> None:
    """Hear how an agent spoke in a support call, and which of the eight phone mistakes are in it.

    \b
    Examples:
      callvoice analyze call.wav                       report in the terminal
      callvoice analyze call.wav --html report.html    a page that plays every finding
      callvoice analyze *.flac --json results/         one JSON report a call
      callvoice explain too_fast                       what a mistake means, its limits
      callvoice measure call.wav                       speech, pauses, pitch, without words

    Everything runs on this machine. Nothing is uploaded; nothing is downloaded unless you say
    `callvoice models pull`. Results name what can be heard, never what anybody felt.
    """


# --- analyze -------------------------------------------------------------------------------------


@cli.command(epilog=EXIT_CODES)
@click.argument("calls", nargs=-1, required=True, type=FILE)
@click.option(
    "--json",
    "json_path",
    metavar="PATH|-",
    help="Write the report as JSON; - for stdout (then without the terminal report). With several"
    " calls: a folder, or - for one object a line.",
)
@click.option(
    "--html",
    "html_path",
    metavar="PATH",
    help="Write a self-contained page with the sound. With several calls: a folder.",
)
@click.option(
    "--agent",
    type=click.Choice(["left", "right", "auto"]),
    default="auto",
    show_default=True,
    help="The agent's channel.",
)
@click.option(
    "--language",
    type=click.Choice(["de", "en", "auto"]),
    default="auto",
    show_default=True,
    help="The call's language.",
)
@click.option(
    "--report-language",
    type=click.Choice(["de", "en"]),
    help="Language of the report.  [default: the call's]",
)
@click.option(
    "--model",
    default="base",
    show_default=True,
    metavar="NAME|PATH",
    help="The speech model (see: callvoice models list).",
)
@click.option(
    "--transcript",
    type=FILE,
    help="Use this transcript instead of recognition.",
)
@click.option(
    "--config",
    type=FILE,
    help="A callvoice.toml with your own limits and phrases.",
)
def analyze(calls: tuple[Path, ...], **choices: Any) -> None:
    """Analyse recorded CALLS and print a report on each.

    \b
    A call has one channel per party (best) or one for both. Examples:
      callvoice analyze call.wav
      callvoice analyze call.wav --agent right --language de --html report.html
      callvoice analyze call.wav --transcript call.transcript.json --json -
      callvoice analyze monday/*.wav --json results --html results
    """
    if choices["transcript"] and len(calls) > 1:
        raise click.UsageError("--transcript belongs to one call; name a single recording.")
    options = _analysis_options(choices)
    outputs = _Outputs(choices["json_path"], choices["html_path"], several=len(calls) > 1)
    from callvoice.ingest.recognise import Recogniser

    recogniser = Recogniser(choices["model"])
    codes = [_analyze_one(call, recogniser, options, outputs) for call in calls]
    sys.exit(2 if 2 in codes else max(codes))


def _analysis_options(choices: dict[str, Any]) -> AnalysisOptions:
    from callvoice.pipeline import AnalysisOptions
    from callvoice.settings import load_settings

    return AnalysisOptions(
        agent=choices["agent"],
        language=None if choices["language"] == "auto" else choices["language"],
        transcript=choices["transcript"],
        report_language=choices["report_language"],
        settings=load_settings(choices["config"]),
    )


def _analyze_one(
    call: Path,
    recogniser: Recogniser,
    options: AnalysisOptions,
    outputs: _Outputs,
) -> int:
    """Analyse and write one call; its exit code."""
    from callvoice.ingest.decode import printable
    from callvoice.pipeline import analyze as analyze_call

    try:
        with _progress_bar(printable(Path(call.name))) as progress:
            analysis = analyze_call(call, recogniser, options=options, progress=progress)
        _note(analysis.report.call.source, analysis.report.call.notes)
        outputs.write(call, analysis)
    except CannotWrite:
        raise  # the next call would meet the same
    except CallvoiceError as error:
        _complain(error)
        return error.exit_code
    return 0


class _Outputs:
    """Where reports go. Checked before the first call is analysed, so that no work is lost."""

    def __init__(self, json_path: str | None, html_path: str | None, *, several: bool) -> None:
        self.to_stdout = json_path == "-"
        self.json = Path(json_path) if json_path and not self.to_stdout else None
        self.html = Path(html_path) if html_path else None
        self.several = several
        for target in (self.json, self.html):
            if target is not None:
                _prepare(target, folder=several)

    def write(self, call: Path, analysis: Analysis) -> None:
        import msgspec

        data = msgspec.json.encode(analysis.report)
        pretty = msgspec.json.format(data, indent=2) + b"\n"
        if self.html is not None:
            from callvoice.report.html import render_html

            page = render_html(analysis.report, analysis.audio, tracks=analysis.tracks)
            write_atomically(self._target(self.html, call, ".html"), page.encode())
        if self.json is not None:
            write_atomically(self._target(self.json, call, ".json"), pretty)
        if self.to_stdout:
            click.echo(data if self.several else pretty, nl=self.several)
        else:
            from callvoice.report.terminal import print_report

            print_report(analysis.report, _console())

    def _target(self, path: Path, call: Path, suffix: str) -> Path:
        return path / (call.name + suffix) if self.several or path.is_dir() else path


def _prepare(target: Path, *, folder: bool) -> None:
    directory = target if folder else target.parent
    try:
        if folder:
            directory.mkdir(parents=True, exist_ok=True)
        elif not directory.is_dir():
            raise CannotWrite(f"the folder {directory} does not exist: create it first.")
        import tempfile

        tempfile.TemporaryFile(dir=directory).close()
    except OSError as error:
        raise CannotWrite(
            f"cannot write to {directory}: {error.strerror or error}. Name another place."
        ) from error


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file whole or not at all.

    Raises:
        CannotWrite: no permission, no space.
    """
    import tempfile

    scratch: Path | None = None
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".callvoice-", delete=False) as f:
            scratch = Path(f.name)
            f.write(data)
        scratch.chmod(0o644)
        scratch.replace(path)
    except OSError as error:
        raise CannotWrite(
            f"cannot write {path}: {error.strerror or error}. Name another place, or make room."
        ) from error
    finally:
        if scratch is not None:
            scratch.unlink(missing_ok=True)


# --- single stages -------------------------------------------------------------------------------


@cli.command(epilog=EXIT_CODES)
@click.argument("call", type=FILE)
@click.option("--json", "json_path", default="-", show_default=True, metavar="PATH|-")
@click.option(
    "--agent", type=click.Choice(["left", "right", "auto"]), default="auto", show_default=True
)
@click.option(
    "--tracks",
    "tracks_path",
    type=FILE,
    metavar="OUT.npz",
    help="Also write the frame arrays f0_hz (NaN: unvoiced), level_db and speech,"
    " each [n_channels, n_frames], and hop_s; frame i is centred at i * hop_s.",
)
def measure(call: Path, json_path: str, agent: AgentChoice, tracks_path: Path | None) -> None:
    """Measure speech, pauses, turn-taking and prosody of a CALL, without words.

    \b
    Units are in the names: _s seconds, _hz hertz, _st semitones, _db decibels (full scale),
    _syll_s syllables a second. An undefined value is null.
      callvoice measure call.wav --tracks frames.npz
    """
    import msgspec

    from callvoice.pipeline import measure as measure_call

    target = None if json_path == "-" else Path(json_path)
    for path in filter(None, (target, tracks_path)):
        _prepare(path, folder=False)
    with _status(f"measuring {call.name} …"):
        measurement, tracks = measure_call(call, agent=agent)
    _note(measurement.source, measurement.notes)
    if tracks_path is not None:
        write_atomically(tracks_path, _npz(tracks))
    _emit(msgspec.json.format(msgspec.json.encode(measurement), indent=2) + b"\n", target)


def _npz(tracks: Sequence[Any]) -> bytes:
    import io

    import numpy as np

    buffer = io.BytesIO()
    arrays: dict[str, Any] = {
        name: np.stack([getattr(track, name) for track in tracks])
        for name in ("f0_hz", "level_db", "speech", "strength")
    }
    np.savez_compressed(buffer, hop_s=np.float64(tracks[0].hop_s), **arrays)
    return buffer.getvalue()


@cli.command(epilog=EXIT_CODES)
@click.argument("turns", type=FILE)
@click.option("--json", "json_path", default="-", show_default=True, metavar="PATH|-")
@click.option("--language", type=click.Choice(["de", "en"]), default="de", show_default=True)
@click.option("--config", type=FILE, help="A callvoice.toml.")
def text(turns: Path, json_path: str, language: str, config: Path | None) -> None:
    """Find greetings and phrases in TURNS: one JSON object a line, - for stdin.

    \b
    In:   {"role": "agent", "text": "…"}   optional: start_s, end_s, words
          a blank line begins the next conversation
    Out:  each line with "classes", "labels" and "hits" added, then {"greeting": …}
    """
    from callvoice.ingest.given import read_bytes
    from callvoice.pipeline import text_lines
    from callvoice.settings import load_settings

    target = None if json_path == "-" else Path(json_path)
    if target:
        _prepare(target, folder=False)
    content = sys.stdin.buffer.read() if str(turns) == "-" else read_bytes(turns)
    settings = load_settings(config)
    lines = text_lines(content, source=turns.name, language=language, settings=settings)
    _emit(b"".join(line + b"\n" for line in lines), target)


def _emit(data: bytes, target: Path | None) -> None:
    if target is None:
        click.echo(data, nl=False)
    else:
        write_atomically(target, data)


# --- explanations and models ---------------------------------------------------------------------


@cli.command()
@click.argument("mistake", required=False)
@click.option("--language", type=click.Choice(["de", "en"]), default="de", show_default=True)
@click.option("--config", type=FILE, help="A callvoice.toml.")
def explain(mistake: str | None, language: Literal["de", "en"], config: Path | None) -> None:
    """Print what a MISTAKE is, how it is measured, and the limits in force (all eight without)."""
    from callvoice.mistakes import JUDGES
    from callvoice.report.cards import print_card
    from callvoice.settings import load_settings

    names = [name for name, _ in JUDGES]
    chosen = _chosen(mistake, names)
    settings = load_settings(config)
    for name in chosen:
        print_card(names.index(name) + 1, name, settings, language, _console())


def _chosen(mistake: str | None, names: list[Any]) -> list[Any]:
    if mistake is None:
        return names
    if mistake.isdigit() and 1 <= int(mistake) <= len(names):
        return [names[int(mistake) - 1]]
    if mistake not in names:
        raise click.UsageError(f"unknown mistake '{mistake}'. Known: {', '.join(names)}, or 1–8.")
    return [mistake]


@cli.command()
def schema() -> None:
    """Print the JSON Schema of the report."""
    import msgspec

    from callvoice.types import FORMAT_VERSION, Report

    described = msgspec.json.schema(Report)
    described["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    described["title"] = f"callvoice report, format {FORMAT_VERSION}"
    click.echo(msgspec.json.format(msgspec.json.encode(described), indent=2))


@cli.group()
def models() -> None:
    """List, verify and fetch speech models."""


@models.command("list")
def list_models() -> None:
    """List the known models and whether they are on this machine."""
    from callvoice.ingest import models as known

    entries = known.manifest()
    for name, here in known.installed().items():
        state = "installed" if here else "not here"
        click.echo(f"{name:18} {state:10} {entries[name].licence:8} {entries[name].repository}")


@models.command("verify")
@click.argument("names", nargs=-1)
def verify_models(names: tuple[str, ...]) -> None:
    """Compare the weights of NAMES (default: all installed) with their checksums."""
    from callvoice.ingest import models as known

    for name in names or tuple(n for n, here in known.installed().items() if here):
        with _status(f"reading {name} …"):
            checksum = known.verify(name)
        click.echo(f"{name}: ok (sha256 {checksum})")


@models.command("pull")
@click.argument("name")
def pull_model(name: str) -> None:
    """Download the model NAME. The only command that uses the network."""
    from callvoice.ingest import models as known

    with _status(f"fetching {name} …"):
        model = known.pull(name)
    click.echo(f"{name}: ready in {model.path}")


# --- terminal ------------------------------------------------------------------------------------


def _console(*, stderr: bool = False) -> Console:
    from rich.console import Console

    return Console(stderr=stderr, highlight=False, markup=False, emoji=False)


def _status(message: str) -> Any:
    """A spinner on a terminal, nothing in a log."""
    return _console(stderr=True).status(message) if sys.stderr.isatty() else nullcontext()


@contextmanager
def _progress_bar(name: str) -> Iterator[Progress]:
    """A bar in seconds of speech on stderr; silent where that is no terminal."""
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.completed:.0f}/{task.total:.0f} s"),
        TimeRemainingColumn(),
    )
    console = _console(stderr=True)
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        task = bar.add_task(name, total=1.0)
        yield lambda done, total: bar.update(task, completed=done, total=total)
