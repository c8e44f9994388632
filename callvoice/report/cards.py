"""A mistake's card: what it is, how it is measured, what that cannot tell, the limits in force."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from callvoice.report.texts import Language, Texts, load_texts, source, unit
from callvoice.settings import Settings
from callvoice.types import MistakeId


def print_card(
    number: int, mistake: MistakeId, settings: Settings, language: Language, console: Console
) -> None:
    """Print the card of one mistake."""
    texts = load_texts(language)
    card = texts.mistake[mistake]
    console.print(Text(f"{number} · {card.title}  ({mistake})", style="bold"))
    for label, text in (
        ("definition", card.definition),
        ("measured", card.measured),
        ("cannot_tell", card.cannot_tell),
        ("advice", card.advice),
    ):
        line = Text(f"  {texts.card[label]}: ", style="cyan")
        console.print(line.append(text, style="default"))
    console.print(_limits(mistake, settings, texts, language))
    console.print()


def _limits(mistake: MistakeId, settings: Settings, texts: Texts, language: Language) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 2), header_style="cyan")
    table.add_column(texts.card["limit"], no_wrap=True)
    table.add_column("", justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    table.add_column(texts.card["source"])
    for name, limit in settings.limits[mistake].items():
        said = unit(limit.unit, language), source(limit.source, language)
        # Names and numbers as callvoice.toml takes them, in either language.
        table.add_row(name, f"{limit.value:g}", *said, style="default")
    return table
