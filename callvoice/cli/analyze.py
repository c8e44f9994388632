"""``callvoice analyze``."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from callvoice.cli.common import (
    EXIT_CODES,
    FILE,
    complain,
    config_option,
    language_options,
    leg_options,
    model_options,
    note,
    progress_bar,
    raw_option,
    say,
    sources,
)
from callvoice.cli.outputs import Outputs
from callvoice.errors import CallvoiceError, CannotWrite

if TYPE_CHECKING:
    from callvoice.ingest.recognise import Recogniser
    from callvoice.ingest.source import Source
    from callvoice.pipeline import Analysis, AnalysisOptions


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
@language_options
@model_options
@click.option(
    "--decoder",
    type=click.Choice(["windows", "sequential"]),
    default="windows",
    show_default=True,
    help="How words are decoded: windows of speech in batches, or plain faster-whisper (slower; for"
    " comparison).",
)
@leg_options
@raw_option
@click.option(
    "--transcript",
    type=FILE,
    help="Use this transcript instead of recognition.",
)
@config_option
@click.option(
    "--agent-id",
    metavar="NAME",
    help="A pseudonym of the agent, to compare with their earlier calls; with --baseline.",
)
@click.option(
    "--baseline",
    "baseline_folder",
    type=FILE,
    metavar="FOLDER",
    help="Where the numbers of each agent's calls are kept (see: callvoice baseline --help).",
)
@click.option(
    "--self-assessment",
    type=FILE,
    help="The agent's own impression of the call, shown in the report.",
)
@click.option(
    "--self-assessment-template",
    is_flag=True,
    help="Print such a file to fill in, in --report-language, and end.",
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
      callvoice analyze call.wav --agent-id k7 --baseline baselines
      callvoice analyze --self-assessment-template > impression.toml
      callvoice analyze call.wav --self-assessment impression.toml

    Formats: WAV (PCM, A-law, µ-law, GSM, ADPCM), FLAC, Ogg, Opus, MP3, M4A, AMR, WMA, the sound of
    videos, vCon containers; - is standard input. See docs/formats.md.
    """
    if choices["self_assessment_template"]:
        _print_template(choices["report_language"] or "de")
        return
    recordings = sources(calls, choices)
    for option in ("transcript", "self_assessment"):
        if choices[option] and len(recordings) > 1:
            name = option.replace("_", "-")
            raise click.UsageError(f"--{name} belongs to one call; name a single recording.")
    options = _analysis_options(choices)
    own = _Own(choices, options)
    outputs = Outputs(choices["json_path"], choices["html_path"], several=len(recordings) > 1)
    recogniser = _recogniser(choices)
    codes = [_analyze_one(source, recogniser, own, outputs) for source in recordings]
    sys.exit(2 if 2 in codes else max(codes))


def _print_template(language: Literal["de", "en"]) -> None:
    from callvoice.calibrate.self_assessment import template

    click.echo(template(language), nl=False)


class _Own:
    """What belongs to the agent: earlier calls to compare with, and the own impression."""

    def __init__(self, choices: dict[str, Any], options: AnalysisOptions) -> None:
        from callvoice.baseline import Store
        from callvoice.calibrate.self_assessment import read_self_assessment

        agent_id, folder = choices["agent_id"], choices["baseline_folder"]
        if (agent_id is None) != (folder is None):
            raise click.UsageError("--agent-id and --baseline belong together; name both.")
        if agent_id is not None and not agent_id.strip():
            raise click.UsageError("--agent-id is empty; name a pseudonym.")
        impression = choices["self_assessment"]
        self._options = options
        self._store = Store(folder, agent_id) if agent_id else None
        self._impression = read_self_assessment(impression) if impression else None

    def options(self) -> AnalysisOptions:
        """The options of the next call: each is compared with all before it."""
        return replace(self._options, usual=self._store.usual() if self._store else None)

    def with_impression(self, analysis: Analysis) -> Analysis:
        """The analysis with the agent's own impression in its report."""
        from msgspec.structs import replace as changed

        report = changed(analysis.report, self_assessment=self._impression)
        return replace(analysis, report=report)

    def keep(self, analysis: Analysis) -> None:
        """Add the call to what is usual for the agent, and say so."""
        from callvoice.baseline import measures_of
        from callvoice.judging import facts_of

        if self._store is None:
            return
        material = self._options.settings.limits["material"]
        measured = measures_of(facts_of(analysis.report), material)
        if not measured:
            say("baseline: this call is not kept (too little speech of the agent, or noise).")
            return
        n_calls = self._store.add({analysis.report.call.id: measured})
        say(f"baseline: {n_calls} calls of this agent are kept.")


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
    own: _Own,
    outputs: Outputs,
) -> int:
    """Analyse and write one call; its exit code."""
    from callvoice.pipeline import analyze as analyze_call

    try:
        options = own.options()
        with progress_bar(source.name) as progress:
            analysis = analyze_call(source, recogniser, options=options, progress=progress)
        note(analysis.report.call.source, analysis.report.call.notes)
        outputs.write(source.name, own.with_impression(analysis), options.settings)
        own.keep(analysis)
    except CannotWrite:
        raise  # the next call would meet the same
    except CallvoiceError as error:
        complain(error)
        return error.exit_code
    return 0
