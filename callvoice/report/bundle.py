"""Style sheet and script of the page: our own and the pinned libraries of ``static/``, in one text.

Each library keeps its licence in front of it; ``static/manifest.toml`` says where it comes from.
"""

from __future__ import annotations

import base64
import hashlib
import tomllib
from functools import cache
from importlib import resources

from markupsafe import Markup


def read(name: str) -> str:
    """A text file of the report's, line ends as on Unix."""
    source = resources.files("callvoice").joinpath(f"report/{name}")
    return source.read_text("utf-8").replace("\r\n", "\n")


@cache
def style(*, player: bool) -> Markup:
    """The page's style sheet; charts need theirs only beside a player."""
    own = read("templates/report.css")
    return Markup("\n".join([*_libraries(".css"), own]) if player else own)  # noqa: S704 our files


@cache
def script() -> Markup:
    """The page's script."""
    return Markup("\n".join([*_libraries(".js"), read("templates/report.js")]))  # noqa: S704


def sha256_base64(text: str) -> str:
    """A text's checksum as a Content Security Policy writes it."""
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _libraries(suffix: str) -> list[str]:
    manifest = tomllib.loads(read("static/manifest.toml"))
    return [
        f"/*! {entry['package']} {entry['version']}\n{read('static/' + entry['licence_file'])}*/\n"
        + read(f"static/{name}")
        for name, entry in manifest.items()
        if name.endswith(suffix)
    ]
