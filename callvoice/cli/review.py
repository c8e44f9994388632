"""``callvoice review``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from callvoice.cli.common import FILE, say
from callvoice.cli.stored import opened, store_options
from callvoice.errors import printable


@click.command()
@click.argument("labels", type=FILE)
@store_options
def review(labels: Path, **choices: Any) -> None:
    """Keep people's LABELS beside the calls of a store.

    \b
    Examples:
      callvoice review labels.csv --workspace DIR
      callvoice export --workspace DIR --table reviews --format csv -o reviews.csv

    LABELS is a table as `callvoice calibrate` reads it: call, mistake, verdict (yes, no, unsure)
    and reviewer. Reviews stay when a call is analysed again, and go when it is purged; what a
    person says again takes the place of what they said. Initials do for a name.
    """
    from callvoice.calibrate.labels import read_labels
    from callvoice.store.reviews import Review, keep

    said = [
        Review(row.call.removeprefix("'"), row.mistake, row.verdict, row.reviewer)
        for row in read_labels(labels).rows
    ]
    with opened(choices) as store:
        kept = keep(store, said)
    say(f"{kept.n_kept} reviews kept.")
    if kept.unknown:
        more = ", …" if len(kept.unknown) > 5 else ""
        names = ", ".join(map(printable, kept.unknown[:5])) + more
        say(f"{len(kept.unknown)} calls are not in this store, or not clearly: {names}.")
