"""The report for a terminal: readable in a minute, strengths first."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from callvoice.report.texts import Texts, load_texts, number, unsure
from callvoice.types import ChannelMeasures, Finding, Mistake, Report

_SHOWN = 3  # findings a mistake; the rest are in the other reports
_MARK = {"found": ("●", "bold red"), "clear": ("✓", "green"), "not_assessable": ("–", "dim")}


def print_report(report: Report, console: Console) -> None:
    """Print a report. All text from the call is printed as it is, without markup."""
    console.print(Group(*_parts(report)), soft_wrap=False)


def clock(seconds: float) -> str:
    """A place in the call, as players show it."""
    return f"{int(seconds // 60)}:{int(seconds % 60):02d}"


def _harmless(text: str) -> str:
    """Words of a call without control characters: these could steer the terminal."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def _parts(report: Report) -> Iterator[RenderableType]:
    texts = load_texts(report.report_language)
    yield from _heading(report, texts)
    yield from _strengths(report, texts)
    yield from _own(report, texts)
    yield Text(f"\n{texts.terminal['mistakes']}", style="bold")
    for mistake in report.mistakes:
        yield from _mistake(mistake, report, texts)
    yield Text(f"\n{texts.terminal['measures']}", style="bold")
    yield Padding(_measures(report, texts), (0, 0, 0, 2))
    for line in _about_the_words(report, texts):
        yield Text(f"  {line}", style="dim")
    yield Text(f"\n{texts.terminal['footer']}", style="dim")


def _about_the_words(report: Report, texts: Texts) -> Iterator[str]:
    """What heard the words, how far they can be trusted, and what is no speech."""
    made, words = report.provenance, texts.terminal
    if made.recogniser and made.improbable_share is not None:
        share = number(100 * made.improbable_share, 0, report.report_language)
        yield words["heard_by"].format(model=made.recogniser, share=share)
    if dropped := sum(passage.n_words for passage in made.dropped):
        yield words["dropped"].format(count=dropped)
    for party in (report.measures.agent, report.measures.caller):
        if party is not None and party.music_or_tone:
            spans = ", ".join(
                f"{clock(span.start_s)}–{clock(span.end_s)}" for span in party.music_or_tone
            )
            yield words["music_or_tone"].format(party=words[party.role or "agent"], spans=spans)


def _heading(report: Report, texts: Texts) -> Iterator[RenderableType]:
    call = report.call
    words = texts.terminal
    yield Text(
        f"{words['heading']} {call.source} · {clock(call.duration_s)} · {call.language}",
        style="bold",
    )
    if call.roles:
        yield Text(
            words["roles" if call.n_channels > 1 else "one_channel_roles"].format(
                agent=call.roles["agent"] + 1,
                caller=call.roles["caller"] + 1,
                confidence=texts.confidence[call.roles_confidence or "low"],
            ),
            style="dim",
        )
    else:
        yield Text(words["one_channel"], style="yellow")
    if call.leg_offset_s is not None:
        offset = number(call.leg_offset_s, 2, report.report_language)
        yield Text(words["leg_offset"].format(offset=offset), style="dim")
    for note in call.notes:
        yield Text(texts.note[note], style="yellow")


def _strengths(report: Report, texts: Texts) -> Iterator[RenderableType]:
    yield Text(f"\n{texts.terminal['strengths']}", style="bold green")
    if not report.strengths:
        yield Text(f"  {texts.terminal['no_strengths']}", style="dim")
    for finding in report.strengths[:_SHOWN]:
        yield from _finding(finding, texts)


