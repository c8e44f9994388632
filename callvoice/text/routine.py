"""The wording of an opening, made comparable: does the very same one open call after call?"""

from __future__ import annotations

import hashlib

from callvoice.text.normalise import fold
from callvoice.types import Greeting


def wording(greeting: Greeting | None) -> str | None:
    """A digest of the words of a greeting, 16 hex digits; the same for the same words, however they
    are written. None where nobody greeted.
    """
    if greeting is None:
        return None
    said = " ".join(word for word in fold(greeting.text).tokens if word != ".")
    return hashlib.sha256(said.encode()).hexdigest()[:16]
