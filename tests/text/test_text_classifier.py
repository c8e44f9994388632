"""The classifier: what it decides with the rules, its laws, and its file."""

from __future__ import annotations

import random
import subprocess
import sys
import tomllib
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callvoice.errors import InvalidSettings
from callvoice.text import analyze, analyze_each
from callvoice.text.classifier import ModelFile, decode, load, packaged
from callvoice.types import Hit, Role, Transcript, Turn

LANGUAGES = ("de", "en")
CASES = {
    language: tomllib.loads((Path(__file__).parent / f"cases_{language}.toml").read_text("utf-8"))
    for language in LANGUAGES
}
EACH = [
    (language, label, kind, text)
    for language, classes in CASES.items()
    for label, kinds in classes.items()
    for kind in ("fires", "silent")
    for text in kinds[kind]
]
STATEMENT = Turn("caller", 0, 2, "Ich habe das am Montag so bestellt.")


def hits(*turns: Turn, language: str = "de") -> tuple[Hit, ...]:
    return analyze(Transcript(language, "given", turns)).hits


def classes(text: str, role: Role | None = "agent", language: str = "de") -> set[str]:
    return {hit.label for hit in hits(Turn(role, 0, 0, text), language=language)}


@pytest.mark.parametrize(("language", "label", "kind", "text"), EACH)
def test_cases(language: str, label: str, kind: str, text: str) -> None:
    role: Role = "caller" if label.startswith("caller_") else "agent"
    found = label in classes(text, role, language)
    assert found == (kind == "fires")


@pytest.mark.parametrize("language", LANGUAGES)
def test_cases_are_many_and_known_errors_few(language: str) -> None:
    for label, kinds in CASES[language].items():
        fires, silent = kinds["fires"], kinds["silent"]
        assert len(fires) >= 12, label
        assert len(silent) >= 12, label
        assert len(kinds.get("missed", [])) < len(fires), label
        assert 3 * len(kinds.get("mistaken", [])) <= len(silent), label


@pytest.mark.parametrize("language", LANGUAGES)
def test_cases_are_not_what_was_learned(language: str) -> None:
    path = Path(__file__).parents[2] / "callvoice" / "data" / "phrases" / f"{language}.jsonl"
    learned = {msgspec.json.decode(line)["text"] for line in path.read_bytes().splitlines()}
    assert {text for name, _, _, text in EACH if name == language}.isdisjoint(learned)


@given(st.sampled_from([text for language, _, _, text in EACH if language == "de"]))
@settings(max_examples=40, deadline=None)
def test_case_and_commas_change_nothing(text: str) -> None:
    model = load("de")
    plain = text.upper().replace(",", "").replace("ß", "ss")
    assert np.allclose(model.logits([text]), model.logits([plain]), atol=1e-4)


def test_missing_marks_change_little() -> None:
    model = load("de")
    texts = [t for lang, label, kind, t in EACH if lang == "de" and kind == "fires"]
    bare = [text.translate(str.maketrans("", "", ".,!?")).lower() for text in texts]
    none: list[set[str]] = [set() for _ in texts]
    before = model.probabilities(model.logits(texts), none)
    after = model.probabilities(model.logits(bare), none)
    assert np.abs(before - after).mean() < 0.03


def test_a_misheard_word_seldom_hides_a_class() -> None:
    rng = random.Random(5)
    kept = []
    for language, label, kind, text in EACH:
        words = text.split()
        if kind == "fires" and language == "de" and len(words) > 4:
            words.pop(rng.randrange(len(words)))
            role: Role = "caller" if label.startswith("caller_") else "agent"
            kept.append(label in classes(" ".join(words), role))
    assert np.mean(kept) > 0.7


def test_batches_and_single_texts_agree() -> None:
    model = load("de")
    texts = [text for language, _, _, text in EACH if language == "de"][:40]
    alone = np.concatenate([model.logits([text]) for text in texts])
    assert np.allclose(model.logits(texts), alone, atol=1e-3)
    assert model.logits([]).shape == (0, len(model.classes))


