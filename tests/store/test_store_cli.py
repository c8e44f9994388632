"""The commands on a store, as a person types them."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result
from pyarrow import parquet

from callvoice.batch import survey
from callvoice.batch.progress import State
from callvoice.batch.summary import Summary
from callvoice.cli.doctor import doctor
from callvoice.cli.export import _TABLES, export
from callvoice.cli.purge import purge
from callvoice.cli.review import review
from callvoice.cli.show import show
from callvoice.cli.stats import stats
from callvoice.cli.stored import DAY
from callvoice.errors import CallvoiceError
from callvoice.store import Result as Kept
from callvoice.store import Task, open_store
from callvoice.store.tables import NAMES

pytest_plugins = ["stores"]


@pytest.fixture
def folder(tmp_path: Path, make_result: Callable[..., Kept]) -> Path:
    with open_store(tmp_path / "w") as store:
        store.save([make_result(number) for number in range(16)], durable=False)
    return tmp_path / "w"


def call(command: click.Command, *arguments: object) -> Result:
    done = CliRunner().invoke(command, [str(a) for a in arguments], catch_exceptions=True)
    if done.exception and not isinstance(done.exception, SystemExit | CallvoiceError):
        raise done.exception
    return done


def test_stats_prints_a_table_and_says_what_is_hidden(folder: Path) -> None:
    done = call(stats, "--workspace", folder, "--by", "mistake,week")
    assert done.exit_code == 0
    assert "2026-W45" in done.stdout
    lines = call(stats, "--workspace", folder, "--json").stdout.splitlines()
    assert {json.loads(line)["calls"] for line in lines} == {16}
    hidden = call(stats, "--workspace", folder, "--by", "queue,week", "--until", "2026-11-03")
    assert "3 groups of fewer than 5 calls are not shown" in hidden.stdout
    assert call(stats, "--workspace", folder, "--by", "agent").exit_code == 2


def test_reviews_are_kept_and_the_last_word_counts(folder: Path, tmp_path: Path) -> None:
    labels = tmp_path / "labels.csv"
    for said in ("yes", "no"):
        labels.write_text(
            "call,mistake,verdict,reviewer\n"
            f"call-5.wav,rushed,{said},kl\ncall-5.wav,rushed,ja,br\n"
            "call-5.wav,unclear,,kl\nelsewhere.wav,rushed,yes,kl\n"
        )
        done = call(review, labels, "--workspace", folder)
        assert "2 reviews kept" in done.stderr
        assert "elsewhere.wav" in done.stderr
    everything = json.loads(call(show, "call-5.wav", "--json", "--workspace", folder).stdout)
    kept = {(r["mistake"], r["reviewer"], r["verdict"]) for r in everything["reviews"]}
    assert kept == {("rushed", "kl", "no"), ("rushed", "br", "yes")}


def test_names_do_not_write_to_the_terminal_by_themselves(folder: Path, tmp_path: Path) -> None:
    labels, evil = tmp_path / "labels.csv", "\x1b[2Ja\x07.wav"
    labels.write_text(f"call,mistake,verdict,reviewer\n{evil},rushed,yes,kl\n")
    said = call(review, labels, "--workspace", folder).stderr
    assert ("\\x1b[2Ja\\x07.wav" in said, "\x1b" in said) == (True, False)
    with open_store(folder) as store:
        store.enqueue([Task(key="k", source=evil, duration_s=1.0)])
        item = store.claim("w", 60.0)
        assert item is not None
        store.fail(item, "unreadable-input", f"{evil} is not a recording")
        end = Summary(survey.tally(store, ["k"]), State(), 0, "callvoice batch --retry-failed")
    lines = [*end.in_lines(), call(doctor, "--workspace", folder).stdout]
    assert not any(sign in line for sign in "\x1b\x07" for line in lines)


def test_show_prints_the_report(folder: Path) -> None:
    done = call(show, "call-5.wav", "--workspace", folder)
    assert "Rechnung" in done.stdout
    assert "call-5.wav" in done.stdout
    everything = json.loads(call(show, "call-5.wav", "--json", "--workspace", folder).stdout)
    assert everything["call"]["source"] == "call-5.wav"
    assert "name the store" in call(show, "call-5.wav").stderr
    assert "no call 'nowhere'" in call(show, "nowhere", "--workspace", folder).stderr


def test_export_to_a_file_and_to_stdout(folder: Path, tmp_path: Path) -> None:
    target = tmp_path / "x.parquet"
    done = call(export, "--workspace", folder, "-o", target)
    assert "16 rows written" in done.stderr
    assert parquet.read_table(target).num_rows == 16
    lines = call(export, "--workspace", folder, "--format", "jsonl", "-o", "-").stdout
    assert len(lines.splitlines()) == 16
    assert call(export, "--workspace", folder, "-o", "-").exit_code == 2
    vcons = call(export, "--workspace", folder, "--format", "vcon", "-o", tmp_path / "v")
    assert "16 calls written" in vcons.stderr
    assert _TABLES == NAMES


def test_a_file_holds_what_its_name_says(folder: Path, tmp_path: Path) -> None:
    target = tmp_path / "x.csv"
    assert call(export, "--workspace", folder, "-o", target).exit_code == 0
    assert len(target.read_text("utf-8-sig").splitlines()) == 17
    for name, form in (("y.csv", "jsonl"), ("y.xlsx", "csv"), ("y.parquet", "csv")):
        done = call(export, "--workspace", folder, "-o", tmp_path / name, "--format", form)
        assert (done.exit_code, (tmp_path / name).exists()) == (2, False)
    assert ".parquet, .csv, .jsonl" in call(export, "-o", tmp_path / "y.xlsx").stderr
    assert call(export, "--workspace", folder, "-o", tmp_path / "plain").exit_code == 0
    assert parquet.read_table(tmp_path / "plain").num_rows == 16


def test_purge_asks_counts_and_proves(folder: Path, tmp_path: Path) -> None:
    what = ("--workspace", folder, "--agent", "Agent 1")
    assert call(purge, "--workspace", folder).exit_code == 2
    listed = call(purge, *what, "--dry-run").stdout.splitlines()
    assert len(listed) == 4
    assert all(re.fullmatch(r"[0-9a-f]+  2026-\d\d-\d\d  call-\d+\.wav", line) for line in listed)
    assert "--yes" in call(purge, *what).stderr
    done = call(purge, *what, "--yes", "--proof", tmp_path / "proof.json")
    assert (done.exit_code, "nothing of them is left" in done.stderr) == (0, True)
    proof = json.loads((tmp_path / "proof.json").read_text())
    assert (len(proof["calls"]), proof["left_rows"], proof["rebuilt"]) == (4, 0, True)
    (tmp_path / "list").write_text("# objections\ncustomer=3\n")
    listed = call(purge, "--workspace", folder, "--objections", tmp_path / "list", "--yes")
    assert "2 calls removed" in listed.stderr


@pytest.mark.parametrize("what", [("--call", "typo.wav"), ("--agent", "Typo")])
def test_a_name_that_matches_nothing_is_no_success(
    folder: Path, tmp_path: Path, what: tuple[str, str]
) -> None:
    proof = tmp_path / "proof.json"
    done = call(purge, "--workspace", folder, *what, "--yes", "--proof", proof)
    assert done.exit_code == 2
    assert f"nothing here matches {what[1]}" in done.stderr
    assert json.loads(proof.read_text())["unmatched"] == [what[1]]
    assert call(purge, "--workspace", folder, *what, "--dry-run").exit_code == 2
    both = call(purge, "--workspace", folder, *what, "--call", "call-5.wav", "--yes")
    assert both.exit_code == 2
    assert "1 calls removed" in both.stderr


def test_a_line_of_a_list_that_matches_nothing_is_said(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "list").write_text("call-5.wav\ncustomer=none\nin the queue.wav\n")
    with open_store(folder) as store:
        store.enqueue([Task(key="k", source="in the queue.wav", duration_s=1.0)])
    what = ("--objections", tmp_path / "list", "--yes", "--proof", tmp_path / "proof.json")
    done = call(purge, "--workspace", folder, *what)
    assert done.exit_code == 0
    assert "1 calls removed" in done.stderr
    assert json.loads((tmp_path / "proof.json").read_text())["unmatched"] == ["customer=none"]
    assert call(purge, "--workspace", folder, "--before", "2020-01-01", "--yes").exit_code == 0


def test_doctor_says_what_to_do_and_fails_where_something_is_wrong(folder: Path) -> None:
    assert call(doctor, "--workspace", folder).exit_code == 0
    (folder / "agents.key").chmod(0o644)
    done = call(doctor, "--workspace", folder)
    assert (done.exit_code, "→ The key" in done.stdout) == (1, True)
    checks = call(doctor, "--workspace", folder, "--json").stdout.splitlines()
    assert {json.loads(line)["state"] for line in checks} == {"ok", "error"}


def test_a_folder_without_a_store_is_not_made_one(tmp_path: Path) -> None:
    done = call(doctor, "--workspace", tmp_path)
    assert "holds no store" in str(done.exception)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", [stats, show, export, purge, doctor])
def test_help_has_an_example(command: click.Command) -> None:
    assert "--workspace DIR" in call(command, "--help").stdout


def test_days_may_be_ago() -> None:
    assert DAY.convert("2026-11-22", None, None) == date(2026, 11, 22)
    assert DAY.convert("2w", None, None) == date.today() - timedelta(days=14)
    for wrong in ("yesterday", "99999999999d", "12"):
        with pytest.raises(click.BadParameter, match="is no day"):
            DAY.convert(wrong, None, None)


def test_help_does_not_load_the_database() -> None:
    code = "import sys, callvoice.cli.stats, callvoice.cli.export, callvoice.cli.purge,"
    code += " callvoice.cli.show, callvoice.cli.doctor; print('sqlalchemy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
