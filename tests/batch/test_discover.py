"""Which calls a batch has: folders, globs, manifests, URLs, samples, keys."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import fsspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from callvoice.batch.discover import Discovered, Found, discover
from callvoice.batch.items import Item, local_path, located, sampled
from callvoice.batch.key import Basis, Recipe, content_of
from callvoice.batch.manifest import read_manifest
from callvoice.batch.watch import watched
from callvoice.batch.worker import fetched
from callvoice.errors import InvalidManifest, UnknownPlace, UnreadableInput
from callvoice.settings import load_settings


def names(found: Discovered) -> list[str]:
    return sorted(Path(f.item.location).name for f in found.found)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two recordings, one of them below, and what is none."""
    (tmp_path / "in" / "deep").mkdir(parents=True)
    (tmp_path / "in" / "a.wav").write_bytes(b"aa")
    (tmp_path / "in" / "deep" / "B.FLAC").write_bytes(b"b")
    for name in ("a.transcript.json", "list.txt", ".hidden.wav", "deep/.part-x.wav"):
        (tmp_path / "in" / name).write_bytes(b"x")
    return tmp_path / "in"


def test_a_folder_is_searched_to_its_depth(folder: Path) -> None:
    assert names(discover([str(folder)])) == ["B.FLAC", "a.wav"]
    assert names(discover([str(folder)], without=folder / "deep")) == ["a.wav"]


def test_the_largest_comes_first_and_each_once(folder: Path) -> None:
    found = discover([str(folder / "deep" / "B.FLAC"), str(folder), str(folder / "a.wav")])
    assert [Path(f.item.location).name for f in found.found] == ["a.wav", "B.FLAC"]


def test_globs(folder: Path) -> None:
    assert names(discover([f"{folder}/**/*.FLAC"])) == ["B.FLAC"]
    with pytest.raises(UnreadableInput, match="nothing matches"):
        discover([f"{folder}/*.mp3"])


def test_a_name_that_looks_like_a_glob_is_a_file_first(folder: Path) -> None:
    (folder / "a[1].wav").write_bytes(b"x")
    assert names(discover([str(folder / "a[1].wav")])) == ["a[1].wav"]


def test_what_is_not_there_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(UnreadableInput, match="does not exist"):
        discover([str(tmp_path / "none")])


def test_transcripts_beside_recordings_only_if_asked_for(folder: Path) -> None:
    found = {f.item.location: f.item for f in discover([str(folder)], transcripts=True).found}
    assert found[str(folder / "a.wav")].transcript == str(folder / "a.transcript.json")
    assert found[str(folder / "deep" / "B.FLAC")].transcript is None
    assert all(f.item.transcript is None for f in discover([str(folder)]).found)


def test_names_in_no_valid_utf8_find_back_to_their_file(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"gr\xfc\xdfe.wav")
    path.write_bytes(b"x")
    (found,) = discover([str(tmp_path)]).found
    found.item.location.encode()
    assert local_path(found.item.location) == path


# --- manifests -----------------------------------------------------------------------------------


def manifest(tmp_path: Path, text: str | bytes) -> Path:
    path = tmp_path / "calls.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_a_manifest_says_what_names_cannot(tmp_path: Path) -> None:
    (item, legs), refused = read_manifest(
        manifest(
            tmp_path,
            "\ufeffFile;Agent_File;Caller_File;Agent;Date;Queue;Language;Shift\n"
            "a.wav;;;Ina;18.05.2026 14:30;Retoure;DE;late\n"
            ";left.wav;right.wav;;2026-05-18;;auto;\n",
        )
    )
    assert refused == []
    assert item == Item(
        location=str(tmp_path / "a.wav"),
        agent="Ina",
        date="2026-05-18T14:30:00",
        queue="Retoure",
        language="de",
        extra={"shift": "late"},
    )
    assert legs.locations == (str(tmp_path / "left.wav"), str(tmp_path / "right.wav"))
    assert (legs.date, legs.language, legs.extra) == ("2026-05-18", None, {})


