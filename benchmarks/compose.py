"""Two-channel telephone calls composed of real sentences, with written-down truth.

    python benchmarks/compose.py DATA OUT [--recipe melody=0.2 --recipe interruptions=4] [--calls 5]

``DATA`` holds ``*.flac`` sentences of several speakers (the first two characters of a name are the
speaker, the sixth the style), their texts in ``<name>.txt`` or, by the three characters behind the
speaker, in ``README.md`` of the folder above as "a01 Text · a02 Text". ``OUT`` receives a WAV, a
transcript and the truth of each call. Needs the extra ``bench``.

Every sentence passes through WORLD (Morise et al. 2016), also where nothing is changed, so that a
dose differs from none in the dose alone. Words of the kind that some mistakes need (greetings,
reproaches, troubles) are written here; their sound is a sentence of the speaker at the length that
their syllables take. A call's transcript therefore bears on its words, its sound on its timing.
"""

from __future__ import annotations

import argparse
import io
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import pyworld
import soundfile
import soxr
from numpy.typing import NDArray
from phrasings import (
    AGAINST,
    BRUSH_OFFS,
    CARING,
    GREETINGS,
    HURRYING,
    NUMBERS,
    REPAIRS,
    SHORT,
    TROUBLES,
)
from scipy import ndimage
from sounds import TELEPHONE_HZ, telephone

from callvoice.text.syllables import count_syllables

Samples = NDArray[np.float32]
_RATE_HZ = 16000
_FRAME_S = 0.005
_LEVEL_DB = -26.0
_FADE_S = 0.01
_STYLES = "NF"  # plain and friendly ones; others would be doses of their own


@dataclass(frozen=True)
class Clip:
    """One sentence of a speaker, 16 kHz, without silence at its ends."""

    text: str
    sound: NDArray[np.float64]

    @cached_property
    def n_syllables(self) -> int:
        """Syllables of the text."""
        return count_syllables(self.text, "de")

    @cached_property
    def world(self) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """F0 in Hz ``[n_frames]``, 0 unvoiced; envelope and aperiodicity ``[n_frames, n_bins]``."""
        f0, times = pyworld.harvest(self.sound, _RATE_HZ, frame_period=_FRAME_S * 1000)
        f0 = pyworld.stonemask(self.sound, f0, times, _RATE_HZ)
        envelope = pyworld.cheaptrick(self.sound, f0, times, _RATE_HZ)
        return f0, envelope, pyworld.d4c(self.sound, f0, times, _RATE_HZ)

    def spoken(self, *, length_s: float, melody: float, slur_s: float, median_hz: float) -> Samples:
        """The sentence in another length, with its melody scaled around the speaker's median (in
        semitones) and its articulation smeared over ``slur_s``.
        """
        f0, envelope, aperiodicity = self.world
        n = max(round(length_s / _FRAME_S), 2)
        at = np.linspace(0, len(f0) - 1, n)
        nearest = np.round(at).astype(int)
        voiced = f0[nearest]
        scaled = np.where(
            voiced > 0, median_hz * (np.maximum(voiced, 1) / median_hz) ** melody, 0.0
        )
        envelope = envelope[nearest]
        if slur_s:
            envelope = np.exp(
                ndimage.gaussian_filter1d(np.log(envelope), slur_s / _FRAME_S, axis=0)
            )
        made = pyworld.synthesize(
            scaled,
            np.ascontiguousarray(envelope),
            np.ascontiguousarray(aperiodicity[nearest]),
            _RATE_HZ,
            _FRAME_S * 1000,
        )
        return np.asarray(made, np.float32)


@dataclass(frozen=True)
class Voice:
    """A speaker and the sentences there are of him or her."""

    name: str
    clips: tuple[Clip, ...]

    @cached_property
    def median_hz(self) -> float:
        """Median F0 over all sentences."""
        f0 = np.concatenate([clip.world[0] for clip in self.clips])
        return float(np.median(f0[f0 > 0]))


