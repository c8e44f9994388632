"""Two-channel telephone calls composed of real sentences, with written-down truth.

    python benchmarks/compose.py DATA OUT [--recipe melody=0.2 --recipe interruptions=4] [--calls 5]

``DATA`` holds ``*.flac`` sentences of several speakers (the first two characters of a name are the
speaker, the sixth the style), their texts in ``<name>.txt`` or, by the three characters behind the
speaker, in ``README.md`` of the folder above as "a01 Text · a02 Text". ``OUT`` receives a WAV, a
transcript and the truth of each call. Needs the extra ``bench``.

Words of the kind that some mistakes need (greetings, reproaches, troubles) stand in
``phrasings.py``; their sound is a sentence of the speaker at the length that their syllables take.
A call's transcript therefore bears on its words, its sound on its timing.
"""

from __future__ import annotations

import argparse
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import TypeVar

import numpy as np
import soundfile
from numpy.typing import NDArray
from phrasings import (
    AGAINST,
    BRUSH_OFFS,
    CARING,
    GREETINGS,
    HURRYING,
    NEWS,
    NUMBERS,
    REPAIRS,
    SHORT,
    TROUBLES,
)
from scipy import ndimage
from sounds import TELEPHONE_HZ, telephone
from voices import RATE_HZ, Clip, Samples, Voice, pairs, read_voices, spoken

from callvoice.text.syllables import count_syllables

T = TypeVar("T")
_LEVEL_DB = -26.0
_FADE_S = 0.01
_UNEVEN = (0.95, 1.0, 1.05)  # times the rate: nobody speaks like a clock


