"""Suggestions for a name that does not exist, for the message that refuses it."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

_SHOWN_NAMES = 12
_NEAR_RATIO = 0.15
"""How much less similar than the most similar name another one may be to be suggested as well."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return the end of a message that refuses a name: the known names that are similar, or else what there is."""
    from difflib import SequenceMatcher, get_close_matches

    names = list(dict.fromkeys(known))
    folded = {one.casefold(): one for one in reversed(names)}
    sought = name[:100].casefold()
    close = get_close_matches(sought, list(folded), n=3, cutoff=0.5)
    ratios = [SequenceMatcher(None, sought, one).ratio() for one in close]
    near = [folded[one] for one, ratio in zip(close, ratios, strict=True) if ratio > ratios[0] - _NEAR_RATIO]
    if not near:
        near = [one for one in names if sought and (sought in one.casefold() or one.casefold() in sought)][:3]
    if near:
        return f"; did you mean {' or '.join(printable(one) for one in near)}?"
    return f"; there are {some(names)}" if names else "; it is empty"


def some(names: list[str]) -> str:
    """Return the first dozen names, and how many more there are."""
    more = f" and {len(names) - _SHOWN_NAMES} more" if len(names) > _SHOWN_NAMES else ""
    return ", ".join(printable(name) for name in names[:_SHOWN_NAMES]) + more


def printable(name: str) -> str:
    """Return a name that may come from anywhere as it is shown in a message: short, and without control characters."""
    return name if name.isprintable() and len(name) < 100 else ascii(name[:100])
