"""The terminal report beside the page: what a self-assessment adds to it."""

from __future__ import annotations

import io

from factories import make_report
from rich.console import Console

from callvoice.report.terminal import print_report
from callvoice.types import SelfAssessment


def printed(own: SelfAssessment | None) -> str:
    screen = io.StringIO()
    report = make_report(self_assessment=own)
    print_report(report, Console(file=screen, width=120, highlight=False, markup=False))
    return screen.getvalue()


def test_the_self_assessment_stands_before_the_mistakes_beside_what_was_measured() -> None:
    text = printed(SelfAssessment({"impatient": 4}, (("Was lief gut?", "[bold]Viel\x1b[2J"),)))
    own = text[text.index("Eigene Einschätzung") : text.index("Die acht Fehler")]
    assert "[bold]Viel�[2J" in own
    row = next(line for line in own.splitlines() if "Stimme klingt ungeduldig" in line)
    assert "4 von 5" in row
    assert "gefunden" in row
    assert "Stimme klingt tonlos" not in own


def test_without_one_nothing_is_said_of_it() -> None:
    assert "Eigene Einschätzung" not in printed(None)