@dataclass(frozen=True)
class Recipe:
    """How a call is made; as it stands, without any mistake.

    ``melody`` scales the agent's melody, ``rate_syll_s`` is the agent's articulation rate,
    ``slur_s`` smears it. ``gap_s`` is before the agent's answers, ``pause_s`` between the agent's
    sentences, ``sentences`` are in each of the agent's turns. ``acknowledged`` is the share of the
    caller's turns with an acknowledgement, ``interruptions`` the number of those broken off,
    ``hurrying``, ``against``, ``repairs`` and ``numbers`` the number of turns with such a phrase;
    a number is said at ``number_syll_s``. ``news`` is the number of turns with good news, told with
    ``news_melody`` times the melody; ``first_gap_s`` is the gap after the trouble where it is not
    ``gap_s``. What is done to the voice, the pauses and the gaps is done in each ``every``-th turn,
    the others are as in the plain recipe. A ``gap_s`` below 0 is an answer that begins before the
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
    news: int = 0
    news_melody: float = 1.0
    first_gap_s: float | None = None
    every: int = 1
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


_PLAIN = Recipe()


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


class _Composer:
    """One call in the making."""

    def __init__(self, recipe: Recipe, agent: Voice, caller: Voice, seed: int) -> None:
        self.recipe = recipe
        self.now = recipe  # what is done in the present turn
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

    def some(self, few: Sequence[T]) -> T:
        return few[int(self.rng.integers(len(few)))]

    def say(
        self,
        role: str,
        text: str | None = None,
        *,
        move: bool = True,
        rate_syll_s: float | None = None,
        melody: float | None = None,
    ) -> Said:
        """Place a sentence where the call stands; the clip's own words, or ``text``."""
        clip = self.clip(role)
        text = text or clip.text
        mine, recipe = role == "agent", self.now
        rate = rate_syll_s or (self._rate() if mine else 4.9)
        length_s = count_syllables(text, "de") / (rate * self.some(_UNEVEN))
        sound = spoken(
            clip,
            length_s=max(length_s, 0.2),
            melody=(recipe.melody if melody is None else melody) if mine else 1.0,
            slur_s=recipe.slur_s if mine else 0.0,
            median_hz=self.voices[role].median_hz,
        )
        if mine:
            sound = sound * np.float32(10 ** (-recipe.fade_db * self.progress / 20))
        said = Said(role, self.at_s, self.at_s + len(sound) / RATE_HZ, text)
        self.sounds.append((role, self.at_s, sound))
        self.turns.append(said)
        if move:
            self.at_s = said.end_s
        return said

    def _rate(self) -> float:
        return self.now.rate_syll_s + self.now.rise_syll_s * (self.progress - 0.5)

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
            self.now = _PLAIN if number % recipe.every else recipe
            self.wait(0.4)
            broken_off = "interruption" in plan[number]
            self._caller(number, plan[number], broken_off=broken_off)
            if not broken_off:
                self._gap(number)
            begin_s = self.at_s
            self._agent(number, plan[number])
            if self.now is recipe:
                self.mark("voice", begin_s, self.at_s)

    def _gap(self, number: int) -> None:
        first, begin_s = self.recipe.first_gap_s, self.at_s
        self.wait(first if number == 0 and first is not None else self.now.gap_s)
        if self.now is self.recipe and self.at_s > begin_s:
            self.mark("gap", begin_s, self.at_s)

    def _plan(self) -> list[set[str]]:
        """In which of the agent's turns what happens; the first belongs to the trouble."""
        plan: list[set[str]] = [set() for _ in range(self.recipe.turns)]
        numbers = {
            "interruption": self.recipe.interruptions,
            "hurrying": self.recipe.hurrying,
            "against": self.recipe.against,
            "repair": self.recipe.repairs,
            "number": self.recipe.numbers,
            "news": self.recipe.news,
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
        if number == 0 or "repair" in plan:
            self.mark("repair" if "repair" in plan else "trouble", begun.start_s, begun.end_s)
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
        kept = sound[: round((last.end_s - start_s) * RATE_HZ)]
        self.sounds.append((role, start_s, kept))
        self.mark("interruption", self.at_s, last.end_s)

    def _acknowledge(self, during: Said) -> None:
        back = self.at_s
        self.at_s = during.start_s + 0.3 * (during.end_s - during.start_s)
        self.say("agent", "Mhm, ja.", move=False)
        self.at_s = back

    def _agent(self, number: int, plan: set[str]) -> None:
        recipe = self.now
        # Good news are good news to the end of the turn.
        melody = self.recipe.news_melody if "news" in plan else None
        phrases = self._phrases(number, plan)
        if not phrases and self.rng.uniform() < recipe.short:
            said = self.say("agent", self.some(SHORT))
            self.mark("short", said.start_s, said.end_s)
            return
        for what, text in phrases:
            rate = recipe.number_syll_s if what == "number" else None
            said = self.say("agent", text, rate_syll_s=rate, melody=melody)
            self.mark(what, said.start_s, said.end_s)
            self.wait(recipe.pause_s)
        for left in range(recipe.sentences, 0, -1):
            self.say("agent", melody=melody)
            if left > 1:
                self.wait(recipe.pause_s)

    def _phrases(self, number: int, plan: set[str]) -> list[tuple[str, str]]:
        """What the agent's turn says in so many words, before other sentences."""
        words = {"hurrying": HURRYING, "against": AGAINST, "number": NUMBERS, "news": NEWS}
        answer = CARING if self.recipe.cared else BRUSH_OFFS
        first = [("answer", self.some(answer))] if number == 0 else []
        return first + [(what, self.some(few)) for what, few in words.items() if what in plan]

    # -- the line ------------------------------------------------------------------------------

    def finished(self) -> Composed:
        n = round((self.at_s + 0.6) * RATE_HZ)
        channels = np.zeros((2, n), np.float32)
        for role, start_s, sound in self.sounds:
            begin = round(start_s * RATE_HZ)
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
        return _coded(telephone(sound + noise, RATE_HZ), recipe.codec)

    def _babble(self, sound: Samples) -> NDArray[np.float64]:
        """Six talkers at once, RMS 1."""
        talk = np.zeros(len(sound))
        clips = [clip.sound for voice in self.voices.values() for clip in voice.clips]
        for _ in range(6):
            order = self.rng.permutation(len(clips))
            talk += np.resize(np.concatenate([clips[i] for i in order]), len(sound))
        return talk / np.sqrt(np.mean(talk**2))


def _faded(sound: Samples) -> Samples:
    n = round(_FADE_S * RATE_HZ)
    ramp = np.linspace(0, 1, n, dtype=np.float32)
    made = sound.copy()
    made[:n] *= ramp
    made[-n:] *= ramp[::-1]
    return made


def _evened(sound: Samples) -> Samples:
    """Automatic gain: level differences over half a second are halved."""
    power = ndimage.uniform_filter1d(sound.astype(np.float64) ** 2, RATE_HZ // 2)
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
