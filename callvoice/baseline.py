"""What is usual for one agent: a few numbers of each earlier call, kept under a pseudonym.

A folder holds one small JSON file per agent: no sound, no words, no name. The file's name is a
keyed digest of the pseudonym, its calls are keyed digests of the recordings; the key (``salt``) is
made at random and stays in the folder. Deleting an agent deletes the file, and that is all there
was. Comparison is robust: distances from the median in units of 1.4826 · MAD (the median absolute
deviation; Iglewicz and Hoaglin 1993), and the share of earlier calls below.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import tempfile
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import msgspec
from msgspec import Struct

from callvoice.errors import CannotWrite, UnreadableInput, printable
from callvoice.settings import Limits
from callvoice.types import Baseline, ChannelMeasures, Facts, Relative

BASELINE_FORMAT = "1.0"
NEEDED = 10  # earlier calls from which on a comparison is given
_KEPT = 500  # the newest; what was usual years ago is not usual now
_WAIT_S = 30.0
_TO_SIGMA = 1.4826  # of the median absolute deviation, for normally distributed values

Measured = dict[str, float]


def _pause_share(agent: ChannelMeasures) -> float | None:
    paused = sum(turn.pause_s for turn in agent.turns)
    whole = paused + sum(turn.speech_s for turn in agent.turns)
    return paused / whole if whole else None


# The agent's own, from one channel each.
_OF_THE_VOICE: dict[str, Callable[[ChannelMeasures], float | None]] = {
    "text_rate_syll_s": lambda m: m.text_rate_syll_s,
    "articulation_rate_syll_s": lambda m: m.articulation_rate_syll_s,
    "f0_spread_st": lambda m: m.f0_spread_st,
    "f0_range_st": lambda m: m.f0_range_st,
    "flat_share": lambda m: m.flat_share,
    "pause_share": _pause_share,
    "median_run_s": lambda m: m.tempo.median_run_s if m.tempo else None,
    "spectral_balance_db": lambda m: m.effort.spectral_balance_db if m.effort else None,
    "level_depth_db": lambda m: m.effort.level_depth_db if m.effort else None,
}


@dataclass(frozen=True)
class Usual:
    """Earlier calls of one agent: numbers by the key of their call, oldest first."""

    agent: str
    salt: bytes
    calls: dict[str, Measured]

    def earlier_than(self, call_id: str) -> list[Measured]:
        """The numbers of all calls but this one."""
        own = _key(self.salt, call_id)
        return [measured for call, measured in self.calls.items() if call != own]


class _Stored(Struct, frozen=True, forbid_unknown_fields=True):
    format_version: str
    agent: str
    calls: dict[str, Measured] = {}


def names() -> tuple[str, ...]:
    """All measures that a baseline may have, in their order."""
    return (*_OF_THE_VOICE, "response_gap_s")


def measures_of(facts: Facts, material: Limits) -> Measured:
    """The numbers of a call that a baseline keeps; none where the material carries no judgement."""
    agent = facts.party("agent")
    if agent is None or agent.speech_s < material["agent_speech_s"].value:
        return {}
    if agent.snr_db is None or agent.snr_db < material["line_snr_db"].value:
        return {}
    values = {name: measure(agent) for name, measure in _OF_THE_VOICE.items()}
    values["response_gap_s"] = _response_gap_s(facts)
    return {name: round(value, 4) for name, value in values.items() if value is not None}


def compare(facts: Facts, usual: Usual, material: Limits) -> Baseline:
    """How a call stands beside the agent's earlier ones."""
    earlier = usual.earlier_than(facts.call.id)
    known = Baseline(usual.agent, len(earlier), NEEDED)
    if len(earlier) < NEEDED:
        return known
    relatives = (
        relative(name, value, [one[name] for one in earlier if name in one])
        for name, value in measures_of(facts, material).items()
    )
    return msgspec.structs.replace(known, measures=tuple(r for r in relatives if r is not None))


def relative(name: str, value: float, earlier: list[float]) -> Relative | None:
    """One value beside earlier ones; None where fewer than ``NEEDED`` calls have it."""
    if len(earlier) < NEEDED:
        return None
    middle = median(earlier)
    deviation = _TO_SIGMA * median(abs(one - middle) for one in earlier)
    below = sum((one < value) + 0.5 * (one == value) for one in earlier)
    return Relative(
        measure=name,
        value=value,
        median=round(middle, 4),
        deviation=round(deviation, 4),
        z=round((value - middle) / deviation, 2) if deviation > 0 else None,
        percentile=round(below / len(earlier), 3),
        n_calls=len(earlier),
    )