def test_a_manifest_says_more_than_its_folder_in_any_order(folder: Path) -> None:
    rows = "file,agent_file,caller_file,agent\n,a.wav,deep/B.FLAC,Ina\n"
    listed = str(manifest(folder, rows))
    for places in ([str(folder), listed], [listed, str(folder)]):
        (found,) = discover(places).found
        assert (found.item.agent, found.item.caller) == ("Ina", str(folder / "deep" / "B.FLAC"))


def test_rows_without_consent_are_left_out_and_counted(tmp_path: Path) -> None:
    rows = "file,consent\na.wav,yes\nb.wav,no\nc.wav,\nd.wav,JA\ne.wav,unknown\n"
    items, refused = read_manifest(manifest(tmp_path, rows))
    assert [Path(i.location).name for i in items] == ["a.wav", "d.wav"]
    assert refused == [(str(tmp_path / f"{name}.wav"),) for name in "bce"]


def test_a_refusal_counts_more_than_any_other_mention(folder: Path) -> None:
    rows = "file,agent_file,caller_file,consent\n"
    rows += "a.wav,,,no\na.wav,,,yes\n,l.wav,deep/B.FLAC,no\n"
    found = discover([str(folder), str(manifest(folder, rows))])
    assert found.found == ()
    assert found.n_without_consent == 2


def test_a_manifest_from_a_spreadsheet_in_latin_1(tmp_path: Path) -> None:
    (item,), _ = read_manifest(
        manifest(tmp_path, "file\tqueue\na.wav\tRückgabe\n".encode("cp1252"))
    )
    assert item.queue == "Rückgabe"


def test_a_language_may_have_a_country(tmp_path: Path) -> None:
    rows = "file,language\na.wav,de-DE\nb.wav,en_GB\nc.wav,Auto\n"
    items, _ = read_manifest(manifest(tmp_path, rows))
    assert [item.language for item in items] == ["de", "en", None]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name,agent\nx,y\n", "no column 'file'"),
        ("", "no column 'file'"),
        ("file,agent_file,caller_file\n,left.wav,\n", "row 2"),
        ("file,date\na.wav,yesterday\n", "'yesterday' is no date"),
        ("file,language\na.wav,de\nb.wav,deutsch\n", "row 3: the language 'deutsch' is none of"),
        ("file,language\na.wav,fr\n", "'fr' is none of de, en, auto"),
        ('file,"agent\na.wav,' + "x" * 140_000, "line 1: field larger"),
        ("file,date\na.wav,0001-01-01T00:30\n", "'0001-01-01T00:30' is no date"),
        ("file,date\na.wav,31.12.9999 23:59\n", "'31.12.9999 23:59' is no date"),
        ("file,agent_channel\na.wav,middle\n", "left, right or auto"),
    ],
)
def test_a_manifest_that_cannot_be_meant(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InvalidManifest, match=message):
        read_manifest(manifest(tmp_path, text))


# --- object storage ------------------------------------------------------------------------------


@pytest.fixture
def bucket() -> Iterator[str]:
    fs = fsspec.filesystem("memory")
    for name in ("a.wav", "below/b.ogg", "c.txt"):
        fs.pipe_file(f"/bucket/{name}", b"sound")
    yield "memory://bucket"
    fs.rm("/bucket", recursive=True)


def test_urls_are_listed_like_folders(bucket: str) -> None:
    found = discover([bucket])
    assert names(found) == ["a.wav", "b.ogg"]
    assert all(f.size_bytes == 5 and f.changed for f in found.found)
    assert names(discover([f"{bucket}/*.wav"])) == ["a.wav"]


def test_what_is_far_is_fetched_into_a_folder_of_its_own(bucket: str, tmp_path: Path) -> None:
    path = fetched(f"{bucket}/below/b.ogg", tmp_path)
    assert (path.name, path.read_bytes()) == ("b.ogg", b"sound")
    assert path.is_relative_to(tmp_path)
    with pytest.raises(UnreadableInput, match="cannot be fetched"):
        fetched(f"{bucket}/gone.wav", tmp_path)


