"""Settings: packaged defaults, overlaid by a user's ``callvoice.toml``, frozen and typed.

``data/thresholds.toml`` holds every number that judges, each with unit and source, and
``data/optional_limits.toml`` those that are off unless a configuration sets them. A house sets its
own values without repeating the rest, and names a calibration by people if it has one::

    calibration = "calibration.json"

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
from itertools import pairwise
from math import exp, isfinite, log
from pathlib import Path
from typing import Any, Literal

import msgspec
from msgspec import Struct

from callvoice.errors import InvalidSettings, printable
from callvoice.types import MistakeId, Share

Limits = Mapping[str, "Limit"]
CALIBRATION_FORMAT = "1.0"

# What a value can be at all, by its unit: outside, nothing would ever or always be found, or the
# number is a slip of the pen (a share of 3, meant as percent). None: no upper end.
_RANGES: dict[str, tuple[float, float | None]] = {
    "share": (0.0, 1.0),
    "probability": (0.0, 1.0),
    "dB": (-60.0, 120.0),
    "st": (0.0, 48.0),
    "syll/s": (0.0, 20.0),
    "ratio": (0.0, 10.0),
    "turns": (1.0, None),
    "words": (1.0, None),
}
# A number that counts or divides: less than this leaves nothing to judge by.
_LEAST = {
    "observables": 1.0,
    "gaps": 1.0,
    "agent_speech_s": 0.1,
    "caller_speech_s": 0.1,
    "own_z": 1.0,
}


class Limit(Struct, frozen=True, forbid_unknown_fields=True):
    """A judging number. ``scale`` is how far past ``value`` the score moves from 0.50 to 0.73."""

    value: float
    unit: str
    source: str
    scale: float = 1.0


class ScoreMap(Struct, frozen=True, forbid_unknown_fields=True):
    """What a raw score means to listeners: a monotone mapping of 0…1 into 0…1.

    "logistic": 1 / (1 + exp(−(slope · logit(raw) + intercept))); "isotonic": straight lines between
    ``knots`` (raw, share), level beyond the outer ones. ``limits_digest`` names the limits that the
    raw scores were made with: with others the mapping means nothing.
    """

    method: Literal["logistic", "isotonic"]
    limits_digest: str
    slope: float = 1.0
    intercept: float = 0.0
    knots: tuple[tuple[Share, Share], ...] = ()

    def __post_init__(self) -> None:
        """A mapping that falls anywhere would turn the order of calls round."""
        if self.method == "logistic" and not (self.slope > 0 and isfinite(self.intercept)):
            raise ValueError("a logistic mapping needs a slope above 0")
        if self.method == "isotonic" and not _rising(self.knots):
            raise ValueError("the knots of an isotonic mapping must rise")

    def __call__(self, raw: float) -> float:
        """The share of listeners expected to agree, 0…1."""
        if self.method == "isotonic":
            return _between(self.knots, raw)
        z = self.slope * logit(raw) + self.intercept
        return 1.0 / (1.0 + exp(-max(min(z, 50.0), -50.0)))


class Calibration(Struct, frozen=True):
    """What people's labels say about scores, as ``callvoice calibrate`` writes it."""

    format_version: str
    date: str
    n_labels: int
    labels_digest: str
    maps: dict[MistakeId, ScoreMap]


class NamedCalibration(Struct, frozen=True):
    """A calibration in force. ``digest`` is of the whole file, 16 hex digits."""

    file: str
    digest: str
    content: Calibration


class Settings(Struct, frozen=True):
    """All settings of one analysis. ``limits`` are grouped by mistake, plus ``material``."""

    limits: dict[str, dict[str, Limit]]
    lexicons: tuple[Path, ...] = ()
    calibration: NamedCalibration | None = None

    def limits_of(self, mistake: str) -> Limits:
        """The limits in force for one mistake, with those on material that all share."""
        return {**self.limits["material"], **self.limits[mistake]}

    def limits_digest(self, mistake: str) -> str:
        """16 hex digits that change whenever a raw score of this mistake may change."""
        values = {
            name: (limit.value, limit.scale) for name, limit in self.limits_of(mistake).items()
        }
        return hashlib.sha256(msgspec.json.encode(values, order="sorted")).hexdigest()[:16]

    def score_map(self, mistake: MistakeId) -> ScoreMap | None:
        """The mapping of a mistake's scores, None where they stay raw."""
        return self.calibration.content.maps.get(mistake) if self.calibration else None

    @property
    def digest(self) -> str:
        """16 hex digits that change whenever a limit, a lexicon's content or the calibration do."""
        state = hashlib.sha256(msgspec.json.encode(self.limits, order="sorted"))
        for lexicon in self.lexicons:
            state.update(lexicon.read_bytes())
        if self.calibration:
            state.update(self.calibration.digest.encode())
        return state.hexdigest()[:16]


class _TextSection(Struct, frozen=True, forbid_unknown_fields=True):
    lexicons: tuple[str, ...] = ()


class _ConfigFile(Struct, frozen=True, forbid_unknown_fields=True):
    limits: dict[str, dict[str, float]] = {}
    text: _TextSection = _TextSection()
    calibration: str | None = None