@dataclass(frozen=True)
class Recipe:
    """How a call is made; as it stands, without any mistake.

    ``melody`` scales the agent's melody, ``rate_syll_s`` is the agent's articulation rate,
    ``slur_s`` smears it. ``gap_s`` is before the agent's answers, ``pause_s`` between the agent's
    sentences, ``sentences`` are in each of the agent's turns. ``acknowledged`` is the share of the
    caller's turns with an acknowledgement, ``interruptions`` the number of those broken off,
    ``hurrying``, ``against``, ``repairs`` and ``numbers`` the number of turns with such a phrase;
    a number is said at ``number_syll_s``. A ``gap_s`` below 0 is an answer that begins before the
    caller has ended. Over the call the agent gets faster by ``rise_syll_s`` and quieter by
    ``fade_db``.
    ``greeting`` is a number of syllables about which a greeting is chosen; ``cared`` says whether
    the trouble gets a kind word, ``short`` the share of one-word answers. ``snr_db``, ``level_db``,
    ``agc``, ``codec``, ``bleed_db`` and ``mono`` make the line. ``turns`` are the agent's.
    """

    melody: float = 1.0
    rate_syll_s: float = 5.0
    rise_syll_s: float = 0.0
    fade_db: float = 0.0
    slur_s: float = 0.0
    gap_s: float = 0.35
    pause_s: float = 0.45
    sentences: int = 2
    acknowledged: float = 0.7
    interruptions: int = 0
    hurrying: int = 0
    against: int = 0
    repairs: int = 0
    numbers: int = 0
    number_syll_s: float = 4.6
    greeting: int = 15
    cared: bool = True
    short: float = 0.0
    snr_db: float = 40.0
    babble: bool = False
    level_db: float = _LEVEL_DB
    agc: bool = False
    codec: str = "alaw"
    bleed_db: float | None = None
    mono: bool = False
    turns: int = 10


@dataclass
class Said:
    """A turn or a piece of one, as placed."""

    role: str
    start_s: float
    end_s: float
    text: str


@dataclass
class Composed:
    """A call: sound ``[n_channels, n_samples]`` at 8 kHz, the agent first; its turns; the places
    of what was done, as (what, start, end).
    """

    samples: Samples
    turns: list[Said] = field(default_factory=list)
    places: list[tuple[str, float, float]] = field(default_factory=list)

    def transcript(self) -> bytes:
        """The turns as ``callvoice analyze --transcript`` reads them."""
        return json.dumps({"language": "de", "turns": [vars(t) for t in self.turns]}).encode()

    def wav(self) -> bytes:
        """The recording."""
        file = io.BytesIO()
        soundfile.write(file, self.samples.T, TELEPHONE_HZ, format="WAV", subtype="PCM_16")
        return file.getvalue()


def read_voices(folder: Path, styles: str = _STYLES) -> list[Voice]:
    """The speakers of a folder, by name."""
    readme = folder.parent / "README.md"
    known = (
        dict(re.findall(r"\b([ab]\d\d) ([^·\n]+?)(?: ·|\n)", readme.read_text("utf-8")))
        if readme.exists()
        else {}
    )
    clips: dict[str, list[Clip]] = {}
    for path in sorted(folder.glob("*.flac")):
        beside = path.with_suffix(".txt")
        text = beside.read_text("utf-8").strip() if beside.exists() else known.get(path.name[2:5])
        if text and path.stem[5:6] in styles:
            clips.setdefault(path.name[:2], []).append(Clip(text, _trimmed(path)))
    return [Voice(name, tuple(few)) for name, few in clips.items()]


def _trimmed(path: Path) -> NDArray[np.float64]:
    """16 kHz, RMS 1 where there is speech, silence at both ends cut off."""
    sound, rate_hz = soundfile.read(path)
    sound = soxr.resample(sound, rate_hz, _RATE_HZ)
    power = ndimage.uniform_filter1d(sound**2, round(0.02 * _RATE_HZ))
    loud = np.flatnonzero(power > 1e-3 * power.max())
    sound = sound[loud[0] : loud[-1] + 1]
    return sound / np.sqrt(np.mean(sound**2))


