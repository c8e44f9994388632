"""Settings: every judging number has a unit and a source; a house sets its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from callvoice import mistakes
from callvoice.errors import InvalidSettings
from callvoice.settings import load_settings


def test_every_limit_states_where_it_comes_from() -> None:
    for limits in load_settings().limits.values():
        for limit in limits.values():
            assert limit.unit
            assert limit.source.endswith((".", ")."))
            assert limit.scale > 0


def test_there_are_limits_for_all_eight() -> None:
    names = {name for name, _ in mistakes.JUDGES}
    assert set(load_settings().limits) == names | {"material", "strengths"}


def test_own_values_replace_only_what_they_name(tmp_path: Path) -> None:
    config = tmp_path / "callvoice.toml"
    config.write_text("[limits.too_fast]\nfast_share = 0.3\n")
    own, packaged = load_settings(config), load_settings()
    assert own.limits["too_fast"]["fast_share"].value == 0.3
    assert own.limits["too_fast"]["fast_share"].source == "callvoice.toml"
    assert own.limits["toneless"] == packaged.limits["toneless"]
    assert own.digest != packaged.digest
    assert load_settings().digest == packaged.digest


def test_a_lexicon_that_is_missing_is_named(tmp_path: Path) -> None:
    config = tmp_path / "callvoice.toml"
    config.write_text('[text]\nlexicons = ["ours.toml"]\n')
    with pytest.raises(InvalidSettings, match=r"ours\.toml"):
        load_settings(config)


def test_the_digest_follows_a_lexicons_content(tmp_path: Path) -> None:
    config = tmp_path / "callvoice.toml"
    config.write_text('[text]\nlexicons = ["ours.toml"]\n')
    lexicon = tmp_path / "ours.toml"
    lexicon.write_text('impatient = ["zack zack"]\n')
    before = load_settings(config).digest
    lexicon.write_text('impatient = ["hopp hopp"]\n')
    assert load_settings(config).digest != before
