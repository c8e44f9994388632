"""``callvoice analyze``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from callvoice.cli.common import (
    EXIT_CODES,
    FILE,
    complain,
    leg_options,
    note,
    progress_bar,
    raw_option,
    sources,
)
from callvoice.cli.outputs import Outputs
from callvoice.errors import CallvoiceError, CannotWrite

if TYPE_CHECKING:
    from callvoice.ingest.recognise import Recogniser
    from callvoice.ingest.source import Source
    from callvoice.pipeline import AnalysisOptions


@click.command(epilog=EXIT_CODES)
@click.argument("calls", nargs=-1, type=FILE)
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
    "--decoder",
    type=click.Choice(["windows", "sequential"]),
    default="windows",
    show_default=True,
    help="How words are decoded: windows of speech in batches, or plain faster-whisper (slower; for"
    " comparison).",
)
@click.option(
    "--device",
    default="cpu",
    show_default=True,
    help="Where the model runs: cpu, cuda, cuda:1, auto.",
)
@click.option(
    "--compute-type",
    default="int8",
    show_default=True,
    help="Number type of the model, for example float16 on a GPU.",
)
@leg_options
@raw_option
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
      callvoice analyze --agent-file agent.wav --caller-file caller.wav
      recorder | callvoice analyze - --raw 8000,alaw,2

    Formats: WAV (PCM, A-law, µ-law, GSM, ADPCM), FLAC, Ogg, Opus, MP3, M4A, AMR, WMA, the sound of
    videos, vCon containers; - is standard input. See docs/formats.md.
    """
    recordings = sources(calls, choices)
    if choices["transcript"] and len(recordings) > 1:
        raise click.UsageError("--transcript belongs to one call; name a single recording.")
    options = _analysis_options(choices)
    outputs = Outputs(choices["json_path"], choices["html_path"], several=len(recordings) > 1)
    recogniser = _recogniser(choices)
    codes = [_analyze_one(source, recogniser, options, outputs) for source in recordings]
    sys.exit(2 if 2 in codes else max(codes))


def _recogniser(choices: dict[str, Any]) -> Recogniser:
    from callvoice.ingest.recognise import Recogniser, RecogniserOptions

    wanted = ("decoder", "device", "compute_type")
    options = RecogniserOptions(**{name: choices[name] for name in wanted})
    return Recogniser(choices["model"], options=options)


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
    source: Source,
    recogniser: Recogniser,
    options: AnalysisOptions,
    outputs: Outputs,
) -> int:
    """Analyse and write one call; its exit code."""
    from callvoice.pipeline import analyze as analyze_call

    try:
        with progress_bar(source.name) as progress:
            analysis = analyze_call(source, recogniser, options=options, progress=progress)
        note(analysis.report.call.source, analysis.report.call.notes)
        outputs.write(source.name, analysis)
    except CannotWrite:
        raise  # the next call would meet the same
    except CallvoiceError as error:
        complain(error)
        return error.exit_code
    return 0
