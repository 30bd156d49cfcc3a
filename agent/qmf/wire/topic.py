"""Topic exchange matching: `*` matches one word, `#` zero or more words.

A pattern runs as a bit-parallel automaton: bit i of the state is set while the first i words of the pattern match. Each
word of the key costs a few operations on one small int, so matching is linear in the length of the key. The textbook
recursion is exponential in the number of `#`.
"""

from collections.abc import Hashable
from typing import Generic, TypeVar

Subscriber = TypeVar("Subscriber", bound=Hashable)

MAX_CACHED_KEYS = 4_096


class TopicPattern:
    """A compiled binding key."""

    __slots__ = ("_accept", "_loops", "_stars", "_words")

    def __init__(self, pattern: str) -> None:
        self._words: dict[str, int] = {}
        self._stars = self._loops = 0
        position = 0
        for word in pattern.split("."):
            if word == "#":
                self._loops |= 1 << position
                continue
            if word == "*":
                self._stars |= 1 << position
            else:
                self._words[word] = self._words.get(word, 0) | 1 << position
            position += 1
        self._accept = 1 << position

    def matches(self, key: str) -> bool:
        """Return whether a message with this routing key matches the pattern."""
        state = 1
        for word in key.split("."):
            state = (state & (self._words.get(word, 0) | self._stars)) << 1 | state & self._loops
            if not state:
                return False
        return bool(state & self._accept)


class TopicTable(Generic[Subscriber]):
    """The bindings of one topic exchange. Equal patterns are matched once; keys without wildcards use a dict."""

    def __init__(self) -> None:
        self._exact: dict[str, dict[Subscriber, None]] = {}
        self._patterns: dict[str, tuple[TopicPattern, dict[Subscriber, None]]] = {}
        self._cache: dict[str, tuple[Subscriber, ...]] = {}

    def bind(self, pattern: str, subscriber: Subscriber) -> None:
        """Add a binding; adding it twice has no further effect."""
        self._cache.clear()
        if _is_exact(pattern):
            self._exact.setdefault(pattern, {})[subscriber] = None
        else:
            entry = self._patterns.setdefault(pattern, (TopicPattern(pattern), {}))
            entry[1][subscriber] = None

    def unbind(self, pattern: str, subscriber: Subscriber) -> None:
        """Remove a binding; no effect if there is none."""
        self._cache.clear()
        subscribers = self._exact.get(pattern) if _is_exact(pattern) else self._patterns.get(pattern, (None, None))[1]
        if subscribers is None:
            return
        subscribers.pop(subscriber, None)
        if not subscribers:
            self._exact.pop(pattern, None)
            self._patterns.pop(pattern, None)

    def route(self, key: str) -> tuple[Subscriber, ...]:
        """Return the subscribers bound to this key, each once."""
        found = self._cache.get(key)
        if found is None:
            matching = dict(self._exact.get(key, {}))
            for pattern, subscribers in self._patterns.values():
                if pattern.matches(key):
                    matching.update(subscribers)
            if len(self._cache) >= MAX_CACHED_KEYS:
                self._cache.clear()
            found = self._cache[key] = tuple(matching)
        return found


def _is_exact(pattern: str) -> bool:
    return "*" not in pattern and "#" not in pattern
