"""Untrusted text made safe for terminals: firmware, guests and the network choose names."""

from __future__ import annotations


def escape_unprintable(text: str) -> str:
    """Return the text with escapes for all characters that could control a terminal or break a line."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
