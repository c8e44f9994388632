"""Words by which a listener says no more than "I am here", German and English."""

from __future__ import annotations

import re

_WORD = re.compile(
    r"m+h*m*|h+m+|ja+|jo|okay|ok|aha|ah|ach|so|genau|gut|klar|richtig|stimmt|verstehe|natürlich"
    r"|yes|yeah|yep|uh|huh|oh|i|see|sure|right|alright|exactly|good",
    re.IGNORECASE,
)


def only_listens(text: str, *, n_words: int) -> bool:
    """Whether a text has at most ``n_words``, and none but such words."""
    words = re.findall(r"\w+", text)
    return 0 < len(words) <= n_words and all(_WORD.fullmatch(word) for word in words)
