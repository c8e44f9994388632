"""Words, numbers and times of the HTML page in the report's language.

The words are the section "page" of the catalogues.
"""

from __future__ import annotations

from dataclasses import dataclass

from callvoice.report.catalogue import catalogue


@dataclass(frozen=True)
class PageWords:
    """Says things in one language. Undefined values (None) are said as a dash."""

    language: str

    def __call__(self, key: str, **values: object) -> str:
        """The text of ``key`` with its ``{placeholders}`` filled. Raises KeyError."""
        return catalogue(self.language).text("page", key).format(**values)

    def or_else(self, key: str, otherwise: str) -> str:
        """The text of ``key`` where there is one."""
        known = catalogue(self.language).known("page", key)
        return otherwise if known is None else known

    def many(self, key: str, number: int) -> str:
        """The text of ``key`` in the form that goes with ``number``."""
        return catalogue(self.language).counted("page", key, number)

    def number(self, value: float | None, digits: int = 1) -> str:
        """A number with the language's decimal mark and thousands mark."""
        if value is None:
            return self("none")
        plain = f"{value:,.{digits}f}".replace("-", "−")
        return plain.translate(_GERMAN_MARKS) if self.language == "de" else plain

    def share(self, value: float | None) -> str:
        """A share 0…1 in percent."""
        return self.with_unit(value, "share")

    def with_unit(self, value: float | None, unit: str | None, digits: int | None = None) -> str:
        """A number followed by its unit. Shares are said in percent, counts without a unit."""
        if value is None:
            return self("none")
        if unit == "share":
            value, unit = value * 100, "%"
        said = self.number(value, _digits(value) if digits is None else digits)
        return (
            said if unit in (None, "count") else f"{said}\u00a0{self.or_else(f'unit.{unit}', unit)}"
        )

    def clock(self, seconds: float) -> str:
        """A place in the recording, such as 1:05 or 1:02:05 (whole seconds passed)."""
        minutes, rest = divmod(int(seconds), 60)
        hours, minutes = divmod(minutes, 60)
        return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


_GERMAN_MARKS = str.maketrans(",.", ".,")


def _digits(value: float) -> int:
    """Counts are said whole, all else with one digit, small values with two."""
    if float(value).is_integer():
        return 0
    return 1 if abs(value) >= 1 else 2
