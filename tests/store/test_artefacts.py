"""Artefacts are kept whole, by call and name, in folders and elsewhere."""

from __future__ import annotations

import gzip
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callvoice.store import Artefacts, StoreUnavailable

CALL = "0123456789abcdef"


@pytest.fixture(params=["folder", "memory"])
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Artefacts:
    return Artefacts(tmp_path if request.param == "folder" else f"memory://{uuid4()}/qa")


def test_what_was_put_comes_back(kept: Artefacts) -> None:
    for content in (b"first", b"second, longer", b""):
        kept.put(CALL, "page.html", content)
        assert kept.get(CALL, "page.html") == content
    kept.put("ff" * 8, "facts.json.gz", b"{}", durable=False)
    assert kept.get("ff" * 8, "facts.json.gz") == b"{}"
    assert kept.get(CALL, "facts.json.gz") is None
    assert kept.names(CALL) == ("page.html",)
    assert sorted(kept.call_ids()) == [CALL, "ff" * 8]


def test_what_was_deleted_is_gone(kept: Artefacts) -> None:
    assert kept.delete(CALL) == 0
    for name in ("a", "b", "c"):
        kept.put(CALL, name, b"x")
    assert kept.delete(CALL, "a") == 1
    assert kept.delete(CALL, "a") == 0
    assert kept.delete(CALL) == 2
    assert kept.names(CALL) == ()
    assert CALL not in kept.call_ids()


def test_names_in_gz_are_compressed(tmp_path: Path) -> None:
    Artefacts(tmp_path).put(CALL, "facts.json.gz", b"{}" * 1000)
    path = tmp_path / "01" / CALL / "facts.json.gz"
    assert len(path.read_bytes()) < 100
    assert gzip.decompress(path.read_bytes()) == b"{}" * 1000
    assert [p.name for p in path.parent.iterdir()] == ["facts.json.gz"]


def test_a_damaged_artefact_is_an_error_that_says_so(tmp_path: Path) -> None:
    artefacts = Artefacts(tmp_path)
    artefacts.put(CALL, "facts.json.gz", b"{}" * 1000)
    path = tmp_path / "01" / CALL / "facts.json.gz"
    path.write_bytes(path.read_bytes()[:-6])
    with pytest.raises(StoreUnavailable, match="cannot read facts"):
        artefacts.get(CALL, "facts.json.gz")


@given(st.sampled_from(["../x", "/x", "", ".hidden", "a/b", "..", "x\0"]))
def test_names_that_lead_elsewhere_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="name of an artefact"):
        Artefacts("/nowhere").get(CALL, name)
    with pytest.raises(ValueError, match="no call id"):
        Artefacts("/nowhere").get(name, "page.html")