class Store:
    """One agent's baseline in a folder of them. Several processes may use it at once."""

    def __init__(self, folder: Path, agent_id: str) -> None:
        self._folder = folder
        # The same pseudonym typed on another keyboard is the same.
        self._agent_id = unicodedata.normalize("NFC", agent_id).strip()

    def usual(self) -> Usual:
        """What is known of the agent, possibly nothing.

        Raises:
            UnreadableInput: a stored file is damaged.
            CannotWrite: the folder cannot be made or locked.
        """
        with self._locked() as salt:
            return self._read(salt, _key(salt, self._agent_id))

    def add(self, measured: dict[str, Measured]) -> int:
        """Keep the numbers of calls by their ids, anew if kept before; the number of calls now.

        Raises:
            UnreadableInput, CannotWrite: as ``usual``.
        """
        with self._locked() as salt:
            agent = _key(salt, self._agent_id)
            added = {_key(salt, call_id): values for call_id, values in measured.items()}
            calls = {**self._read(salt, agent).calls, **added}
            kept = dict(list(calls.items())[-_KEPT:])
            stored = _Stored(BASELINE_FORMAT, agent, kept)
            _write(self._file(agent), msgspec.json.format(msgspec.json.encode(stored), indent=1))
            return len(kept)

    def delete(self) -> bool:
        """Forget the agent; whether there was anything to forget.

        Raises:
            CannotWrite: the file cannot be removed.
        """
        with self._locked() as salt:
            path = self._file(_key(salt, self._agent_id))
            known = path.exists()
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                raise _cannot(path, error) from error
            return known

    def _file(self, agent: str) -> Path:
        return self._folder / f"{agent}.json"

    def _read(self, salt: bytes, agent: str) -> Usual:
        path = self._file(agent)
        try:
            stored = msgspec.json.decode(path.read_bytes(), type=_Stored)
        except FileNotFoundError:
            return Usual(agent, salt, {})
        except (OSError, msgspec.MsgspecError) as error:
            raise UnreadableInput(
                f"the baseline {printable(path)} cannot be read: {error}. `callvoice baseline"
                " delete` removes it."
            ) from error
        return Usual(agent, salt, stored.calls)

    @contextmanager
    def _locked(self) -> Iterator[bytes]:
        from filelock import FileLock, Timeout

        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            lock = FileLock(self._folder / ".lock", timeout=_WAIT_S)
            lock.acquire()
        except Timeout as error:
            raise CannotWrite(
                f"the baselines in {printable(self._folder)} are in use by another process for"
                f" more than {_WAIT_S:.0f} s. Try again when it has ended."
            ) from error
        except OSError as error:
            raise _cannot(self._folder, error) from error
        try:
            yield self._salt()
        finally:
            lock.release()

    def _salt(self) -> bytes:
        path = self._folder / "salt"
        try:
            if not path.exists():
                _write(path, secrets.token_hex(32).encode())
            return path.read_bytes()
        except OSError as error:
            raise _cannot(path, error) from error


def _key(salt: bytes, text: str) -> str:
    return hmac.new(salt, text.encode(errors="surrogateescape"), hashlib.sha256).hexdigest()[:24]


def _write(path: Path, data: bytes) -> None:
    """Whole or not at all; readable by its owner only, as ``NamedTemporaryFile`` makes it."""
    scratch: Path | None = None
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".new-", delete=False) as file:
            scratch = Path(file.name)
            file.write(data)
        scratch.replace(path)
    except OSError as error:
        raise _cannot(path, error) from error
    finally:
        if scratch is not None:
            scratch.unlink(missing_ok=True)


def _cannot(path: Path, error: OSError) -> CannotWrite:
    return CannotWrite(
        f"cannot keep a baseline in {printable(path)}: {error.strerror or error}."
        " Name another folder with --baseline."
    )


def _response_gap_s(facts: Facts) -> float | None:
    channel = facts.call.roles.get("agent")
    gaps = [g.end_s - g.start_s for g in facts.conversation.gaps if g.to_channel == channel]
    return median(gaps) if gaps else None
