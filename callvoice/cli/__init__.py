"""The command line: parse, one call into the pipeline, print, exit code. Decides nothing."""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence
from typing import Any

import click

import callvoice
from callvoice.cli.analyze import analyze
from callvoice.cli.baseline import baseline
from callvoice.cli.batch import batch
from callvoice.cli.calibrate import calibrate
from callvoice.cli.common import Interrupted, complain, say
from callvoice.cli.doctor import doctor
from callvoice.cli.export import export
from callvoice.cli.info import explain, models, schema
from callvoice.cli.judge import judge
from callvoice.cli.purge import purge
from callvoice.cli.rejudge import rejudge
from callvoice.cli.review import review
from callvoice.cli.show import show
from callvoice.cli.stages import measure, text
from callvoice.cli.stats import stats
from callvoice.errors import CallvoiceError, CannotWrite


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and leave with its exit code."""
    _tolerant(sys.stdout)
    _tolerant(sys.stderr)
    try:
        code = cli.main(arguments, prog_name="callvoice", standalone_mode=False)
        sys.stdout.flush()
    except click.exceptions.Exit as leave:
        code = leave.exit_code
    except (click.Abort, Interrupted):
        # Threads of the decoder may need a moment to end; a second Ctrl-C must not break that off.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        say("interrupted; outputs already written are whole.")
        code = 130
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except CallvoiceError as error:
        complain(error)
        code = error.exit_code
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        _silence_stdout()
        code = 0
    except OSError as error:
        _silence_stdout()
        complain(CannotWrite(f"cannot write the output: {error.strerror or error}."))
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
      callvoice judge results/ --config own.toml       other limits, without the sound
      callvoice calibrate labels.csv results/          what people say to the scores
      callvoice measure call.wav                       speech, pauses, pitch, without words

    Everything runs on this machine. Nothing is uploaded; nothing is downloaded unless you say
    `callvoice models pull`. Results name what can be heard, never what anybody felt.
    """


for command in (analyze, judge, calibrate, baseline, measure, text, explain, schema, models):
    cli.add_command(command)
# many calls, on a store
for command in (batch, rejudge, stats, show, export, review, purge, doctor):
    cli.add_command(command)
