"""The libraries in the page are the ones that the manifest names."""

from __future__ import annotations

import hashlib
import tomllib
from pathlib import Path

import callvoice
from callvoice.report import bundle

STATIC = Path(callvoice.__file__).parent / "report/static"
MANIFEST = tomllib.loads((STATIC / "manifest.toml").read_text("utf-8"))


def test_every_library_is_the_pinned_one() -> None:
    for name, entry in MANIFEST.items():
        assert hashlib.sha256((STATIC / name).read_bytes()).hexdigest() == entry["sha256"], name


def test_nothing_lies_beside_the_manifest() -> None:
    licences = {entry["licence_file"] for entry in MANIFEST.values()}
    assert {path.name for path in STATIC.iterdir()} == {"manifest.toml", *MANIFEST, *licences}


def test_each_licence_goes_with_its_library_into_the_page() -> None:
    assert "BSD 3-Clause License" in bundle.script()
    assert "The MIT License" in bundle.script()
    assert "The MIT License" in bundle.style(player=True)


def test_nothing_in_the_code_ends_its_element_early() -> None:
    assert "</script" not in bundle.script().lower()
    assert "<!--" not in bundle.script()
    assert "</style" not in bundle.style(player=True).lower()


def test_the_page_without_a_player_carries_no_libraries() -> None:
    assert "u-wrap" in bundle.style(player=True)
    assert "u-wrap" not in bundle.style(player=False)
