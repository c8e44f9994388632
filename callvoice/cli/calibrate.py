"""``callvoice calibrate``."""

from __future__ import annotations

from pathlib import Path

import click

from callvoice.cli.common import FILE, say
from callvoice.cli.outputs import emit, prepare, write_atomically
from callvoice.errors import printable

_HELP_CODES = """\b
Exit codes:
  0  done
  2  usage error, unreadable or unusable labels or results"""


@click.command(epilog=_HELP_CODES)
@click.argument("labels", type=FILE)
@click.argument("results", nargs=-1, type=FILE)
@click.option(
    "--template",
    "as_template",
    is_flag=True,
    help="Print an empty table for reviewers instead; then all arguments are RESULTS.",
)
@click.option(
    "-o",
    "--output",
    type=FILE,
    help="Where to write the calibration (or the template).  [default: only print]",
)
@click.option("--config", type=FILE, help="The callvoice.toml whose limits are in force.")
def calibrate(
    labels: Path,
    results: tuple[Path, ...],
    as_template: bool,
    output: Path | None,
    config: Path | None,
) -> None:
    """Learn from people's LABELS what the scores of RESULTS should mean.

    \b
    1. Make a table and let two or more people fill in verdict (yes, no, unsure) and reviewer,
       each in rows of their own; put the tables together into one file:
         callvoice calibrate --template results/ -o labels.csv
    2. Compare. RESULTS are JSON reports of `callvoice analyze`, files or folders:
         callvoice calibrate labels.csv results/ -o calibration.json
    3. Put it in force, if you like what you read, by one line in callvoice.toml:
         calibration = "calibration.json"

    LABELS is a CSV with the columns call, mistake, verdict, reviewer and, if you can, agent (any
    pseudonym): figures are given for agents that were not learned from. `call` is the name of the
    recording, of its report, or its id. Nothing changes unless a configuration names the result.
    See docs/calibration.md.
    """
    if output is not None:
        prepare(output, folder=False)
    if as_template:
        _template((labels, *results), output, config)
        return
    if not results:
        raise click.UsageError("Missing argument 'RESULTS...': name reports or their folder.")
    _calibrate(labels, results, output, config)


def _template(paths: tuple[Path, ...], output: Path | None, config: Path | None) -> None:
    from callvoice.calibrate.labels import template
    from callvoice.calibrate.results import read_results
    from callvoice.settings import load_settings

    emit(template(read_results(paths), load_settings(config)).encode(errors="replace"), output)


def _calibrate(
    labels_path: Path, paths: tuple[Path, ...], output: Path | None, config: Path | None
) -> None:
    from datetime import datetime

    from callvoice.calibrate.labels import read_labels
    from callvoice.calibrate.outcome import calibration_file, limits_section, summary
    from callvoice.calibrate.results import read_results
    from callvoice.calibrate.study import study
    from callvoice.settings import load_settings

    labels, settings = read_labels(labels_path), load_settings(config)
    found = study(labels, read_results(paths), settings)
    click.echo("\n".join(map(printable, summary(found))))
    if suggested := limits_section(found):
        click.echo(f"\nEither the calibration, or these limits in callvoice.toml:\n\n{suggested}")
    if output is None:
        return
    today = datetime.now().astimezone().date()
    write_atomically(output, calibration_file(found, labels, settings, on=today))
    say(f'wrote {output}. In force only where callvoice.toml says: calibration = "{output.name}"')
