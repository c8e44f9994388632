"""What is masked in texts before they are kept: numbers that name a person, an account, a contract.

- a number of five digits and more, also in groups ("0151 23 45 67", "12.345-6", "8352, 7416"):
  telephone, customer, order, card numbers;
- five and more number words in a row ("null eins fünf eins zwei"), German and English, also among
  digits ("acht 35 null 2");
- an IBAN, in one piece or in groups;
- an e-mail address.

Every digit of a match becomes ``#``, every letter ``x``; blanks and marks stay. A text keeps its
length, so that places in it (:attr:`callvoice.types.Hit.span`) and its words stay where they are,
and a masked number can still be told from a masked word: its syllables are counted and its speed is
judged as before. Dates and amounts with five digits and more are masked as well: what looks like a
number of a contract is treated as one. Names of people are not found.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from msgspec.structs import replace

from callvoice.types import Facts, Finding, Greeting, Report, SelfAssessment, TextFacts, Turn, Word

Redactor = Callable[[str], str]
"""A text in, the text to be kept out: of the same length, or words and spans lose their places."""

_ONLY_NUMBERS = (
    "null|eins|zwei|zwo|drei|vier|fünf|fu\u0308nf|fuenf|sechs|sieben|acht|neun|doppel|"
    "zero|two|three|four|five|six|seven|eight|nine|double"
)
_NUMBER_WORDS = f"{_ONLY_NUMBERS}|o|oh|ein|eine|one"
_WORDS = frozenset(_NUMBER_WORDS.split("|"))
_RUN = 5
_DIGIT_OR_WORD = rf"(?:\d|\b(?:{_ONLY_NUMBERS})\b)"
_BETWEEN = r"(?!,\d)[\s,./()…–-]{0,3}"  # a comma inside figures makes an amount
_DIGIT = re.compile(r"\d")
_PARTED = re.compile(r"[,./()…–-]")
_MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_IBAN = re.compile(r"\b[A-Z]{2}[ ]?\d{2}(?:[ ]?[A-Z0-9]){11,30}\b")
_NUMBER = re.compile(
    rf"\+?{_DIGIT_OR_WORD}(?:{_BETWEEN}{_DIGIT_OR_WORD}){{{_RUN - 1},}}", re.IGNORECASE
)
_SPOKEN = re.compile(
    rf"\b(?:{_NUMBER_WORDS})(?:[\s,.…–-]{{1,3}}(?:{_NUMBER_WORDS})){{{_RUN - 1},}}\b", re.IGNORECASE
)


def redact(text: str) -> str:
    """The text with all of the above masked.

    >>> redact("Meine Nummer ist 0151 2345678, Kunde 4711.")
    'Meine Nummer ist #### #######, Kunde 4711.'
    """
    if "@" in text:
        text = _MAIL.sub(_masked, text)
    if _is_counting(text):
        for pattern in (_IBAN, _NUMBER, _SPOKEN):
            text = pattern.sub(_masked, text)
    return text


def _is_counting(text: str) -> bool:
    """Whether enough digits and number words are in it: a glance before the search, which takes ten
    times as long and finds nothing in nearly every turn.
    """
    n_digits = len(_DIGIT.findall(text))
    parts = _PARTED.sub(" ", text.lower()).split()
    return n_digits + sum(part in _WORDS for part in parts) >= _RUN


def _masked(match: re.Match[str]) -> str:
    return "".join("x" if c.isalpha() else "#" if c.isalnum() else c for c in match[0])


def keep(text: str) -> str:
    """Nothing is masked: for a house whose recordings hold no such numbers."""
    return text


def redacted_turn(turn: Turn, hook: Redactor) -> Turn:
    """A turn with its text and its words masked alike."""
    words = redacted_words(turn.words, hook)
    return replace(turn, text=hook(turn.text), words=words or ())


def redacted_words(words: Sequence[Word], hook: Redactor) -> tuple[Word, ...] | None:
    """Words masked together, as a number is often spread over several; None where the hook changes
    the length, for then it is unknown which word lost what.
    """
    said = " ".join(word.text for word in words)
    kept = hook(said)
    if kept == said:
        return tuple(words)
    if len(kept) != len(said):
        return None
    masked, start = [], 0
    for word in words:
        masked.append(replace(word, text=kept[start : start + len(word.text)]))
        start += len(word.text) + 1
    return tuple(masked)


def redacted_finding(finding: Finding, hook: Redactor) -> Finding:
    """A finding with its quote masked, in its explanation as well."""
    if finding.quote is None:
        return finding
    quote = hook(finding.quote)
    explanation = hook(finding.explanation.replace(finding.quote, quote))
    return replace(finding, quote=quote, explanation=explanation)


def redacted_facts(facts: Facts, hook: Redactor) -> Facts:
    """Facts with every text that was said masked."""
    turns = tuple(redacted_turn(turn, hook) for turn in facts.transcript.turns)
    transcript = replace(facts.transcript, turns=turns)
    return replace(facts, transcript=transcript, text=_text(facts.text, hook))


def _text(text: TextFacts, hook: Redactor) -> TextFacts:
    hits = tuple(replace(hit, quote=hook(hit.quote)) for hit in text.hits)
    return replace(text, hits=hits, greeting=_greeting(text.greeting, hook))


def _greeting(greeting: Greeting | None, hook: Redactor) -> Greeting | None:
    if greeting is None:
        return None
    antiquated = tuple(hook(formula) for formula in greeting.antiquated)
    return replace(greeting, text=hook(greeting.text), antiquated=antiquated)


def redacted_report(report: Report, hook: Redactor) -> Report:
    """A report with every text that was said masked; what was dropped is masked, too."""
    mistakes = tuple(
        replace(m, findings=tuple(redacted_finding(f, hook) for f in m.findings))
        for m in report.mistakes
    )
    dropped = tuple(replace(d, text=hook(d.text)) for d in report.provenance.dropped)
    turns = tuple(redacted_turn(turn, hook) for turn in report.transcript.turns)
    return replace(
        report,
        mistakes=mistakes,
        strengths=tuple(redacted_finding(f, hook) for f in report.strengths),
        provenance=replace(report.provenance, dropped=dropped),
        transcript=replace(report.transcript, turns=turns),
        text=None if report.text is None else _text(report.text, hook),
        self_assessment=_own_words(report.self_assessment, hook),
    )


def _own_words(assessment: SelfAssessment | None, hook: Redactor) -> SelfAssessment | None:
    if assessment is None:
        return None
    texts = tuple((question, hook(answer)) for question, answer in assessment.texts)
    return replace(assessment, texts=texts)
