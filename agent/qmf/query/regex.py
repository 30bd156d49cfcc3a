r"""Regular expressions of strangers, in time linear in the text.

A pattern in a predicate comes from whoever may reach the agent, and Python's `re` backtracks: `(a+)+$` holds a core
for years. This one runs all branches at once (Thompson's construction) and remembers the moves that it has made. It
knows literals, `.`, `[…]`, `\d \w \s` and their opposites, `^ $` (the very start and end), `( )`, `(?: )`, `|`, and
`* + ? {m,n}` with their lazy forms. Anything else (back references, look-around, flags) is refused. `re_match`
searches, as the Java agents do.
"""

from ..wire.errors import TooLarge
from .regex_parser import All, Anchor, Any, Node, One, Parser, Test

PATTERN_CHARACTERS = 512
MAX_TEXT_CHARACTERS = 65_536
STATES = 2_000
_REMEMBERED = 2_000
_START, _END = "^", "$"


class Budget:
    """Steps of work that are left for one request."""

    __slots__ = ("left",)

    def __init__(self, steps: int) -> None:
        self.left = steps

    def consume(self, steps: int) -> None:
        """Take steps; TooLarge when they are used up."""
        self.left -= steps
        if self.left < 0:
            raise TooLarge("query: takes too much work, make it narrower")


class Regex:
    """A compiled pattern; Malformed, NotSupported or TooLarge where it cannot be."""

    def __init__(self, pattern: str) -> None:
        if len(pattern) > PATTERN_CHARACTERS:
            raise TooLarge(f"re_match: a pattern over {PATTERN_CHARACTERS} characters")
        self._tests: list[Test | str | None] = []  # None: an empty move; str: an anchor
        self._next: list[list[int]] = []
        self._accept = self._state(None)
        self._start = self._emit(Parser(pattern).whole(), self._accept)
        self._moves: dict[tuple[frozenset[int], str], frozenset[int]] = {}

    def search(self, text: str, budget: Budget) -> bool:
        """Tell whether the pattern matches anywhere in the text; TooLarge when the budget is used up."""
        if len(text) > MAX_TEXT_CHARACTERS:
            raise TooLarge("re_match: the text of a property is too long to be searched")
        states = self._closure([self._start], at_start=True, at_end=not text)
        last = len(text) - 1
        for index, character in enumerate(text):
            if self._accept in states:
                return True
            budget.consume(1)
            key = (states, character)
            known = self._moves.get(key) if index < last else None
            states = known or self._move(states, character, index == last, budget)
        return self._accept in states

    def _move(self, states: frozenset[int], character: str, at_end: bool, budget: Budget) -> frozenset[int]:
        budget.consume(len(self._tests))
        moved = [self._start]
        for state in states:
            test = self._tests[state]
            if callable(test) and test(character):
                moved += self._next[state]
        result = self._closure(moved, at_start=False, at_end=at_end)
        if not at_end:
            if len(self._moves) >= _REMEMBERED:
                self._moves.clear()
            self._moves[states, character] = result
        return result

    def _closure(self, states: list[int], *, at_start: bool, at_end: bool) -> frozenset[int]:
        found: set[int] = set()
        pending = list(states)
        while pending:
            state = pending.pop()
            if state in found:
                continue
            found.add(state)
            test = self._tests[state]
            if test is None or (test == _START and at_start) or (test == _END and at_end):
                pending += self._next[state]
        return frozenset(found)

    def _state(self, test: Test | str | None, *targets: int) -> int:
        if len(self._tests) >= STATES:
            raise TooLarge("re_match: the pattern is too large")
        self._tests.append(test)
        self._next.append(list(targets))
        return len(self._tests) - 1

    def _emit(self, node: Node, target: int) -> int:
        """Add the states of a node that lead on to the target; give the first."""
        if isinstance(node, One):
            return self._state(node.test, target)
        if isinstance(node, Anchor):
            return self._state(_END if node.is_end else _START, target)
        if isinstance(node, All):
            for part in reversed(node.parts):
                target = self._emit(part, target)
            return target
        if isinstance(node, Any):
            return self._state(None, *[self._emit(branch, target) for branch in node.branches])
        if node.most is None:
            loop = self._state(None, target)
            self._next[loop].append(self._emit(node.part, loop))
            target = loop
        else:
            for _ in range(node.most - node.least):
                target = self._state(None, self._emit(node.part, target), target)
        for _ in range(node.least):
            target = self._emit(node.part, target)
        return target
