"""What was said of numbers stays out of the workspace, and the results are the same without it."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
import runs
import soundfile

from callvoice.batch.key import Recipe
from callvoice.batch.worker import Remembering
from callvoice.ingest.models import InstalledModel, find
from callvoice.ingest.recognise import Progress, Recognised, RecogniserOptions
from callvoice.settings import load_settings
from callvoice.store import Artefacts
from callvoice.store.redact import Redactor, keep, redact
from callvoice.types import Audio, Dropped, Interval, Word

Run = Callable[..., tuple[int, str, str]]
CALL = "0123456789abcdef"
DIGITS = ("null", "eins", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun")


def said(text: str) -> str:
    """All digits of a text in a row, also those that were written as words."""
    for digit, name in enumerate(DIGITS):
        text = re.sub(rf"\b{name}\b", str(digit), text, flags=re.IGNORECASE)
    return re.sub(r"[\s,.\-/]", "", text)


def content(workspace: Path) -> str:
    """Whatever can be read in a workspace, and the words of each file in a row."""
    files = [path for path in workspace.rglob("*") if path.is_file()]
    raw = (gzip.decompress(f.read_bytes()) if f.suffix == ".gz" else f.read_bytes() for f in files)
    texts = [data.decode("utf-8", "ignore") for data in raw]
    in_a_row = (" ".join(re.findall(r'"text":"([^"]*)"', text)) for text in texts)
    return "\n".join((*texts, *in_a_row))


@dataclass
class Saying:
    """Hears the same in every recording."""

    words: tuple[str, ...]
    n_heard: int = field(default=0, init=False)

    @property
    def model(self) -> InstalledModel:
        return find("base")

    def recognise(
        self,
        audio: Audio,
        speech: Sequence[Sequence[Interval]],
        *,
        language: str | None,
        progress: Progress | None = None,
    ) -> Recognised:
        self.n_heard += 1
        line = tuple(Word(text, n, n + 0.5, 0.9) for n, text in enumerate(self.words))
        lost = Dropped(0, 30.0, 31.0, "improbable", 2, "oder 0151 2345678")
        return Recognised(language or "de", (line, ()), (lost,))


def remembering(saying: Saying, folder: Path, hook: Redactor) -> Remembering:
    recipe = Recipe("base", "1", load_settings())
    return Remembering(saying, RecogniserOptions(), recipe, Artefacts(folder), CALL, hook)


def hear(recogniser: Remembering) -> Recognised:
    audio = Audio(np.zeros((8000, 2), np.float32), 8000)
    return recogniser.recognise(audio, ((Interval(0.0, 9.0),), ()), language="de")


SAID = ("Die", "Nummer", "47", "110-8", "und", "acht", "drei", "fünf", "null", "zwei.")


def test_words_are_masked_before_they_are_kept_and_the_same_when_remembered(tmp_path: Path) -> None:
    saying = Saying(SAID)
    fresh = hear(remembering(saying, tmp_path, redact))
    masked = ("Die", "Nummer", "##", "###-#", "und", "xxxx", "xxxx", "xxxx", "xxxx", "xxxx.")
    assert tuple(word.text for word in fresh.words[0]) == masked
    assert [word.start_s for word in fresh.words[0]] == [float(n) for n in range(10)]
    assert [dropped.text for dropped in fresh.dropped] == ["oder #### #######"]
    assert hear(remembering(saying, tmp_path, redact)) == fresh
    assert saying.n_heard == 1
    kept = said(content(tmp_path))
    assert "Nummer" in kept
    assert not [number for number in ("47110", "83502", "2345678") if number in kept]


def test_a_house_may_keep_them_or_have_others_masked(tmp_path: Path) -> None:
    saying = Saying(SAID)
    assert [w.text for w in hear(remembering(saying, tmp_path, keep)).words[0]] == list(SAID)
    assert "47110" in said(content(tmp_path))
    assert "##" in {w.text for w in hear(remembering(saying, tmp_path, redact)).words[0]}
    assert saying.n_heard == 2


def shortened(text: str) -> str:
    return text.replace("Nummer", "…")


def test_what_loses_its_place_is_not_kept(tmp_path: Path) -> None:
    """Such a hook masks reports; words could no longer be told apart, and are heard again."""
    saying = Saying(SAID)
    for _ in range(2):
        assert hear(remembering(saying, tmp_path, shortened)).words[0][1].text == "Nummer"
    assert saying.n_heard == 2
    assert list(tmp_path.rglob("words-*")) == []


def dictated(folder: Path) -> Path:
    """A stretch of a sample in which a number of nine digits is said."""
    rate_hz = soundfile.info(runs.SAMPLES / "gehetzt.flac").samplerate
    sound, _ = soundfile.read(
        runs.SAMPLES / "gehetzt.flac", start=round(34.0 * rate_hz), stop=round(40.0 * rate_hz)
    )
    soundfile.write(folder / "call.wav", sound, rate_hz)
    return folder / "call.wav"


@pytest.mark.recogniser
def test_words_are_heard_once_and_no_number_of_them_is_in_any_file(
    run: Run, tmp_path: Path
) -> None:
    """Other settings of the same recogniser measure again, and do not hear again."""
    call = dictated(tmp_path)
    where = (call, "--workspace", tmp_path / "w", "--language", "de", "--workers", 1)
    first = runs.summary(run("batch", *where, "--progress", "json")[1])
    assert first["recogniser_s"] > 0
    ((facts, report),) = runs.kept(tmp_path / "w").values()
    (tmp_path / "phrases.toml").write_text("")
    (tmp_path / "own.toml").write_text('[text]\nlexicons = ["phrases.toml"]\n')
    config = ("--config", tmp_path / "own.toml", "--progress", "json")
    second = runs.summary(run("batch", *where, *config)[1])
    assert (second["n_analysed"], second["recogniser_s"]) == (1, 0.0)
    ((again, _),) = runs.kept(tmp_path / "w").values()
    assert again == facts
    assert re.search("#{4}|x{4} x{4}", report.transcript.turns[0].text)
    (words,) = (tmp_path / "w").rglob("words-*.json.gz")
    assert words.stat().st_mode & 0o077 == 0
    found = said(content(tmp_path / "w"))
    assert not [n for n in range(5) if "835027416"[n : n + 5] in found]


def test_no_number_of_a_transcript_is_in_any_file(run: Run, tmp_path: Path) -> None:
    call = dictated(tmp_path)
    text = "Die Nummer ist acht drei fünf null zwei, und die alte 83502-7416."
    turn = {"role": "agent", "start_s": 0.2, "end_s": 5.8, "text": text}
    transcript = call.with_suffix(".transcript.json")
    transcript.write_text(json.dumps({"language": "de", "turns": [turn]}))
    where = ("--workspace", tmp_path / "w", "--workers", 1)
    assert run("batch", call, *where, "--transcripts")[0] == 0
    found = said(content(tmp_path / "w"))
    assert "xxxxxxxx" in found
    assert "83502" not in found
    shutil.copy(transcript, tmp_path / "w" / "leak.json")
    assert "83502" in said(content(tmp_path / "w"))  # the search finds what is there


def test_nothing_of_a_purged_recording_is_left_in_the_workspace(run: Run, tmp_path: Path) -> None:
    call = dictated(tmp_path)
    turn = {"role": "agent", "start_s": 0.2, "end_s": 5.8, "text": "Guten Tag, was gibt es?"}
    call.with_suffix(".transcript.json").write_text(json.dumps({"language": "de", "turns": [turn]}))
    where = ("--workspace", tmp_path / "w")
    assert run("batch", call, *where, "--workers", 1, "--transcripts")[0] == 0
    digest = hashlib.sha256(call.read_bytes()).hexdigest().encode()

    def traces() -> list[str]:
        files = (path for path in (tmp_path / "w").rglob("*") if path.is_file())
        return [path.name for path in files if digest in path.read_bytes()]

    assert {"callvoice.db", "seen.db"} <= {name.removesuffix("-wal") for name in traces()}
    assert run("purge", *where, "--call", call.name, "--yes")[0] == 0
    assert traces() == []
