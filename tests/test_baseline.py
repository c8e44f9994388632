"""What is usual for an agent: robust comparison, and a store that keeps no more than it says."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace as changed
from pathlib import Path

import msgspec
import numpy as np
import pytest
from conftest import SAMPLES, Result
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from callvoice import mistakes
from callvoice.baseline import NEEDED, Store, Usual, compare, measures_of, names, relative
from callvoice.errors import CannotWrite, UnreadableInput
from callvoice.judging import facts_of
from callvoice.pipeline import AnalysisOptions, analyze
from callvoice.settings import load_settings
from callvoice.types import Baseline, Facts, Relative

SETTINGS = load_settings()
MATERIAL = SETTINGS.limits["material"]
TRANSCRIPT = SAMPLES / "vorwurf.transcript.json"


@pytest.fixture(scope="module")
def facts() -> Facts:
    options = AnalysisOptions(transcript=TRANSCRIPT)
    return facts_of(analyze(SAMPLES / "vorwurf.flac", options=options).report)


def usual(n: int, **values: float) -> Usual:
    """``n`` earlier calls that differ a little around ``values``."""
    spread = np.random.default_rng(1).normal(0, 0.1, n)
    calls = {
        f"c{i}": {name: float(value + spread[i]) for name, value in values.items()}
        for i in range(n)
    }
    return Usual("agent", b"salt", calls)


def test_robust_z_and_percentile_by_hand() -> None:
    found = relative("rate", 7.0, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 100])
    # median 6; absolute deviations 5 4 3 2 1 0 1 2 3 4 94, their median 3
    assert found == Relative("rate", 7.0, 6.0, 4.4478, 0.22, round(6.5 / 11, 3), 11)


@given(st.lists(st.floats(-100, 100), min_size=NEEDED, max_size=40), st.floats(-100, 100))
def test_laws_of_the_comparison(earlier: list[float], value: float) -> None:
    found = relative("x", value, earlier)
    assert found is not None
    assert 0 <= found.percentile <= 1
    mirrored = relative("x", -value, [-one for one in earlier])
    assert mirrored is not None
    assert mirrored.percentile == pytest.approx(1 - found.percentile, abs=2e-3)
    if found.z is not None and abs(found.z) < 1e6:
        assert mirrored.z == pytest.approx(-found.z, abs=0.011)
        assert (found.z > 0) <= (value > found.median - 1e-3)


def test_calls_that_do_not_differ_have_no_z() -> None:
    found = relative("x", 2.0, [1.0] * NEEDED)
    assert found is not None
    assert (found.z, found.percentile) == (None, 1.0)


def test_below_ten_earlier_calls_nothing_is_compared(facts: Facts) -> None:
    few = compare(facts, usual(NEEDED - 1, f0_spread_st=3.0), MATERIAL)
    assert few == Baseline("agent", NEEDED - 1, NEEDED)
    assert compare(facts, usual(NEEDED, f0_spread_st=3.0), MATERIAL).of("f0_spread_st") is not None


def test_a_call_is_not_compared_with_itself(facts: Facts, tmp_path: Path) -> None:
    store = Store(tmp_path, "k7")
    store.add({f"{n}": {"f0_spread_st": 3.0} for n in range(NEEDED - 1)})
    assert store.add({facts.call.id: {"f0_spread_st": 3.0}}) == NEEDED
    assert compare(facts, store.usual(), MATERIAL).n_calls == NEEDED - 1


def test_measures_of_a_real_call(facts: Facts) -> None:
    measured = measures_of(facts, MATERIAL)
    assert set(measured) == set(names())
    assert 4 < measured["text_rate_syll_s"] < 7


@pytest.mark.parametrize("change", [{"speech_s": 5.0}, {"snr_db": 3.0}, {"role": None}])
def test_a_call_that_cannot_be_judged_is_not_kept(facts: Facts, change: dict[str, object]) -> None:
    agent = facts.party("agent")
    assert agent is not None
    others = [c for c in facts.channels if c is not agent]
    poor = replace(facts, channels=(replace(agent, **change), *others))
    assert measures_of(poor, MATERIAL) == {}


def test_nothing_but_numbers_is_kept(tmp_path: Path) -> None:
    store = Store(tmp_path / "base", "Sabine Hofmann")
    store.add({"recording-1": {"f0_spread_st": 3.0}})
    kept = {path.name: path.read_text() for path in (tmp_path / "base").iterdir()}
    assert not any("Sabine" in text or "recording" in text for text in (*kept, *kept.values()))
    (file,) = (name for name in kept if name.endswith(".json"))
    assert list(json.loads(kept[file])["calls"].values()) == [{"f0_spread_st": 3.0}]
    assert (tmp_path / "base" / file).stat().st_mode & 0o077 == 0
    assert (tmp_path / "base" / "salt").stat().st_mode & 0o077 == 0


def test_another_folder_gives_another_digest(tmp_path: Path) -> None:
    first, second = (Store(tmp_path / name, "k7").usual().agent for name in "ab")
    assert first != second
    assert Store(tmp_path / "a", " k7 ").usual().agent == first


def test_delete_forgets_one_agent(tmp_path: Path) -> None:
    for name in ("k7", "k8"):
        Store(tmp_path, name).add({"c": {"f0_spread_st": 3.0}})
    assert Store(tmp_path, "k7").delete()
    assert not Store(tmp_path, "k7").delete()
    assert Store(tmp_path, "k7").usual().calls == {}
    assert len(Store(tmp_path, "k8").usual().calls) == 1


_ADD = """\
import sys
from pathlib import Path
from callvoice.baseline import Store
for number in range(int(sys.argv[2]), int(sys.argv[2]) + 15):
    Store(Path(sys.argv[1]), "k7").add({str(number): {"f0_spread_st": float(number)}})
