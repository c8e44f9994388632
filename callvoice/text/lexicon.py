"""Lexicons: phrase rules as data, the packaged ones and a user's own, compiled once.

A lexicon is a TOML file. Its keys are labels, its values lists of rules; the shortest rule is a
pattern alone (see :mod:`callvoice.text.patterns`)::

    impatient = ["jetzt aber zack zack"]

    [[know_it_all]]
    id = "already-said"
    pattern = "wie ich {Ihnen}? (bereits|schon) (gesagt|erwähnt|erklärt) habe"
    unless = ["falsch ausgedrückt"]
    better = "Ich erkläre es gern noch einmal."
    examples = ["Wie ich Ihnen bereits erklärt habe, geht das nicht."]

A file named ``forms.toml`` holds the named sets of forms of its language.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Literal, get_args

import msgspec

from callvoice.errors import InvalidSettings
from callvoice.text import spelling
from callvoice.text.normalise import fold_word
from callvoice.text.patterns import Needed, Pattern, PatternError, either, parse, quoting_finder
from callvoice.text.spelling import Spelling, plain_words

Label = Literal[
    "know_it_all",
    "dismissive",
    "excuse",
    "impatient",
    "process_first",
    "imposing",
    "empathy",
    "apology",
    "good_news",
    "together",
    "ownership",
    "open_question",
    "name_use",
    "offer",
    "humour",
    "warm_close",
    "acknowledgement",
    "caller_trouble",
    "caller_need",
    "caller_repair",
    "caller_thanks",
]
LABELS: tuple[Label, ...] = get_args(Label)
Speaker = Literal["agent", "caller", "any"]
Strings = tuple[str, ...]


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One rule as it stands in a lexicon file.

    ``after``: only as an answer to the caller ("caller"), or as the first answer to a trouble that
    the caller stated and nobody acknowledged yet ("trouble"). ``position``: only in the first two
    or the last three turns of the speaker. A rule is silenced by words of ``unless`` anywhere in
    the sentence, of ``near`` in the phrase or two words around it, of ``not_after`` directly
    before and of ``not_before`` directly behind it.
    ``better`` is a wording to use instead. ``examples`` must fire, ``counterexamples`` must not.
    """

    pattern: str | Strings
    id: str | None = None
    role: Speaker | None = None
    after: Literal["caller", "trouble"] | None = None
    position: Literal["opening", "closing"] | None = None
    unless: Strings = ()
    near: Strings = ()
    not_after: Strings = ()
    not_before: Strings = ()
    probability: float = 1.0
    better: str | None = None
    examples: Strings = ()
    counterexamples: Strings = ()


File = dict[Label, tuple[str | Entry, ...]]


@dataclass(frozen=True, slots=True)
class Rule:
    """A compiled rule. ``unless`` is searched in the sentence, ``near`` in the phrase and two words
    around it, ``not_after`` ends where the phrase begins, ``not_before`` begins where it ends.
    """

    id: str
    label: Label
    role: Speaker
    entry: Entry
    patterns: tuple[Pattern, ...]
    unless: Pattern | None
    near: Pattern | None
    not_after: Pattern | None
    not_before: Pattern | None


@dataclass(frozen=True, eq=False)
class Finder:
    """One pattern of a rule. ``needs``: of each of these sets a text must have one key, beside
    those that the pattern is filed under.
    """

    rule: Rule
    pattern: Pattern
    needs: tuple[Needed, ...] = ()

    @cached_property
    def expression(self) -> re.Pattern[str]:
        """The pattern compiled, when it is first needed."""
        return quoting_finder(self.pattern)


@dataclass(frozen=True, slots=True)
class Lexicon:
    """All rules of a language. ``by_key`` leads from a word's key to the patterns it announces;
    ``always`` are patterns that no word announces. ``spelling`` is how texts are read for them.
    """

    rules: tuple[Rule, ...]
    by_key: Mapping[str, Sequence[Finder]]
    always: Sequence[Finder]
    spelling: Spelling | None = None

    def candidates(self, keys: Set[str]) -> Iterator[Finder]:
        """The patterns that can match a text with words of these keys."""
        announced = {one for word in keys for one in self.by_key.get(word, ())}
        for one in announced:
            for need in one.needs:
                if need.isdisjoint(keys):
                    break
            else:
                yield one
        yield from self.always


def load(language: str, extra: Sequence[Path] = ()) -> Lexicon:
    """The packaged lexicon of a language and a user's own files; compiled once per content.

    Raises:
        InvalidSettings: a user's file cannot be read, has an unknown label or a broken pattern.
    """
    return _load(language, tuple((path, _modified(path)) for path in extra))


