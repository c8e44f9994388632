"""callvoice: how an agent spoke in a support call, what was said, and what can be heard of it."""

from __future__ import annotations

__version__ = "0.1.0"