def load_settings(config: Path | None = None) -> Settings:
    """Read the defaults and, if given, a configuration file on top of them.

    Raises:
        InvalidSettings: the file cannot be read, is not TOML, has an unknown key or a value that
            can be no limit, or the calibration it names does not fit.
    """
    defaults = _limits_in("thresholds.toml")
    if config is None:
        return Settings(limits=defaults)
    own = _read_config(config)
    settings = Settings(
        limits=_overlay(defaults, own.limits, config),
        lexicons=tuple(_lexicon(config, name) for name in own.text.lexicons),
    )
    if own.calibration is None:
        return settings
    named = _read_calibration(config.parent / own.calibration)
    _check_fit(named, settings, config)
    return msgspec.structs.replace(settings, calibration=named)


def logit(share: float) -> float:
    """ln(p / (1 − p)); scores have three digits, so 0 and 1 are taken for 0.0005 and 0.9995."""
    p = max(min(share, 0.9995), 0.0005)
    return log(p / (1 - p))


def _rising(knots: tuple[tuple[float, float], ...]) -> bool:
    return bool(knots) and all(a[0] < b[0] and a[1] <= b[1] for a, b in pairwise(knots))


def _between(knots: tuple[tuple[float, float], ...], raw: float) -> float:
    left = max((k for k in knots if k[0] <= raw), default=knots[0])
    right = min((k for k in knots if k[0] >= raw), default=knots[-1])
    if left[0] >= right[0]:
        return right[1]
    # Bounded by both ends: rounding must not carry a value out of 0…1 or turn an order round.
    share = left[1] + (right[1] - left[1]) * (raw - left[0]) / (right[0] - left[0])
    return min(max(share, left[1]), right[1])


def _limits_in(file: str) -> dict[str, dict[str, Limit]]:
    text = resources.files("callvoice").joinpath(f"data/{file}").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), dict[str, dict[str, Limit]])


def _read_config(path: Path) -> _ConfigFile:
    try:
        raw: dict[str, Any] = tomllib.loads(path.read_text("utf-8-sig"))
        return msgspec.convert(raw, _ConfigFile)
    except OSError as error:
        raise InvalidSettings(f"cannot read the configuration {path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidSettings(f"{path} is not valid TOML: {error}") from error
    except msgspec.ValidationError as error:
        raise InvalidSettings(
            f"{path}: {error}. Known are calibration, [limits.<mistake>] and [text]."
        ) from error


def _overlay(
    defaults: dict[str, dict[str, Limit]], own: dict[str, dict[str, float]], path: Path
) -> dict[str, dict[str, Limit]]:
    merged = {section: dict(limits) for section, limits in defaults.items()}
    optional = _limits_in("optional_limits.toml")
    for section, values in own.items():
        limits = merged[_known(section, merged, path)]
        known = {**limits, **optional.get(section, {})}
        for name, value in values.items():
            limit = known[_known(name, known, path)]
            _check_range(f"{path}: limits.{section}.{name}", name, value, limit)
            limits[name] = msgspec.structs.replace(limit, value=value, source=path.name)
    return merged


def allowed_range(name: str, unit: str) -> tuple[float, float | None]:
    """The lowest and the highest value that a limit may have; None: no upper end."""
    lowest, highest = _RANGES.get(unit, (0.0, None))
    return max(lowest, _LEAST.get(name, lowest)), highest


def _check_range(place: str, name: str, value: float, limit: Limit) -> None:
    lowest, highest = allowed_range(name, limit.unit)
    if isfinite(value) and lowest <= value and (highest is None or value <= highest):
        return
    allowed = f"at least {lowest:g}" if highest is None else f"from {lowest:g} to {highest:g}"
    hint = " A share is 0.4 for 40 %." if limit.unit == "share" else ""
    raise InvalidSettings(
        f"{place} = {value:g} is not possible. Allowed is {allowed} {limit.unit};"
        f" the default is {limit.value:g}.{hint}"
    )


def _known(key: str, table: Mapping[str, object], path: Path) -> str:
    if key not in table:
        raise InvalidSettings(f"{path}: unknown limit '{key}'. Known here: {', '.join(table)}.")
    return key


def _lexicon(config: Path, name: str) -> Path:
    path = config.parent / name
    if not path.is_file():
        raise InvalidSettings(f"{config}: the lexicon {path} does not exist.")
    return path


def _read_calibration(path: Path) -> NamedCalibration:
    try:
        data = path.read_bytes()
        content = msgspec.json.decode(data, type=Calibration)
    except OSError as error:
        raise InvalidSettings(
            f"cannot read the calibration {printable(path)}: {error.strerror}."
        ) from error
    except msgspec.MsgspecError as error:
        raise InvalidSettings(
            f"{printable(path)} is not a calibration: {error}. `callvoice calibrate` writes one."
        ) from error
    if content.format_version != CALIBRATION_FORMAT:
        raise InvalidSettings(
            f"{printable(path)} has format {content.format_version}, this version reads"
            f" {CALIBRATION_FORMAT}. Run `callvoice calibrate` again."
        )
    return NamedCalibration(path.name, hashlib.sha256(data).hexdigest()[:16], content)


def _check_fit(named: NamedCalibration, settings: Settings, config: Path) -> None:
    for mistake, mapping in named.content.maps.items():
        if mapping.limits_digest != settings.limits_digest(mistake):
            raise InvalidSettings(
                f"{config}: the calibration {named.file} was made with other limits for {mistake},"
                " so its mapping would be wrong. Take the limits back; or take the calibration"
                " out, run `callvoice calibrate --config` with these limits, and name the new one."
            )
