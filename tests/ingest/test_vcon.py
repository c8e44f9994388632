"""Calls in vCon containers: the audio, its parties, and nothing that the container may not do."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import noise
from recorder import by_soundfile, two_tones

from callvoice.errors import UnreadableInput
from callvoice.ingest.vcon import VconCall, is_vcon, load_vcon, read_vcon

STEREO = by_soundfile(two_tones(), 8000, "WAV", "PCM_16")
LEGS = [by_soundfile(noise(s), 8000, "WAV", "PCM_16") for s in (4.0, 3.0)]
PARTIES = [{"name": "B", "role": "customer"}, {"name": "A", "role": "agent"}]


def dialog(content: bytes = STEREO, **other: Any) -> dict[str, Any]:
    body = base64.urlsafe_b64encode(content).decode().rstrip("=")
    return {
        "type": "recording",
        "start": "2026-03-01T09:00:00Z",
        "parties": [0, 1],
        "mediatype": "audio/x-wav",
        "encoding": "base64url",
        "body": body,
    } | other


def vcon(*dialogs: dict[str, Any], **other: Any) -> bytes:
    whole = {"vcon": "0.4.0", "uuid": "x", "parties": PARTIES, "dialog": list(dialogs)} | other
    return json.dumps(whole).encode()


def read(*dialogs: dict[str, Any], **other: Any) -> VconCall:
    return read_vcon(vcon(*dialogs, **other), name="call.vcon")


def test_two_channels_with_their_parties(tmp_path: Path) -> None:
    path = tmp_path / "call.vcon"
    path.write_bytes(vcon(dialog()))
    assert is_vcon(path)
    call = load_vcon(path)
    assert call.audio.pcm.shape == (2, 32_000)
    assert call.roles == {"agent": 1, "caller": 0}
    assert call.start == datetime(2026, 3, 1, 9, tzinfo=UTC)
    assert call.dialogs == (0,)
    assert call.audio.notes == ()
    assert len(call.sha256) == 64


def test_a_recording_is_no_container(tmp_path: Path) -> None:
    path = tmp_path / "call.wav"
    path.write_bytes(STEREO)
    assert not is_vcon(path)
    assert not is_vcon(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("parties", "listed", "roles"),
    [
        (PARTIES, [1, 0], {"agent": 0, "caller": 1}),
        (PARTIES, [[0], [1]], {"agent": 1, "caller": 0}),
        ([{"role": "Agent"}, {"name": "?"}], [0, 1], {"agent": 0, "caller": 1}),
        ([{"name": "x"}, {"role": "client"}], [0, 1], {"agent": 0, "caller": 1}),
        ([{"name": "x"}, {"name": "y"}], [0, 1], {}),
        ([{"role": "agent"}, {"role": "agent"}], [0, 1], {}),
        (PARTIES, [[0, 1], 0], {}),
        (PARTIES, [0, 7], {"caller": 0, "agent": 1}),
        (PARTIES, [None, 1], {"agent": 1, "caller": 0}),
        (PARTIES, 0, {}),
        (PARTIES, None, {}),
    ],
)
def test_roles_where_the_container_tells(parties: Any, listed: Any, roles: dict[str, int]) -> None:
    assert read(dialog(parties=listed), parties=parties).roles == roles


def test_one_channel_has_no_roles() -> None:
    assert read(dialog(LEGS[0])).roles == {}


@pytest.mark.parametrize("change", [{"encoding": None}, {"encoding": "base64"}, {"start": "soon"}])
def test_small_departures_from_the_draft_are_read(change: dict[str, Any]) -> None:
    assert read(dialog(**change)).audio.n_channels == 2


def test_ordinary_base64_is_read() -> None:
    body = base64.b64encode(STEREO).decode()
    assert read(dialog(body=body)).audio.n_channels == 2


def test_two_legs_are_joined_by_their_start_times() -> None:
    later = "2026-03-01T10:00:01.500+01:00"
    call = read(dialog(LEGS[0], parties=0), dialog(LEGS[1], parties=[1], start=later))
    assert call.audio.duration_s == pytest.approx(4.5)
    assert not call.audio.pcm[1, : round(1.49 * 8000)].any()
    assert call.roles == {"agent": 1, "caller": 0}
    assert call.start == datetime(2026, 3, 1, 9, tzinfo=UTC)
    assert call.dialogs == (0, 1)


def test_of_several_dialogs_the_longest_is_read() -> None:
    text = {"type": "text", "start": "2026-03-01T09:00:00Z", "body": "hello", "encoding": "none"}
    later = dialog(LEGS[0], parties=0, start="2026-03-01T09:10:00Z")
    call = read(text, dialog(LEGS[1], parties=0), later)
    assert call.dialogs == (2,)
    assert call.audio.duration_s == 4.0
    assert call.audio.notes == ("several-dialogs",)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"{", "not a vCon"),
        (b"[]", "not a vCon"),
        (b"\xff\xfe", "not a vCon"),
        (b'{"dialog": [{"start": 1}]}', "not a vCon"),
        (b'{"x": ' + b"[" * 100_000, "not a vCon"),
        (vcon(), "no recording"),
        (vcon(dialog(body="")), "no recording"),
        (vcon(dialog(body={"a": 1})), "no recording"),
        (vcon(dialog(body="!!!!")), "base64url"),
        (vcon(dialog(encoding="json")), "base64url"),
        (vcon(dialog(b"just a letter " * 9)), "dialog 0 is not a recording"),
        (vcon(dialog(), critical=["x-ray"]), "x-ray"),
        (b'{"payload": "eyJ9", "signatures": []}', "signed"),
        (b'{"ciphertext": "x", "recipients": []}', "encrypted"),
    ],
)
def test_what_is_no_call_says_why(content: bytes, words: str) -> None:
    with pytest.raises(UnreadableInput, match=words):
        read_vcon(content, name="call.vcon")


@pytest.mark.parametrize("url", ["https://example.org/a.wav", "file:///etc/passwd", "../a.wav"])
def test_nothing_is_fetched_or_opened(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path.parent / "a.wav").write_bytes(STEREO)
    referred = dialog(url=url, content_hash="sha512-x")
    del referred["body"]
    with pytest.raises(UnreadableInput, match="fetches nothing"):
        read(referred)


def test_names_in_the_container_are_never_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    read(dialog(filename="../../escaped.wav"))
    assert list(tmp_path.iterdir()) == []


def test_a_container_inside_a_container_is_not_followed() -> None:
    with pytest.raises(UnreadableInput, match="not a recording"):
        read(dialog(vcon(dialog())))


def test_too_large_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("callvoice.ingest.vcon._LARGEST_BYTES", 1000)
    path = tmp_path / "call.vcon"
    path.write_bytes(vcon(dialog()))
    with pytest.raises(UnreadableInput, match="too large"):
        load_vcon(path)


def test_sound_is_that_of_the_file() -> None:
    samples = read(dialog()).audio.samples
    assert np.abs(samples.T - two_tones()).max() < 1e-4
