"""``callvoice explain``, ``schema`` and ``models``."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import click

from callvoice.cli.common import FILE, console, status


@click.command()
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
        print_card(names.index(name) + 1, name, settings, language, console())


def _chosen(mistake: str | None, names: list[Any]) -> list[Any]:
    if mistake is None:
        return names
    if mistake.isdigit() and 1 <= int(mistake) <= len(names):
        return [names[int(mistake) - 1]]
    if mistake not in names:
        raise click.UsageError(f"unknown mistake '{mistake}'. Known: {', '.join(names)}, or 1–8.")
    return [mistake]


@click.command()
def schema() -> None:
    """Print the JSON Schema of the report."""
    import msgspec

    from callvoice.types import FORMAT_VERSION, Report

    described = msgspec.json.schema(Report)
    described["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    described["title"] = f"callvoice report, format {FORMAT_VERSION}"
    click.echo(msgspec.json.format(msgspec.json.encode(described), indent=2))


@click.group()
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
        with status(f"reading {name} …"):
            checksum = known.verify(name)
        click.echo(f"{name}: ok (sha256 {checksum})")


@models.command("pull")
@click.argument("name")
def pull_model(name: str) -> None:
    """Download the model NAME. The only command that uses the network."""
    from callvoice.ingest import models as known

    with status(f"fetching {name} …"):
        model = known.pull(name)
    click.echo(f"{name}: ready in {model.path}")
