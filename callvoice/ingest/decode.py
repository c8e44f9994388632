"""Any recording in, one ``Audio`` out. Channels stay apart; nothing is mixed or normalised.

soundfile (libsndfile) reads first; PyAV (FFmpeg) reads what it cannot. Files are opened here and
handed over as streams, so that a name in any encoding works.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import IO, TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from callvoice.errors import (
    NothingToAnalyse,
    TruncatedInput,
    UnreadableInput,
    UnsupportedAudio,
    printable,
)
from callvoice.types import Audio

MIN_RATE_HZ = 4_000  # below this even the telephone band is not in the recording
MAX_RATE_HZ = 192_000
MAX_CHANNELS = 2
_MIN_SAMPLES = 2
_BLOCK = 4096  # small, so that little is lost where a file breaks off
_COMPARED = 1 << 20
_MAX_FRAMES = 24 * 3600 * MAX_RATE_HZ  # a day; more is no call but a broken header
_SIXTEEN_BITS = {"PCM_16", "PCM_S8", "PCM_U8", "ALAW", "ULAW", "GSM610", "IMA_ADPCM", "MS_ADPCM"}
_SIZE_UNKNOWN = {0, 0xFFFFFFFF}  # what recorders write that stream into a pipe
_Samples = NDArray[np.float32] | NDArray[np.int16]

if TYPE_CHECKING:
    import av.container
    import soundfile


def load(path: Path) -> tuple[Audio, str]:
    """Decode a recording.

    Returns:
        The audio and the sha256 of the file's bytes.

    Raises:
        UnreadableInput: missing, a folder, not permitted, empty, or not a recording.
        TruncatedInput: the file breaks off before its first sample.
        UnsupportedAudio: more than two channels, or a rate outside 4–192 kHz.
        NothingToAnalyse: no samples.
    """
    try:
        with path.open("rb") as stream:
            sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
            if stream.tell() == 0:
                raise UnreadableInput(
                    f"{printable(path)} is empty (0 bytes): was the recording saved?"
                )
            audio = _decode(stream, path)
    except OSError as error:
        raise UnreadableInput(_why(path, error)) from error
    return audio, sha256


def _why(path: Path, error: OSError) -> str:
    name = printable(path)
    match error:
        case FileNotFoundError():
            return f"{name} does not exist: check the path."
        case IsADirectoryError():
            return f"{name} is a folder: name the recordings in it, for example {name}/*.wav"
        case PermissionError():
            return f"{name} may not be read by this user: check its permissions."
        case _:
            return f"{name} cannot be read: {error.strerror or error}"


def _decode(stream: IO[bytes], path: Path) -> Audio:
    import soundfile

    stream.seek(0)
    try:
        samples, rate_hz, notes = _with_soundfile(stream, path)
    except soundfile.SoundFileError:
        stream.seek(0)
        samples, rate_hz, notes = _with_av(stream, path)
    if samples.shape[1] < _MIN_SAMPLES:
        raise NothingToAnalyse(f"{printable(path)} holds {samples.shape[1]} samples: no sound.")
    samples, mended = _finite(samples, path)
    audio = Audio(samples, rate_hz, notes + mended)
    if _dual_mono(audio):
        return Audio(samples[:1], rate_hz, (*audio.notes, "identical-channels"))
    return audio


def _dual_mono(audio: Audio) -> bool:
    """Whether two channels carry the same sound: one party per channel is then not to be had."""
    if audio.n_channels != 2:
        return False
    sound, difference = 0.0, 0.0
    for start in range(0, audio.pcm.shape[1], _COMPARED):
        left, right = (audio.channel(n, start, start + _COMPARED) for n in (0, 1))
        sound += float(np.sum(np.square(left)) + np.sum(np.square(right)))
        difference += float(np.sum(np.square(left - right)))
    return sound > 0 and difference < 1e-4 * sound


def _check_form(n_channels: int, rate_hz: int, path: Path) -> None:
    if not 1 <= n_channels <= MAX_CHANNELS:
        raise UnsupportedAudio(
            f"{printable(path)} has {n_channels} channels: callvoice reads one (both parties mixed)"
            " or two (one per party). Extract the two that carry the call."
        )
    if not MIN_RATE_HZ <= rate_hz <= MAX_RATE_HZ:
        raise UnsupportedAudio(
            f"{printable(path)} has a sampling rate of {rate_hz} Hz: callvoice reads"
            f" {MIN_RATE_HZ}–{MAX_RATE_HZ} Hz. Convert it, or correct its header."
        )


def _with_soundfile(stream: IO[bytes], path: Path) -> tuple[_Samples, int, tuple[str, ...]]:
    import soundfile

    with soundfile.SoundFile(stream) as file:
        _check_form(file.channels, file.samplerate, path)
        expected = file.frames
        if expected > _MAX_FRAMES:
            raise UnreadableInput(
                f"{printable(path)} claims to hold {expected} samples: its header is damaged."
            )
        samples, broke_off = _read_what_is_there(file)
        short = broke_off or samples.shape[1] < expected or _header_promises_more(file.extra_info)
        rate_hz = int(file.samplerate)
    if short and samples.shape[1] == 0:
        raise TruncatedInput(
            f"{printable(path)} breaks off before its first sample: copy it again from its source."
        )
    return samples, rate_hz, ("truncated",) if short else ()


def _read_what_is_there(file: soundfile.SoundFile) -> tuple[_Samples, bool]:
    """All samples up to the first that cannot be decoded: a call cut short is still a call.

    They are written where they stay: a copy of a call of hours would be one too many.
    """
    import soundfile

    dtype = "int16" if file.subtype in _SIXTEEN_BITS else "float32"
    samples = np.empty((file.channels, file.frames), dtype)
    done = 0
    try:
        while len(block := file.read(_BLOCK, dtype=dtype, always_2d=True)):
            samples[:, done : done + len(block)] = block.T
            done += len(block)
    except soundfile.SoundFileError:
        return samples[:, :done], True
    return samples[:, :done], False


def _header_promises_more(extra_info: str) -> bool:
    """Whether libsndfile's log says that a chunk is shorter than its header states."""
    sizes = re.findall(r"^\s*(?:data|SSND)\s*:\s*(\d+) \(should be", extra_info, re.MULTILINE)
    return any(int(size) not in _SIZE_UNKNOWN for size in sizes)