class _Composer:
    """One call in the making."""

    def __init__(self, recipe: Recipe, agent: Voice, caller: Voice, seed: int) -> None:
        self.recipe = recipe
        self.voices = {"agent": agent, "caller": caller}
        self.rng = np.random.default_rng(seed)
        self.at_s = 0.6
        self.progress = 0.0  # of the call, 0…1
        self.turns: list[Said] = []
        self.places: list[tuple[str, float, float]] = []
        self.sounds: list[tuple[str, float, Samples]] = []
        self.decks: dict[str, list[Clip]] = {"agent": [], "caller": []}

    def clip(self, role: str) -> Clip:
        """The next sentence: all are heard once before one comes again."""
        if not self.decks[role]:
            clips = self.voices[role].clips
            self.decks[role] = [clips[i] for i in self.rng.permutation(len(clips))]
        return self.decks[role].pop()

    def some(self, few: Sequence[str]) -> str:
        return few[int(self.rng.integers(len(few)))]

    def say(
        self,
        role: str,
        text: str | None = None,
        *,
        move: bool = True,
        rate_syll_s: float | None = None,
    ) -> Said:
        """Place a sentence where the call stands; the clip's own words, or ``text``."""
        clip = self.clip(role)
        text = text or clip.text
        mine, recipe = role == "agent", self.recipe
        rate = rate_syll_s or (self._rate() if mine else 4.9)
        length_s = count_syllables(text, "de") / (rate * self.rng.uniform(0.94, 1.06))
        sound = clip.spoken(
            length_s=max(length_s, 0.2),
            melody=recipe.melody if mine else 1.0,
            slur_s=recipe.slur_s if mine else 0.0,
            median_hz=self.voices[role].median_hz,
        )
        if mine:
            sound = sound * np.float32(10 ** (-recipe.fade_db * self.progress / 20))
        said = Said(role, self.at_s, self.at_s + len(sound) / _RATE_HZ, text)
        self.sounds.append((role, self.at_s, sound))
        self.turns.append(said)
        if move:
            self.at_s = said.end_s
        return said

    def _rate(self) -> float:
        return self.recipe.rate_syll_s + self.recipe.rise_syll_s * (self.progress - 0.5)

    def wait(self, seconds: float) -> None:
        self.at_s += seconds * self.rng.uniform(0.8, 1.2)

    def mark(self, what: str, start_s: float, end_s: float) -> None:
        self.places.append((what, round(start_s, 3), round(end_s, 3)))

    # -- the call ------------------------------------------------------------------------------

    def call(self) -> None:
        """Greeting, trouble, then turns by turns."""
        recipe = self.recipe
        plan = self._plan()
        self._greet()
        for number in range(recipe.turns):
            self.progress = number / max(recipe.turns - 1, 1)
            self.wait(0.4)
            broken_off = "interruption" in plan[number]
            self._caller(number, plan[number], broken_off=broken_off)
            if not broken_off:
                self.wait(recipe.gap_s)
            self._agent(number, plan[number])

    def _plan(self) -> list[set[str]]:
        """In which of the agent's turns what happens; the first belongs to the trouble."""
        plan: list[set[str]] = [set() for _ in range(self.recipe.turns)]
        numbers = {
            "interruption": self.recipe.interruptions,
            "hurrying": self.recipe.hurrying,
            "against": self.recipe.against,
            "repair": self.recipe.repairs,
            "number": self.recipe.numbers,
        }
        for what, n in numbers.items():
            for turn in self.rng.permutation(np.arange(1, self.recipe.turns))[:n]:
                plan[turn].add(what)
        return plan

    def _greet(self) -> None:
        lengths = {text: count_syllables(text, "de") for text in GREETINGS}
        nearest = sorted(lengths, key=lambda text: abs(lengths[text] - self.recipe.greeting))
        said = self.say("agent", self.some(nearest[:3]))
        self.mark("greeting", said.start_s, said.end_s)

    def _caller(self, number: int, plan: set[str], *, broken_off: bool) -> None:
        first = self.some(TROUBLES) if number == 0 else None
        if "repair" in plan:
            first = self.some(REPAIRS)
        begun = self.say("caller", first)
        if "repair" in plan:
            self.mark("repair", begun.start_s, begun.end_s)
        self.wait(0.45)
        last = self.say("caller")
        if broken_off:
            self._break_off(last)
        elif self.rng.uniform() < self.recipe.acknowledged:
            self._acknowledge(last)

    def _break_off(self, last: Said) -> None:
        """The agent begins inside the caller's sentence, who stops soon after."""
        self.at_s = last.start_s + 0.45 * (last.end_s - last.start_s)
        last.end_s = min(self.at_s + 0.8, last.end_s)
        role, start_s, sound = self.sounds.pop()
        kept = sound[: round((last.end_s - start_s) * _RATE_HZ)]
        self.sounds.append((role, start_s, kept))
        self.mark("interruption", self.at_s, last.end_s)

    def _acknowledge(self, during: Said) -> None:
        back = self.at_s
        self.at_s = during.start_s + 0.3 * (during.end_s - during.start_s)
        self.say("agent", "Mhm, ja.", move=False)
        self.at_s = back

    def _agent(self, number: int, plan: set[str]) -> None:
        recipe = self.recipe
        phrases = self._phrases(number, plan)
        if not phrases and self.rng.uniform() < recipe.short:
            self.say("agent", self.some(SHORT))
            return
        for what, text in phrases:
            rate = recipe.number_syll_s if what == "number" else None
            said = self.say("agent", text, rate_syll_s=rate)
            self.mark(what, said.start_s, said.end_s)
            self.wait(recipe.pause_s)
        for left in range(recipe.sentences, 0, -1):
            self.say("agent")
            if left > 1:
                self.wait(recipe.pause_s)

    def _phrases(self, number: int, plan: set[str]) -> list[tuple[str, str]]:
        """What the agent's turn says in so many words, before other sentences."""
        words = {"hurrying": HURRYING, "against": AGAINST, "number": NUMBERS}
        answer = CARING if self.recipe.cared else BRUSH_OFFS
        first = [("answer", self.some(answer))] if number == 0 else []
        return first + [(what, self.some(few)) for what, few in words.items() if what in plan]

    # -- the line ------------------------------------------------------------------------------

    def finished(self) -> Composed:
        n = round((self.at_s + 0.6) * _RATE_HZ)
        channels = np.zeros((2, n), np.float32)
        for role, start_s, sound in self.sounds:
            begin = round(start_s * _RATE_HZ)
            piece = _faded(sound)[: n - begin]
            channels[0 if role == "agent" else 1, begin : begin + len(piece)] += piece
        line = np.stack([self._line(channel) for channel in channels])
        if self.recipe.bleed_db is not None:
            line = line + 10 ** (self.recipe.bleed_db / 20) * line[::-1]
        if self.recipe.mono:
            line = line.mean(axis=0, keepdims=True)
        self.turns.sort(key=lambda said: said.start_s)
        return Composed(np.clip(line, -1, 1), self.turns, self.places)

    def _line(self, channel: Samples) -> Samples:
        recipe = self.recipe
        sound = channel * np.float32(10 ** (recipe.level_db / 20))
        if recipe.agc:
            sound = _evened(sound)
        noise = self.rng.standard_normal(len(sound)) if not recipe.babble else self._babble(sound)
        noise *= 10 ** ((recipe.level_db - recipe.snr_db) / 20)
        return _coded(telephone(sound + noise, _RATE_HZ), recipe.codec)

    def _babble(self, sound: Samples) -> NDArray[np.float64]:
        """Six talkers at once, RMS 1."""
        talk = np.zeros(len(sound))
        clips = [clip.sound for voice in self.voices.values() for clip in voice.clips]
        for _ in range(6):
            order = self.rng.permutation(len(clips))
            talk += np.resize(np.concatenate([clips[i] for i in order]), len(sound))
        return talk / np.sqrt(np.mean(talk**2))


