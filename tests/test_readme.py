"""What the README shows works as written, and what it lists is complete."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT

from callvoice import errors
from callvoice.report.texts import load_texts

README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)


@pytest.mark.recogniser
@pytest.mark.parametrize("block", BLOCKS, ids=[b.split("\n")[0][:40] for b in BLOCKS])
def test_code_blocks_run_as_written(block: str, tmp_path: Path) -> None:
    (tmp_path / "sample_audio").symlink_to(ROOT / "sample_audio")
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", block],
        cwd=tmp_path,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def all_errors(base: type[errors.CallvoiceError]) -> set[type[errors.CallvoiceError]]:
    direct = set(base.__subclasses__())
    return direct.union(*(all_errors(one) for one in direct)) if direct else direct


def test_every_error_slug_is_explained() -> None:
    explained = set(re.findall(r"^\| `([a-z-]+)` \|", README, re.MULTILINE))
    assert explained == {error.slug for error in all_errors(errors.CallvoiceError)}


def test_every_note_is_explained() -> None:
    for note in load_texts("en").note:
        assert f"`{note}`" in README


def test_the_report_shown_is_the_one_that_the_program_prints() -> None:
    shown = README.split("<!-- report: begin -->")[1].split("<!-- report: end -->")[0]
    for number in range(1, 9):
        assert re.search(rf"^ [●✓–] {number} ", shown, re.MULTILINE)