@given(st.text(max_size=80))
@settings(max_examples=50, deadline=None)
def test_any_text_has_probabilities(text: str) -> None:
    (labels,) = next(analyze_each([Transcript("de", "given", (Turn("agent", 0, 1, text),))]))[1]
    assert all(0 <= p <= 1 for p in labels.values())


def test_a_hit_of_the_model_says_where_and_how_sure() -> None:
    said = "Ich sehe nach. Sie haben das offenbar nicht begriffen. Die Ware kommt am Montag."
    found = [h for h in hits(STATEMENT, Turn("agent", 10, 20, said)) if h.label == "know_it_all"]
    (hit,) = found
    assert hit.quote == said[slice(*hit.span)]
    assert "begriffen" in hit.quote
    assert hit.start_s is not None
    assert 10 <= hit.start_s < 20
    assert 0 < hit.probability <= 1


def test_long_turns_are_read_in_parts() -> None:
    filler = "Ich sehe hier Ihre Bestellung vom dritten Mai und die Lieferung vom zehnten Mai. " * 6
    said = filler + "Dafür kann ich nun wirklich nichts."
    (hit,) = [h for h in hits(Turn("agent", 0, 0, said)) if h.label == "excuse"]
    assert said[slice(*hit.span)].strip().startswith("Dafür")


def test_each_role_has_its_classes() -> None:
    turns = (
        Turn("agent", 0, 1, "Das kostet neun Euro."),
        Turn("caller", 1, 2, "Das Gerät ist schon wieder kaputt."),
    )
    agent, caller = next(analyze_each([Transcript("de", "given", turns)]))[1]
    assert "know_it_all" in agent
    assert "caller_trouble" in caller
    assert not any(label.startswith("caller_") for label in agent)
    assert all(label.startswith("caller_") for label in caller)
    assert not any(family in agent for family in ("against", "caring"))


def test_agents_alone_need_no_trouble_before_the_process() -> None:
    text = "Wie lautet Ihre Kundennummer?"
    assert "process_first" in classes(text)
    calm = Turn("caller", 0, 1, "Ich möchte einen zweiten Anschluss bestellen.")
    found = hits(calm, Turn("agent", 1, 2, text))
    assert "process_first" not in {hit.label for hit in found}


@pytest.mark.parametrize("language", LANGUAGES)
def test_files_are_small_and_state_their_figures(language: str) -> None:
    content = packaged(language).read_bytes()
    model = msgspec.json.decode(content, type=ModelFile)
    assert len(content) < 3_500_000
    assert all(one.precision and one.recall for one in model.classes)
    assert load(language).name == f"model:{language}-{model.version}"


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (b'"version"', b'"versoin"', "no phrase model"),
        (b'"trained": "m', b'"trained": "n', "damaged"),
        (b"{", b"[", "no phrase model"),
    ],
)
def test_a_damaged_file_is_one_clear_error(old: bytes, new: bytes, reason: str) -> None:
    content = packaged("de").read_bytes().replace(old, new, 1)
    with pytest.raises(InvalidSettings, match=reason):
        decode(content, source="phrases_de.json")


def test_a_changed_weight_is_noticed() -> None:
    model = msgspec.json.decode(packaged("de").read_bytes(), type=ModelFile)
    changed = msgspec.structs.replace(model, weights="AAAA" + model.weights[4:])
    with pytest.raises(InvalidSettings, match="damaged"):
        decode(msgspec.json.encode(changed), source="phrases_de.json")


def test_importing_needs_no_learning_library_and_reads_no_model() -> None:
    program = (
        "import sys, callvoice.text\n"
        "from callvoice.text.classifier import load\n"
        "assert load.cache_info().currsize == 0\n"
        "assert not {'sklearn', 'scipy.sparse'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
