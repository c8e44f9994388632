"""8 · Lack of empathy, know-it-all behaviour. A sequence, not a word.

Definition: the agent is right, or within the rules, where the caller needs to be heard.

Observables in the agent's words: contradiction and lecturing, belittling, excuses, the customer
number before any word on the trouble, show-off language; and a stated trouble that gets no word at
all. Signs add up by weight; one alone is not enough. A contradiction or belittling weighs more
right after a statement of the caller's, and each later turn with one adds to it.

Limits: working values; the training text asks for a sequence. False alarms come from words quoted
("you said that ...") and from an apology in words that are not in the lists.

What it cannot tell: who was right, tone, and irony.
"""

from __future__ import annotations

from callvoice.mistakes.evidence import sure_hits
from callvoice.mistakes.scoring import (
    Sign,
    above,
    missing_words,
    not_assessable,
    text_confidence,
    verdict,
)
from callvoice.settings import Limits
from callvoice.types import Facts, Finding, Hit, Verdict

AGAINST = ("know_it_all", "dismissive", "excuse", "process_first", "imposing")
_HARD = ("know_it_all", "dismissive")  # what escalates
_KINDNESS = ("empathy", "apology")


def judge(facts: Facts, limits: Limits) -> Verdict:
    """The verdict on phrasing."""
    reason = missing_words(facts, limits)
    if reason:
        return not_assessable("know_it_all", reason)
    limit = limits["signs"]
    hits = sure_hits(facts, "agent", AGAINST, limits)
    weighed = [(_weight(h, facts, limits), h) for h in hits]
    weighed.sort(key=lambda one: (-one[0], one[1].turn))
    cold = _trouble_without_a_word(facts, limits)
    repeated = _repeated(hits) * limits["repeated"].value
    weight = round(sum(w for w, _ in weighed) + len(cold) + repeated, 2)
    findings = tuple(
        Finding(
            "agent", h.start_s, h.end_s, f"phrase_{h.label}", weight, limit.value, "count", h.quote
        )
        for _, h in weighed
    )
    score = above(weight, limit)
    return verdict("know_it_all", score, [Sign(score, findings + cold)], text_confidence(facts))


def _weight(hit: Hit, facts: Facts, limits: Limits) -> float:
    weight = limits[f"weight_{hit.label}"].value
    stated = hit.label in _HARD and _follows_a_statement(hit, facts, limits)
    return weight * limits["after_statement"].value if stated else weight


def _follows_a_statement(hit: Hit, facts: Facts, limits: Limits) -> bool:
    before = facts.transcript.turns[: hit.turn][-1:]
    return any(
        turn.role == "caller"
        and len(turn.text.split()) >= limits["statement_words"].value
        and not turn.text.rstrip().endswith("?")
        for turn in before
    )


def _repeated(hits: list[Hit]) -> int:
    """In how many turns after the first there is contradiction or belittling."""
    turns = {h.turn for h in hits if h.label in _HARD}
    return max(len(turns) - 1, 0)


def _trouble_without_a_word(facts: Facts, limits: Limits) -> tuple[Finding, ...]:
    """The first stated trouble, if the agent finds no word of empathy or apology in the call."""
    if any(h.role == "agent" and h.label in _KINDNESS for h in facts.text.hits):
        return ()
    troubles = sure_hits(facts, "caller", ("caller_trouble",), limits)
    if not troubles:
        return ()
    trouble = troubles[0]
    return (
        Finding(
            "caller",
            trouble.start_s,
            trouble.end_s,
            "unanswered_trouble",
            quote=trouble.quote,
        ),
    )