def test_what_is_far_is_known_by_its_place_and_its_change(bucket: str) -> None:
    item = Item(location=f"{bucket}/a.wav")
    digests = {content_of(item, changed=c).digest for c in ("1", "1", "2")}
    assert len(digests) == 2


def test_a_protocol_that_is_not_installed(tmp_path: Path) -> None:
    with pytest.raises(UnknownPlace, match="nowhere://"):
        discover(["nowhere://bucket"])


# --- samples, keys, drop folders -----------------------------------------------------------------

ITEMS = [Item(location=f"/{agent}/{n}.wav", agent=agent) for agent in "abc" for n in range(9)]


@given(n=st.integers(1, 12), seed=st.integers(0, 9), order=st.permutations(ITEMS))
def test_a_sample_is_the_same_in_any_order(n: int, seed: int, order: list[Item]) -> None:
    drawn = sampled(order, n, seed)
    assert drawn == sampled(ITEMS, n, seed)
    assert all(sum(i.agent == agent for i in drawn) == min(n, 9) for agent in "abc")


def test_another_seed_draws_others() -> None:
    assert len({tuple(i.location for i in sampled(ITEMS, 3, seed)) for seed in range(10)}) > 5


def test_the_key_follows_the_content_and_all_that_decides(tmp_path: Path) -> None:
    for name, content in {"a": b"1", "same": b"1", "b": b"2"}.items():
        (tmp_path / name).write_bytes(content)
    recipe = Recipe("base", "r1", load_settings())
    config = tmp_path / "own.toml"
    config.write_text("[limits.too_fast]\nrate_too_fast_syll_s = 6.25\n")

    def key(name: str, recipe: Recipe, **changes: str) -> str:
        item = replace(Item(location=located(tmp_path / name)), **changes)
        content = content_of(item)
        return Basis(content.digest, item.agent_channel, item.language, recipe.made).key(recipe)

    plain = key("a", recipe)
    assert key("same", recipe) == plain
    others = [
        key("b", recipe),
        key("a", recipe, agent_channel="left"),
        key("a", recipe, language="en"),
        key("a", recipe, caller=located(tmp_path / "b")),
        key("a", recipe, transcript=located(tmp_path / "b")),
        key("a", Recipe("base", "r2", load_settings())),
        key("a", Recipe("small", "r1", load_settings())),
        key("a", Recipe("base", "r1", load_settings(config))),
        key("a", Recipe("base", "r1", load_settings(), "en")),
    ]
    assert len({plain, *others}) == 10


def test_a_drop_folder_gives_files_that_nobody_writes_to_any_more() -> None:
    states = iter(
        [
            {"a": (1, "1")},
            {"a": (2, "2"), "empty": (0, "0")},
            {"a": (2, "2"), "empty": (0, "0"), "b": (1, "1")},
            {"a": (2, "2"), "b": (1, "1")},
            {"b": (3, "3")},
            {"b": (3, "3")},
        ]
    )

    def look() -> tuple[Found, ...]:
        return tuple(
            Found(Item(location=name), size, changed)
            for name, (size, changed) in next(states).items()
        )

    taken = islice(filter(None, watched(look, every_s=0.0, still_s=0.0)), 3)
    assert [(f.item.location, f.changed) for f in taken] == [("a", "2"), ("b", "1"), ("b", "3")]


def test_an_upload_that_pauses_is_not_taken_for_a_whole_call(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = iter(range(100))
    monkeypatch.setattr("time.monotonic", lambda: float(next(clock)))
    states = iter(["1"] * 5 + ["2"] * 20)
    n_looks = 0

    def look() -> tuple[Found, ...]:
        nonlocal n_looks
        n_looks += 1
        return (Found(Item(location="a"), 1, next(states)),)

    taken = next(filter(None, watched(look, every_s=0.0)))
    assert taken.changed == "2"
    assert n_looks > 8
