"""What went well: the sources put good examples first, and so does the report."""

from __future__ import annotations

from callvoice.mistakes.evidence import with_words
from callvoice.mistakes.scoring import doubtful_words
from callvoice.settings import Settings
from callvoice.types import Facts, Finding

# The best moments first; the order is the training text's weight.
LABELS = (
    "apology",
    "empathy",
    "good_news",
    "together",
    "ownership",
    "offer",
    "name_use",
    "open_question",
    "humour",
    "warm_close",
)


def strengths(facts: Facts, settings: Settings) -> tuple[Finding, ...]:
    """Places of the agent's worth listening to, the strongest kinds first, each once or more."""
    if doubtful_words(facts, settings.limits_of("know_it_all")):
        return ()
    hits = [h for h in facts.text.hits if h.role == "agent" and h.label in LABELS]
    hits.sort(key=lambda h: (LABELS.index(h.label), h.turn))
    found = tuple(
        Finding("agent", h.start_s, h.end_s, f"strength_{h.label}", quote=h.quote) for h in hits
    )
    return with_words(found, hits) + _greeting(facts, settings)


def _greeting(facts: Facts, settings: Settings) -> tuple[Finding, ...]:
    """A greeting well inside the limit, with a name and an offer to help."""
    greeting = facts.text.greeting
    if greeting is None or greeting.antiquated or not {"name", "offer"} <= set(greeting.parts):
        return ()
    limit = settings.limits["overlong_greeting"]["syllables"]
    if greeting.n_syllables > limit.value - limit.scale:
        return ()
    return (
        Finding(
            "agent",
            greeting.start_s,
            greeting.end_s,
            "strength_greeting",
            float(greeting.n_syllables),
            limit.value,
            "syllables",
            greeting.text,
        ),
    )
