"""Judging again, calibrating and the own impression, as people meet them on the command line."""

from __future__ import annotations

import codecs
import csv
import json
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import jsonschema
import msgspec
import pytest
from conftest import SAMPLES, Result

from callvoice.calibrate.self_assessment import read_self_assessment, template
from callvoice.errors import InvalidSettings, UnreadableInput
from callvoice.judging import facts_of, judge_again
from callvoice.pipeline import AnalysisOptions, analyze
from callvoice.settings import load_settings
from callvoice.store.artefacts import Artefacts
from callvoice.types import Report, SelfAssessment

Run = Callable[..., Result]
TRANSCRIPT = SAMPLES / "vorwurf.transcript.json"
CALLS = ("vorwurf.flac", "ungeduld.wav", "musterhaft_mono.flac")


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Reports of three sample calls, one of them with one channel, from their transcripts."""
    folder = tmp_path_factory.mktemp("reports")
    for call in CALLS:
        path = SAMPLES / call
        options = AnalysisOptions(transcript=path.with_suffix(".transcript.json"))
        report = analyze(path, options=options).report
        (folder / f"{call}.json").write_bytes(msgspec.json.encode(report))
    return folder


def stored(folder: Path, call: str = "vorwurf.flac") -> Report:
    return msgspec.json.decode((folder / f"{call}.json").read_bytes(), type=Report)


@pytest.fixture
def strict(tmp_path: Path) -> Path:
    config = tmp_path / "callvoice.toml"
    config.write_text("[limits.too_fast]\nrate_too_fast_syll_s = 4.0\n")
    return config


@pytest.mark.parametrize("call", CALLS)
def test_the_same_limits_give_the_same_report(reports: Path, call: str) -> None:
    report = stored(reports, call)
    assert judge_again(report, load_settings()) == report
    assert msgspec.json.encode(facts_of(report))


def test_nothing_changed_is_said(run: Run, reports: Path) -> None:
    result = run("judge", reports)
    assert result.code == 0
    assert result.out.count("as before") == len(CALLS)
    assert "0 of them otherwise" in result.err


def test_other_limits_change_what_they_should(
    run: Run, reports: Path, strict: Path, tmp_path: Path
) -> None:
    out = tmp_path / "again.json"
    result = run("judge", reports / "vorwurf.flac.json", "--config", strict, "--json", out)
    assert "7 too_fast: clear" in result.out
    assert "→ found" in result.out
    before, after = stored(reports), msgspec.json.decode(out.read_bytes(), type=Report)
    changed = [a.id for a, b in zip(before.mistakes, after.mistakes, strict=True) if a != b]
    assert changed == ["too_fast"]
    assert after.mistakes[6].findings[0].limit == 4.0
    assert after.provenance.settings_digest != before.provenance.settings_digest
    assert after.measures == before.measures
    jsonschema.validate(json.loads(out.read_text()), json.loads(run("schema").out))


def test_many_reports_on_stdout_and_as_pages(
    run: Run, reports: Path, strict: Path, tmp_path: Path
) -> None:
    pages = tmp_path / "pages"
    result = run("judge", reports, "--config", strict, "--json", "-", "--html", pages)
    lines = [json.loads(line) for line in result.out.splitlines()]
    assert {line["call"]["source"] for line in lines} == set(CALLS)
    assert {p.name for p in pages.iterdir()} == {f"{call}.html" for call in CALLS}
    assert (pages / "ungeduld.wav.html").read_text().startswith("<!doctype html>")


def test_facts_alone_are_judged(run: Run, reports: Path, tmp_path: Path) -> None:
    path = tmp_path / "facts.json"
    path.write_bytes(msgspec.json.encode(facts_of(stored(reports))))
    result = run("judge", path, "--report-language", "en", "--json", "-")
    judged = msgspec.json.decode(result.out, type=Report)
    assert judged.report_language == "en"
    before = {m.id: (m.status, m.score) for m in stored(reports).mistakes}
    assert {m.id: (m.status, m.score) for m in judged.mistakes} == before
    assert "8 know_it_all: found" in run("judge", path).out


def test_what_is_no_report(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    nested = "[" * 3000 + "]" * 3000
    for text, says in (
        ("{}", "neither a report nor facts"),
        ("no", "is not JSON"),
        (nested, "is not JSON"),
    ):
        path.write_text(text)
        result = run("judge", path)
        assert result.code == 2
        assert says in result.err
    empty = run("judge", tmp_path)
    assert empty.code == 2
    assert "no results here" in empty.err
    assert "cannot read" in run("judge", tmp_path / "none.json").err


def test_the_workspace_of_a_batch_is_a_folder_of_reports(
    run: Run, reports: Path, tmp_path: Path
) -> None:
    for path in reports.glob("*.json"):
        report = msgspec.json.decode(path.read_bytes(), type=Report)
        kept = Artefacts(str(tmp_path / "qa" / "artefacts"))
        kept.put(report.call.id, "report.json.gz", msgspec.json.encode(report))
    result = run("judge", tmp_path / "qa", "--json", tmp_path / "again")
    assert result.code == 0
    assert {path.name for path in (tmp_path / "again").iterdir()} == {f"{c}.json" for c in CALLS}
    template_of = run("calibrate", "--template", tmp_path / "qa")
    assert all(call in template_of.out for call in CALLS)
    next((tmp_path / "qa").rglob("*.gz")).write_bytes(b"\x1f\x8b broken")
    assert "is not JSON" in run("judge", tmp_path / "qa").err


def test_a_report_of_an_earlier_version(run: Run, reports: Path, tmp_path: Path) -> None:
    old = json.loads((reports / "vorwurf.flac.json").read_text())
    for added in ("text", "baseline", "self_assessment"):
        del old[added]
    del old["transcript"]["source"], old["measures"]["others"]
    path = tmp_path / "old.json"
    path.write_text(json.dumps(old))
    assert msgspec.json.decode(path.read_bytes(), type=Report).text is None
    result = run("judge", path)
    assert result.code == 2
    assert "Analyse the recording again" in result.err


def test_a_byte_order_mark_is_no_error(run: Run, reports: Path, tmp_path: Path) -> None:
    marked, config = tmp_path / "report.json", tmp_path / "own.toml"
    marked.write_bytes(codecs.BOM_UTF8 + (reports / "vorwurf.flac.json").read_bytes())
    config.write_bytes(codecs.BOM_UTF8 + b"[limits.too_fast]\nrate_too_fast_syll_s = 4.0\n")
    assert run("judge", marked, "--config", config).code == 0


def test_a_name_does_not_write_to_the_terminal_by_itself(
    run: Run, reports: Path, tmp_path: Path
) -> None:
    report = json.loads((reports / "vorwurf.flac.json").read_text())
    report["call"]["source"] = "\x1b[2Ja.wav"
    (tmp_path / "report.json").write_text(json.dumps(report))
    assert "\x1b" not in run("judge", tmp_path / "report.json").out
    (tmp_path / "labels.csv").write_text("call,mistake,verdict,reviewer\na,rushed,\x1b[2J,kl\n")
    assert "\x1b" not in run("calibrate", tmp_path / "labels.csv", reports).err


def test_judging_loads_neither_sound_nor_model(reports: Path) -> None:
    heavy = (
        "scipy",
        "sklearn",
        "av",
        "soundfile",
        "faster_whisper",
        "jinja2",
        "callvoice.pipeline",
    )
    code = (
        f"import sys\nfrom callvoice import cli\ntry: cli.main(['judge', {str(reports)!r}])\n"
        f"except SystemExit: pass\nprint([m for m in {heavy} if m in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    "command", [("judge",), ("calibrate",), ("baseline",), ("baseline", "add")]
)
def test_help_teaches_and_loads_nothing(command: tuple[str, ...]) -> None:
    code = (
        f"import sys\nfrom callvoice import cli\ntry: cli.main([*{command}, '--help'])\n"
        "except SystemExit: pass\n"
        "print([m for m in ('numpy', 'sklearn', 'rich') if m in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"
    assert "Usage: callvoice" in done.stdout


# --- calibration ---------------------------------------------------------------------------------


def many(reports: Path, folder: Path) -> Path:
    """Forty facts of calls that differ in tempo alone, of eight agents."""
    facts = facts_of(stored(reports))
    replace = msgspec.structs.replace
    folder.mkdir()
    for number in range(40):
        channels = tuple(
            replace(c, text_rate_syll_s=5.4 + 0.05 * number, turns=()) if c.role == "agent" else c
            for c in facts.channels
        )
        call = replace(facts.call, id=f"{number:016x}", source=f"c{number}.wav")
        one = replace(facts, call=call, channels=channels)
        (folder / f"c{number}.json").write_bytes(msgspec.json.encode(one))
    return folder


def filled_in(run: Run, results: Path, labels: Path) -> Path:
    """The template, with yes for all calls from 6 syllables a second on (c12), and R2 doubting."""
    assert run("calibrate", "--template", results, "-o", labels).code == 0
    rows = list(csv.DictReader(labels.open()))
    kept = [row for row in rows if row["mistake"] == "too_fast"]
    assert len(rows) == 8 * 40
    with labels.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        for row in kept:
            number = int(row["call"][1:-4])
            said = "yes" if number >= 12 else "no"
            row["agent"] = f"a{number % 8}"
            writer.writerow({**row, "verdict": said, "reviewer": "R1"})
            doubt = "unsure" if number % 5 == 0 else said
            writer.writerow({**row, "verdict": doubt, "reviewer": "R2"})
    return labels


def test_from_template_to_calibrated_verdicts(run: Run, reports: Path, tmp_path: Path) -> None:
    results = many(reports, tmp_path / "results")
    labels = filled_in(run, results, tmp_path / "labels.csv")
    target = tmp_path / "calibration.json"
    done = run("calibrate", labels, results, "-o", target)
    assert done.code == 0, done.err
    assert "too_fast: 72 labels on 8 agents" in done.out
    assert "alpha 1.00" in done.out
    assert "[limits.too_fast]" in done.out
    assert "In force only where" in done.err

    config = tmp_path / "callvoice.toml"
    config.write_text("")
    assert (
        run("judge", results, "--json", "-").out
        == run("judge", results, "--config", config, "--json", "-").out
    )  # beside the calibration, but not naming it
    config.write_text('calibration = "calibration.json"\n')
    lines = run("judge", results, "--config", config, "--json", "-").out.splitlines()
    found = {
        report["call"]["source"]: report["mistakes"][6]["status"]
        for report in map(json.loads, lines)
    }
    wrong = [c for c, s in found.items() if (s == "found") != (int(c[1:-4]) >= 12)]
    assert len(wrong) <= 1
    made = json.loads(lines[0])["provenance"]
    assert made["calibration"] == "calibration.json"
    assert len(made["calibration_digest"]) == 16


def test_a_calibration_for_other_limits_is_refused(run: Run, reports: Path, tmp_path: Path) -> None:
    results = many(reports, tmp_path / "results")
    labels = filled_in(run, results, tmp_path / "labels.csv")
    run("calibrate", labels, results, "-o", tmp_path / "calibration.json")
    config = tmp_path / "callvoice.toml"
    named = 'calibration = "calibration.json"\n'
    config.write_text(f"{named}[limits.too_fast]\nfast_share = 0.2\n")
    result = run("judge", results, "--config", config)
    assert result.code == 2
    assert "made with other limits for too_fast" in result.err
    config.write_text(f"{named}[limits.toneless]\nflat_share = 0.4\n")  # not calibrated
    assert run("judge", results, "--config", config).code == 0


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("{", "is not a calibration"),
        ('{"format_version": "1.0"}', "is not a calibration"),
        (
            '{"format_version":"9","date":"","n_labels":0,"labels_digest":"","maps":{}}',
            "has format 9",
        ),
        (
            '{"format_version":"1.0","date":"","n_labels":0,"labels_digest":"","maps":{"too_fast":'
            '{"method":"logistic","limits_digest":"","slope":-1}}}',
            "slope above 0",
        ),
        (
            '{"format_version":"1.0","date":"","n_labels":0,"labels_digest":"","maps":{"too_fast":'
            '{"method":"isotonic","limits_digest":"","knots":[[0.1,0.9],[0.2,0.1]]}}}',
            "must rise",
        ),
    ],
)
def test_a_calibration_that_cannot_be_used(
    run: Run, tmp_path: Path, content: str, says: str
) -> None:
    (tmp_path / "c.json").write_text(content)
    config = tmp_path / "callvoice.toml"
    config.write_text('calibration = "c.json"\n')
    result = run("explain", "1", "--config", config)
    assert result.code == 2
    assert says in result.err


def test_calibrate_needs_results(run: Run, tmp_path: Path) -> None:
    assert "RESULTS" in run("calibrate", tmp_path / "labels.csv").err
    result = run("calibrate", tmp_path / "labels.csv", SAMPLES)
    assert result.code == 2
    assert "cannot read the labels" in result.err


# --- the own impression --------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["de", "en"])
def test_the_template_is_a_file_to_fill_in(run: Run, tmp_path: Path, language: str) -> None:
    result = run("analyze", "--self-assessment-template", "--report-language", language)
    assert result.code == 0
    assert result.out == template(language)  # type: ignore[arg-type]
    path = tmp_path / "own.toml"
    path.write_text(result.out)
    with pytest.raises(InvalidSettings, match="not filled in"):
        read_self_assessment(path)
    filled = result.out.replace("# too_fast = 1", "too_fast = 4").replace('= ""', '= "Ruhig."', 1)
    path.write_text(filled)
    read = read_self_assessment(path)
    assert read.ratings == {"too_fast": 4}
    assert read.texts == ((next(iter(tomllib.loads(filled)["texts"])), "Ruhig."),)


def test_the_impression_stands_in_the_report(run: Run, sample: Path, tmp_path: Path) -> None:
    own, out, again = (tmp_path / name for name in ("own.json", "r.json", "again.json"))
    own.write_text('{"ratings": {"unclear": 1}, "texts": {"Wie war es?": " gut "}}')
    arguments = ("--transcript", TRANSCRIPT, "--self-assessment", own, "--json", out)
    assert run("analyze", sample, *arguments).code == 0
    expected = SelfAssessment({"unclear": 1}, (("Wie war es?", "gut"),))
    assert msgspec.json.decode(out.read_bytes(), type=Report).self_assessment == expected
    run("judge", out, "--json", again)
    assert msgspec.json.decode(again.read_bytes(), type=Report).self_assessment == expected


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[ratings]\nboring = 3\n", "'boring' is no mistake"),
        ("[ratings]\ntoo_fast = 6\n", "too_fast = 6 is not possible"),
        ("[ratings]\ntoo_fast = 0\n", "from 1"),
        ("[ratings]\ntoo_fast = 2.5\n", "is not a self-assessment"),
        ("[ratings\n", "is not a self-assessment"),
        ("[scores]\na = 1\n", "is not a self-assessment"),
        ('{"ratings": ', "is not a self-assessment"),
        ("", "not filled in"),
    ],
)
def test_what_is_wrong_with_an_impression_is_named(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "own.toml"
    path.write_text(text)
    with pytest.raises(InvalidSettings, match=says):
        read_self_assessment(path)


def test_an_impression_that_is_not_there_or_of_which_call(
    run: Run, sample: Path, tmp_path: Path
) -> None:
    with pytest.raises(UnreadableInput, match=r"none\.toml"):
        read_self_assessment(tmp_path / "none.toml")
    result = run("analyze", sample, sample, "--self-assessment", tmp_path / "own.toml")
    assert result.code == 2
    assert "--self-assessment belongs to one call" in result.err