def _modified(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError as error:
        raise InvalidSettings(f"cannot read lexicon {path}: {error.strerror}") from error


@lru_cache(maxsize=8)
def _load(language: str, extra: tuple[tuple[Path, int], ...]) -> Lexicon:
    rules = list(_packaged(language))
    words: set[str] = set()
    for path, _ in extra:
        content = _own(path)
        rules.extend(_own_rules(path, content, language))
        words.update(fold_word(word) for said in wordings(content) for word in plain_words(said))
    known = spelling.load(language, fold_word)
    return index(rules, known.knowing(words) if words else known)


def folder(language: str) -> Traversable:
    """The folder of a language's packaged lexicons."""
    return files("callvoice") / "data" / "lexicons" / language


@lru_cache(maxsize=4)
def forms(language: str) -> dict[str, Strings]:
    """The named sets of forms that patterns of a language may use."""
    text = (folder(language) / "forms.toml").read_text("utf-8")
    return msgspec.toml.decode(text, type=dict[str, Strings])


def packaged_files(language: str) -> dict[str, File]:
    """The packaged lexicon files of a language, by name."""
    found = sorted(folder(language).iterdir(), key=lambda f: f.name)
    return {
        f.name: msgspec.toml.decode(f.read_text("utf-8"), type=File)
        for f in found
        if f.name.endswith(".toml") and f.name != "forms.toml"
    }


@lru_cache(maxsize=4)
def _packaged(language: str) -> tuple[Rule, ...]:
    content = packaged_files(language).values()
    return tuple(rule for one in content for rule in _compile(one, "rule", forms(language)))


def _own(path: Path) -> File:
    try:
        return msgspec.toml.decode(path.read_text("utf-8"), type=File)
    except (OSError, UnicodeDecodeError, msgspec.DecodeError) as error:
        raise _unusable(path, error) from error


def _own_rules(path: Path, content: File, language: str) -> list[Rule]:
    try:
        return list(_compile(content, path.stem, forms(language)))
    except PatternError as error:
        raise _unusable(path, error) from error


def _unusable(path: Path, error: Exception) -> InvalidSettings:
    return InvalidSettings(f"cannot use lexicon {path}: {error}{_hint(error)}")


def _hint(error: Exception) -> str:
    """The classes there are, where a file names another."""
    unknown_class = isinstance(error, msgspec.ValidationError) and "`key` in `$`" in str(error)
    return f". Known classes are {', '.join(LABELS)}." if unknown_class else ""


def wordings(content: File) -> Iterator[str]:
    """Everything that a file's rules say: patterns, exceptions, examples and counterexamples."""
    for entry in (entry for entries in content.values() for entry in entries):
        if isinstance(entry, str):
            yield entry
            continue
        yield from _patterns(entry)
        for more in (entry.unless, entry.near, entry.not_after, entry.not_before):
            yield from more
        yield from (*entry.examples, *entry.counterexamples)


def _patterns(entry: Entry) -> Strings:
    return (entry.pattern,) if isinstance(entry.pattern, str) else entry.pattern


def _compile(content: File, prefix: str, names: Mapping[str, Strings]) -> Iterator[Rule]:
    for label, entries in content.items():
        for number, given in enumerate(entries, start=1):
            entry = Entry(pattern=given) if isinstance(given, str) else given
            yield _rule(label, entry, entry.id or f"{prefix}-{label}-{number}", names)


def _rule(label: Label, entry: Entry, name: str, names: Mapping[str, Strings]) -> Rule:
    parsed = tuple(parse(p, names) for p in _patterns(entry))
    if not parsed:
        raise PatternError(f"rule {name!r} has no pattern")
    return Rule(
        id=name,
        label=label,
        role=entry.role or ("caller" if label.startswith("caller_") else "agent"),
        entry=entry,
        patterns=parsed,
        unless=_optional(entry.unless, names),
        near=_optional(entry.near, names),
        not_after=_optional(entry.not_after, names, end="$"),
        not_before=_optional(entry.not_before, names),
    )


def _optional(patterns: Strings, names: Mapping[str, Strings], end: str = "") -> Pattern | None:
    if not patterns:
        return None
    return Pattern(either([parse(p, names) for p in patterns]).source + end)


def index(rules: Sequence[Rule], known: Spelling | None = None) -> Lexicon:
    """A lexicon of these rules, each pattern filed under its rarest needed words."""
    patterns = [(rule, pattern) for rule in rules for pattern in rule.patterns]
    common = Counter(word for _, one in patterns for need in one.needs for word in need)
    by_key: dict[str, list[Finder]] = {}
    always: list[Finder] = []
    for rule, pattern in patterns:
        by_use = sorted(pattern.needs, key=lambda need: sum(common[word] for word in need))
        finder = Finder(rule, pattern, tuple(by_use[1:]))
        for word in by_use[0] if by_use else ():
            by_key.setdefault(word, []).append(finder)
        if not by_use:
            always.append(finder)
    return Lexicon(tuple(rules), by_key, always, known)
