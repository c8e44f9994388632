"""The packaged data: every pattern compiles, every example fires, every counterexample does not."""

from __future__ import annotations

from collections import Counter

import pytest

from callvoice.text import LABELS
from callvoice.text.lexicon import Lexicon, Rule, index, load, packaged_files
from callvoice.text.phrases import find
from callvoice.types import Hit, Turn

TROUBLE = {"de": "Mein Router funktioniert nicht.", "en": "My router does not work."}
RULES = [(language, rule) for language in ("de", "en") for rule in load(language).rules]
MANY = {"know_it_all": 25, "dismissive": 25, "impatient": 25, "name_use": 2}
IMPORTANT = ("know_it_all", "dismissive", "excuse", "impatient", "process_first")


def alone(rule: Rule, language: str) -> Lexicon:
    """A lexicon of one rule, and of those that tell its place in the conversation."""
    return index([rule, *(r for r in load(language).rules if r.label == "caller_trouble")])


def hits_of(rule: Rule, text: str, language: str, lexicon: Lexicon) -> list[Hit]:
    """Hits in a text said in the place that the rule asks for."""
    before = (Turn("caller", 0, 1, TROUBLE[language]),) if rule.entry.after else ()
    role = "agent" if rule.role == "any" else rule.role
    found = find((*before, Turn(role, 1, 2, text)), lexicon)
    return [hit for hit in found if hit.turn == len(before)]


@pytest.mark.parametrize("language", ["de", "en"])
def test_ids_are_given_and_unique(language: str) -> None:
    entries = [e for f in packaged_files(language).values() for es in f.values() for e in es]
    names = [getattr(entry, "id", None) for entry in entries]
    assert None not in names
    assert [n for n, times in Counter(names).items() if times > 1] == []


def test_each_german_class_has_rules_enough() -> None:
    counts = Counter(rule.label for language, rule in RULES if language == "de")
    assert [label for label in LABELS if counts[label] < MANY.get(label, 10)] == []


def test_the_important_english_classes_have_rules_enough() -> None:
    counts = Counter(rule.label for language, rule in RULES if language == "en")
    assert [label for label in (*IMPORTANT, "empathy", "apology") if counts[label] < 10] == []
    assert set(LABELS) == set(counts)


@pytest.mark.parametrize(("language", "rule"), RULES, ids=lambda v: getattr(v, "id", v))
def test_examples_fire_and_counterexamples_do_not(language: str, rule: Rule) -> None:
    assert rule.entry.examples
    for text in rule.entry.examples:
        found = hits_of(rule, text, language, alone(rule, language))
        assert rule.id in [hit.rule for hit in found], text
    for text in rule.entry.counterexamples:
        found = hits_of(rule, text, language, load(language))
        assert rule.label not in [hit.label for hit in found], text


@pytest.mark.parametrize(("language", "rule"), RULES, ids=lambda v: getattr(v, "id", v))
def test_probabilities_are_shares(language: str, rule: Rule) -> None:
    assert 0 < rule.entry.probability <= 1


def test_rules_against_the_caller_know_a_better_wording() -> None:
    lacking = [r.id for _, r in RULES if r.label in IMPORTANT and not r.entry.better]
    assert lacking == []