def _faded(sound: Samples) -> Samples:
    n = round(_FADE_S * _RATE_HZ)
    ramp = np.linspace(0, 1, n, dtype=np.float32)
    made = sound.copy()
    made[:n] *= ramp
    made[-n:] *= ramp[::-1]
    return made


def _evened(sound: Samples) -> Samples:
    """Automatic gain: level differences over half a second are halved."""
    power = ndimage.uniform_filter1d(sound.astype(np.float64) ** 2, _RATE_HZ // 2)
    level = np.sqrt(np.maximum(power, 1e-8))
    return np.asarray(sound * np.sqrt(level.max() / level), np.float32)


def _coded(sound: Samples, codec: str) -> Samples:
    subtype = {"alaw": "ALAW", "ulaw": "ULAW", "gsm": "GSM610"}[codec]
    file = io.BytesIO()
    soundfile.write(file, sound, TELEPHONE_HZ, format="WAV", subtype=subtype)
    file.seek(0)
    return np.asarray(soundfile.read(file, dtype="float32")[0][: len(sound)])


def compose(recipe: Recipe, agent: Voice, caller: Voice, seed: int) -> Composed:
    """One call; the same seed gives the same call."""
    composer = _Composer(recipe, agent, caller, seed)
    composer.call()
    return composer.finished()


def pairs(voices: Sequence[Voice]) -> Iterator[tuple[Voice, Voice]]:
    """Each speaker as agent in turn, with the next as caller, for ever."""
    while True:
        for number, agent in enumerate(voices):
            yield agent, voices[(number + 1) % len(voices)]


def _changed(recipe: Recipe, given: Sequence[str]) -> Recipe:
    kinds = {one.name: one.type for one in fields(Recipe)}
    for pair in given:
        name, _, value = pair.partition("=")
        if name not in kinds:
            raise SystemExit(f"no such part of a recipe: {name}; there are {', '.join(kinds)}")
        recipe = replace(recipe, **{name: value if name == "codec" else json.loads(value)})
    return recipe


def main() -> None:
    """Write calls to a folder."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--recipe", action="append", default=[], metavar="NAME=JSON")
    parser.add_argument("--calls", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    recipe = _changed(Recipe(), args.recipe)
    args.out.mkdir(parents=True, exist_ok=True)
    together = zip(range(args.calls), pairs(read_voices(args.data)), strict=False)
    for number, (agent, caller) in together:
        call = compose(recipe, agent, caller, args.seed + number)
        stem = args.out / f"call_{number:03}"
        stem.with_suffix(".wav").write_bytes(call.wav())
        stem.with_suffix(".transcript.json").write_bytes(call.transcript())
        truth = {"recipe": vars(recipe), "agent": agent.name, "places": call.places}
        stem.with_suffix(".truth.json").write_text(json.dumps(truth, indent=1))
        print(stem.with_suffix(".wav"), f"{call.samples.shape[1] / TELEPHONE_HZ:.0f} s")


if __name__ == "__main__":
    main()
