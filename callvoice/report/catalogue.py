"""The gettext catalogues under ``locale/``: one per language, read with the standard library.

A text is found by its context (a section, such as "finding") and a key within it; a context such
as "mistake.toneless" stands for a table within a table. Sources of limits are the one section
whose keys are whole sentences, in English, as they stand in ``data/thresholds.toml``.
"""

from __future__ import annotations

from functools import cache
from gettext import GNUTranslations
from importlib import resources
from typing import Any

_END_OF_CONTEXT = "\x04"  # what gettext writes between a context and its key


class Catalogue(GNUTranslations):
    """One language's texts. Unlike gettext's own lookups, a missing key is an error."""

    _catalog: dict[Any, str]  # gettext's table; its documented methods cannot list the keys

    def text(self, context: str, key: str) -> str:
        """The text of a key. Raises KeyError."""
        return self._catalog[f"{context}{_END_OF_CONTEXT}{key}"]

    def known(self, context: str, key: str) -> str | None:
        """The text of a key, None where there is none."""
        return self._catalog.get(f"{context}{_END_OF_CONTEXT}{key}")

    def counted(self, context: str, key: str, number: int) -> str:
        """The form of a key's text that goes with a number, the number filled in."""
        return self.npgettext(context, key, key, number).format(number=number)

    def tables(self) -> dict[str, Any]:
        """All texts as nested tables, contexts split at their dots."""
        root: dict[str, Any] = {}
        for where, text in self._catalog.items():
            if isinstance(where, str) and _END_OF_CONTEXT in where:
                context, key = where.split(_END_OF_CONTEXT)
                table = root
                for part in context.split("."):
                    table = table.setdefault(part, {})
                table[key] = text
        return root


@cache
def catalogue(language: str) -> Catalogue:
    """The catalogue of "de" or "en"."""
    file = resources.files("callvoice").joinpath(f"locale/{language}/LC_MESSAGES/callvoice.mo")
    with file.open("rb") as compiled:
        return Catalogue(compiled)