def _own(report: Report, texts: Texts) -> Iterator[RenderableType]:
    """The agent's self-assessment beside what was measured, if there is one."""
    own = report.self_assessment
    if own is None:
        return
    words = texts.terminal
    yield Text(f"\n{words['own']}", style="bold")
    for question, answer in own.texts:
        yield Padding(Text(_harmless(question), style="dim"), (0, 0, 0, 2))
        yield Padding(Text(_harmless(answer)), (0, 0, 0, 4))
    table = Table(box=None, padding=(0, 2, 0, 0), show_edge=False)
    for title in ("", words["own_rating"], words["own_measured"]):
        table.add_column(title)
    for mistake in report.mistakes:
        if mistake.id in own.ratings:
            rating = words["own_of_five"].format(rating=own.ratings[mistake.id])
            table.add_row(_title(mistake, report), rating, texts.status[mistake.status])
    yield Padding(table, (0, 0, 0, 2))


def _title(mistake: Mistake, report: Report) -> str:
    return mistake.title.de if report.report_language == "de" else mistake.title.en


def _mistake(mistake: Mistake, report: Report, texts: Texts) -> Iterator[RenderableType]:
    mark, style = _MARK[mistake.status]
    line = Text(f" {mark} {mistake.number} ", style=style)
    line.append(_title(mistake, report), style="bold" if mistake.status == "found" else "")
    line.append(f"  {texts.status[mistake.status]}", style=style)
    if mistake.score is not None:
        score = number(mistake.score, 2, report.report_language)
        sure = texts.confidence[mistake.confidence]
        line.append(
            f"  {texts.terminal['score']} {score}, {texts.terminal['confidence']} {sure}",
            style="dim",
        )
    yield line
    if mistake.reason:
        yield Padding(Text(mistake.reason, style="dim"), (0, 0, 0, 5))
    for finding in mistake.findings[:_SHOWN]:
        yield from _finding(finding, texts)
    hidden = len(mistake.findings) - _SHOWN
    if hidden > 0:
        yield Padding(Text(texts.terminal["more"].format(count=hidden), style="dim"), (0, 0, 0, 5))
    if mistake.status == "found":
        yield Padding(Text(f"→ {mistake.advice}", style="italic"), (0, 0, 0, 5))


def _finding(finding: Finding, texts: Texts) -> Iterator[RenderableType]:
    place = (
        texts.terminal["whole_call"]
        if finding.start_s is None
        else f"{clock(finding.start_s)}–{clock(finding.end_s or finding.start_s)}"
    )
    line = Text(f"{place}  ", style="cyan")
    line.append(finding.explanation, style="default")
    yield Padding(line, (0, 0, 0, 5))
    if finding.quote:
        quote = texts.terminal["quote"].format(quote=_harmless(finding.quote))
        doubt = f" ({texts.terminal['unsure']})" if unsure(finding) else ""
        yield Padding(Text(quote + doubt, style="italic dim"), (0, 0, 0, 7))
    if finding.better:
        better = texts.terminal["better"].format(better=finding.better)
        yield Padding(Text(better, style="dim"), (0, 0, 0, 7))


def _measures(report: Report, texts: Texts) -> Table:
    words = texts.terminal
    table = Table(box=None, padding=(0, 2, 0, 0), show_edge=False)
    table.add_column("")
    parties = [
        (words[role], party)
        for role, party in (("agent", report.measures.agent), ("caller", report.measures.caller))
        if party is not None
    ]
    for title, _ in parties:
        table.add_column(title, justify="right")
    rows = [
        ("speech", "speech_s", 0, " s"),
        ("rate", "text_rate_syll_s", 1, ""),
        ("rate_acoustic", "articulation_rate_syll_s", 1, ""),
        ("f0", "f0_median_hz", 0, " Hz"),
        ("spread", "f0_spread_st", 1, " st"),
        ("snr", "snr_db", 0, " dB"),
    ]
    for label, field, decimals, unit in rows:
        cells = (_cell(party, field, decimals, unit, report) for _, party in parties)
        table.add_row(words[label], *cells)
    return table


def _cell(party: ChannelMeasures, field: str, decimals: int, unit: str, report: Report) -> str:
    value: float | None = getattr(party, field)
    return "–" if value is None else number(value, decimals, report.report_language) + unit