def _with_av(stream: IO[bytes], path: Path) -> tuple[_Samples, int, tuple[str, ...]]:
    import av

    try:
        with av.open(stream, mode="r", metadata_errors="ignore") as container:
            if not container.streams.audio:
                raise UnreadableInput(f"{printable(path)} holds no audio stream.")
            source = container.streams.audio[0]
            n_channels, rate_hz = source.codec_context.channels, source.codec_context.sample_rate
            if not n_channels or not rate_hz:  # FFmpeg takes much for sound that is none
                raise _undecodable(path)
            _check_form(n_channels, rate_hz, path)
            blocks, broke_off = _av_blocks(container, n_channels)
    except (av.FFmpegError, ValueError) as error:
        raise _undecodable(path) from error
    if broke_off and not blocks:
        raise TruncatedInput(f"{printable(path)} breaks off before its first sample.")
    samples = np.concatenate(blocks, axis=1) if blocks else np.zeros((n_channels, 0), np.float32)
    return samples, rate_hz, ("truncated",) if broke_off else ()


def _undecodable(path: Path) -> UnreadableInput:
    return UnreadableInput(
        f"{printable(path)} is not a recording that callvoice can decode (tried libsndfile and"
        " FFmpeg): is it audio, and complete?"
    )


def _av_blocks(
    container: av.container.InputContainer, n_channels: int
) -> tuple[list[NDArray[np.float32]], bool]:
    import av

    resampler = av.AudioResampler(format="fltp")
    blocks: list[NDArray[np.float32]] = []
    try:
        for frame in container.decode(audio=0):
            for converted in resampler.resample(frame):
                planes = np.asarray(converted.to_ndarray(), np.float32)
                blocks.append(planes.reshape(n_channels, -1))
    except av.FFmpegError:
        return blocks, True
    return blocks, False


def _finite(samples: _Samples, path: Path) -> tuple[_Samples, tuple[str, ...]]:
    """Silence in place of NaN and infinity, with a note; nothing is left where all are such."""
    if samples.dtype == np.int16:
        return samples, ()
    bad = ~np.isfinite(samples)
    if not bad.any():
        return samples, ()
    if bad.all():
        raise UnreadableInput(f"{printable(path)} holds no finite sample: the file is damaged.")
    return np.where(bad, np.float32(0), samples), ("non-finite-samples",)
