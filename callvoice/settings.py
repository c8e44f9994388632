"""Settings: packaged defaults, overlaid by a user's ``callvoice.toml``, frozen and typed.

``data/thresholds.toml`` holds every number that judges, each with unit and source. A house sets its
own values without repeating the rest::

    [limits.too_fast]
    rate_too_fast_syll_s = 6.2

    [text]
    lexicons = ["our-phrases.toml"]
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from callvoice.errors import InvalidSettings

Limits = Mapping[str, "Limit"]


class Limit(Struct, frozen=True, forbid_unknown_fields=True):
    """A judging number. ``scale`` is how far past ``value`` the score moves from 0.50 to 0.73."""

    value: float
    unit: str
    source: str
    scale: float = 1.0


class Settings(Struct, frozen=True):
    """All settings of one analysis. ``limits`` are grouped by mistake, plus ``material``."""

    limits: dict[str, dict[str, Limit]]
    lexicons: tuple[Path, ...] = ()

    def limits_of(self, mistake: str) -> Limits:
        """The limits in force for one mistake, with those on material that all share."""
        return {**self.limits["material"], **self.limits[mistake]}

    @property
    def digest(self) -> str:
        """16 hex digits that change whenever a limit or a lexicon's content does."""
        state = hashlib.sha256(msgspec.json.encode(self.limits, order="sorted"))
        for lexicon in self.lexicons:
            state.update(lexicon.read_bytes())
        return state.hexdigest()[:16]


class _TextSection(Struct, frozen=True, forbid_unknown_fields=True):
    lexicons: tuple[str, ...] = ()


class _ConfigFile(Struct, frozen=True, forbid_unknown_fields=True):
    limits: dict[str, dict[str, float]] = {}
    text: _TextSection = _TextSection()


def load_settings(config: Path | None = None) -> Settings:
    """Read the defaults and, if given, a configuration file on top of them.

    Raises:
        InvalidSettings: the file cannot be read, is not TOML, or has an unknown key or value.
    """
    defaults = _default_limits()
    if config is None:
        return Settings(limits=defaults)
    own = _read_config(config)
    return Settings(
        limits=_overlay(defaults, own.limits, config),
        lexicons=tuple(_lexicon(config, name) for name in own.text.lexicons),
    )


def _default_limits() -> dict[str, dict[str, Limit]]:
    text = resources.files("callvoice").joinpath("data/thresholds.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), dict[str, dict[str, Limit]])


def _read_config(path: Path) -> _ConfigFile:
    try:
        raw: dict[str, Any] = tomllib.loads(path.read_text("utf-8"))
        return msgspec.convert(raw, _ConfigFile)
    except OSError as error:
        raise InvalidSettings(f"cannot read the configuration {path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidSettings(f"{path} is not valid TOML: {error}") from error
    except msgspec.ValidationError as error:
        raise InvalidSettings(
            f"{path}: {error}. Known sections are [limits.<mistake>] and [text]."
        ) from error


def _overlay(
    defaults: dict[str, dict[str, Limit]], own: dict[str, dict[str, float]], path: Path
) -> dict[str, dict[str, Limit]]:
    merged = {section: dict(limits) for section, limits in defaults.items()}
    for section, values in own.items():
        limits = merged[_known(section, merged, path)]
        for name, value in values.items():
            limit = limits[_known(name, limits, path)]
            limits[name] = msgspec.structs.replace(limit, value=value, source=path.name)
    return merged


def _known(key: str, table: Mapping[str, object], path: Path) -> str:
    if key not in table:
        raise InvalidSettings(f"{path}: unknown limit '{key}'. Known here: {', '.join(table)}.")
    return key


def _lexicon(config: Path, name: str) -> Path:
    path = config.parent / name
    if not path.is_file():
        raise InvalidSettings(f"{config}: the lexicon {path} does not exist.")
    return path
