"""List the words that are known of a language, the most frequent first.

    python models/vocabulary.py de en

Reads ``callvoice/data/phrases/<lang>.jsonl`` and the packaged lexicons, writes
``callvoice/data/vocabulary/<lang>.txt``. Train the phrase classifier anew afterwards.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from callvoice.text.lexicon import forms, packaged_files, wordings
from callvoice.text.spelling import plain_words

DATA = Path(__file__).resolve().parent.parent / "callvoice" / "data"


def utterances(language: str) -> Iterator[str]:
    """The texts of the training utterances."""
    lines = (DATA / "phrases" / f"{language}.jsonl").read_text("utf-8").splitlines()
    return (json.loads(line)["text"] for line in lines)


def rules(language: str) -> Iterator[str]:
    """All that patterns, examples and counterexamples of the rules, and their forms, say."""
    for content in packaged_files(language).values():
        yield from wordings(content)
    for words in forms(language).values():
        yield from words


def main() -> None:
    """Write the lists of the languages named."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("languages", nargs="+", choices=["de", "en"])
    for language in parser.parse_args().languages:
        counts = Counter(word for text in utterances(language) for word in plain_words(text))
        counts.update({word: 0 for text in rules(language) for word in plain_words(text)})
        ranked = sorted(counts, key=lambda word: (-counts[word], word))
        path = DATA / "vocabulary" / f"{language}.txt"
        path.write_text("".join(f"{word}\n" for word in ranked), "utf-8")
        print(f"{path.name}: {len(ranked)} words")


if __name__ == "__main__":
    main()