"""


def test_two_processes_lose_nothing(tmp_path: Path) -> None:
    both = [subprocess.Popen([sys.executable, "-c", _ADD, tmp_path, n]) for n in ("0", "100")]
    assert [process.wait() for process in both] == [0, 0]
    values = [call["f0_spread_st"] for call in Store(tmp_path, "k7").usual().calls.values()]
    assert sorted(values) == [*range(15), *range(100, 115)]


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    store = Store(tmp_path, "k7")
    store.add({"c": {"f0_spread_st": 3.0}})
    next(tmp_path.glob("*.json")).write_text("{")
    with pytest.raises(UnreadableInput, match=r"baseline .*\.json cannot be read"):
        store.usual()


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CannotWrite, match="--baseline"):
        Store(tmp_path / "file" / "base", "k7").usual()


def beside(facts: Facts, **z: float) -> Facts:
    """The call with chosen distances from the agent's usual."""
    measures = tuple(
        Relative(name, 6.2 if "rate" in name else 2.4, 5.0, 0.3, value, 1.0, 20)
        for name, value in z.items()
    )
    return replace(facts, baseline=Baseline("agent", 20, NEEDED, measures))


FAR = {"text_rate_syll_s": 4.0, "f0_spread_st": -4.0}


def test_the_own_baseline_changes_no_verdict_by_itself(facts: Facts) -> None:
    without = mistakes.judge(facts, SETTINGS)
    far = mistakes.judge(beside(facts, **FAR), SETTINGS)
    assert [(v.status, v.score, v.findings) for v in far] == [
        (v.status, v.score, v.findings) for v in without
    ]


@pytest.mark.parametrize(
    ("mistake", "measure", "side", "bound"),
    [("too_fast", "text_rate_syll_s", 1, 5.75), ("toneless", "f0_spread_st", -1, 4.25)],
)
def test_a_limit_file_may_let_it_count(
    facts: Facts, tmp_path: Path, mistake: str, measure: str, side: int, bound: float
) -> None:
    config = tmp_path / "callvoice.toml"
    config.write_text(f"[limits.{mistake}]\nown_z = 2.5\n")
    own = load_settings(config)

    def verdict(z: float) -> object:
        return next(
            v for v in mistakes.judge(beside(facts, **{measure: z}), own) if v.id == mistake
        )

    far, usual_, other = verdict(4.0 * side), verdict(0.5 * side), verdict(-4.0 * side)
    assert far.status == "found"  # type: ignore[attr-defined]
    assert [f.limit for f in far.findings] == [bound]  # type: ignore[attr-defined]
    plain = next(v for v in mistakes.judge(facts, own) if v.id == mistake)
    for near in (usual_, other):  # inside the own range, or on the other side of it
        assert near.status == plain.status == "clear"  # type: ignore[attr-defined]
        assert plain.score <= near.score < 0.1  # type: ignore[attr-defined, operator]


def test_the_command_line_keeps_compares_and_forgets(
    run: Callable[..., Result], sample: Path, tmp_path: Path, facts: Facts
) -> None:
    base, report = tmp_path / "base", tmp_path / "r.json"
    own = ("--agent-id", "k7", "--baseline", base)
    for number in range(NEEDED):
        other = replace(facts, call=replace(facts.call, id=f"{number:016x}"))
        (tmp_path / f"{number}.json").write_bytes(msgspec.json.encode(other))
    added = run("baseline", "add", *tmp_path.glob("[0-9].json"), *own)
    assert f"{NEEDED} in all" in added.out
    assert "f0_spread_st" in run("baseline", "show", *own).out

    result = run("analyze", sample, "--transcript", TRANSCRIPT, "--json", report, *own)
    assert "11 calls of this agent are kept" in result.err
    baseline = json.loads(report.read_text())["baseline"]
    assert (baseline["n_calls"], baseline["needed"]) == (NEEDED, NEEDED)
    assert {m["measure"] for m in baseline["measures"]} == set(names())
    assert all(m["percentile"] == 0.5 and m["z"] is None for m in baseline["measures"])

    assert "deleted" in run("baseline", "delete", *own).out
    assert "0 calls" in run("baseline", "show", *own).out


@pytest.mark.parametrize(
    "own", [("--agent-id", "k7"), ("--baseline", "b"), ("--agent-id", " ", "--baseline", "b")]
)
def test_pseudonym_and_folder_belong_together(
    run: Callable[..., Result], sample: Path, own: tuple[str, ...]
) -> None:
    result = run("analyze", sample, "--transcript", TRANSCRIPT, *own)
    assert result.code == 2
    assert "--agent-id" in result.err


def test_options_carry_the_baseline_into_the_report(tmp_path: Path) -> None:
    options = AnalysisOptions(transcript=TRANSCRIPT)
    compared = analyze(
        SAMPLES / "vorwurf.flac", options=changed(options, usual=usual(12, f0_spread_st=3.0))
    ).report.baseline
    assert compared is not None
    assert [m.measure for m in compared.measures] == ["f0_spread_st"]
