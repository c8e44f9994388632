"""What a batch asks its store."""

from __future__ import annotations

from pathlib import Path

from callvoice.batch import survey
from callvoice.store import Run, open_store


def test_a_run_of_one_call_tells_no_speed(tmp_path: Path) -> None:
    """Most of its time was the model's loading."""
    with open_store(tmp_path) as store:
        for n_analysed, heard_audio_s in ((20, 600.0), (1, 30.0)):
            number = store.start_run(Run("r", {"model": "base", "n_workers": 1}))
            told = {"n_analysed": n_analysed, "heard_audio_s": heard_audio_s, "elapsed_s": 60.0}
            store.end_run(number, told)
        assert survey.measured_speed(store, "base") == 10.0
