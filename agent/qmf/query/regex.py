r"""Regular expressions from peers, evaluated in time linear in the text.

Whoever may reach the agent can send a pattern, and Python's `re` backtracks: `(a+)+$` would occupy a CPU for years.
This engine follows all alternatives at once (Thompson's construction) and caches the transitions between sets of
states. `re_match` searches, as in the Java agents.

Supported: literals, `.`, `[…]`, `\d \w \s` and their complements, `^ $` (only the very start and end), `( )`, `(?: )`,
`|`, and `* + ? {m,n}` with their lazy forms. Anything else (back references, look-around, flags) is rejected.
"""

from ..wire.errors import TooLarge
from .budget import Budget
from .regex_parser import Alternation, Anchor, CharacterTest, CharTest, Concat, RegexNode, parse_regex

MAX_PATTERN_CHARACTERS = 512
MAX_TEXT_CHARACTERS = 65_536
MAX_STATES = 2_000
MAX_CACHED_TRANSITIONS = 2_000
_START, _END = "^", "$"

StateSet = frozenset[int]


class Regex:
    """A compiled pattern; Malformed, NotSupported or TooLarge if the pattern is not acceptable.

    Each state has a condition and the states that follow it. The condition is a test of the next character, an anchor,
    or None: the next states are reached without a character.
    """

    def __init__(self, pattern: str) -> None:
        if len(pattern) > MAX_PATTERN_CHARACTERS:
            raise TooLarge(f"re_match: a pattern over {MAX_PATTERN_CHARACTERS} characters")
        self._conditions: list[CharacterTest | str | None] = []
        self._next: list[list[int]] = []
        self._accepting = self._add_state(None)
        self._start = self._compile(parse_regex(pattern), self._accepting)
        self._transitions: dict[tuple[StateSet, str], StateSet] = {}

    def search(self, text: str, budget: Budget) -> bool:
        """Return whether the pattern matches anywhere in the text; TooLarge if the budget is exhausted."""
        if len(text) > MAX_TEXT_CHARACTERS:
            raise TooLarge(f"re_match: the value of a property is over {MAX_TEXT_CHARACTERS} characters")
        states = self._closure([self._start], at_start=True, at_end=not text)
        last = len(text) - 1
        for index, character in enumerate(text):
            if self._accepting in states:
                return True
            budget.consume(1)
            cached = self._transitions.get((states, character)) if index < last else None
            states = cached or self._step(states, character, index == last, budget)
        return self._accepting in states

    def _step(self, states: StateSet, character: str, at_end: bool, budget: Budget) -> StateSet:
        """Return the states after one more character."""
        budget.consume(len(self._conditions))
        reached = [self._start]
        for state in states:
            condition = self._conditions[state]
            if callable(condition) and condition(character):
                reached += self._next[state]
        result = self._closure(reached, at_start=False, at_end=at_end)
        if not at_end:
            if len(self._transitions) >= MAX_CACHED_TRANSITIONS:
                self._transitions.clear()
            self._transitions[states, character] = result
        return result

    def _closure(self, states: list[int], *, at_start: bool, at_end: bool) -> StateSet:
        """Return the states and all that follow them without a character."""
        found: set[int] = set()
        pending = list(states)
        while pending:
            state = pending.pop()
            if state in found:
                continue
            found.add(state)
            condition = self._conditions[state]
            if condition is None or (condition == _START and at_start) or (condition == _END and at_end):
                pending += self._next[state]
        return frozenset(found)

    def _add_state(self, condition: CharacterTest | str | None, *targets: int) -> int:
        if len(self._conditions) >= MAX_STATES:
            raise TooLarge("re_match: the pattern is too large")
        self._conditions.append(condition)
        self._next.append(list(targets))
        return len(self._conditions) - 1

    def _compile(self, node: RegexNode, target: int) -> int:
        """Add the states of a node that lead to the target; return the first."""
        if isinstance(node, CharTest):
            return self._add_state(node.test, target)
        if isinstance(node, Anchor):
            return self._add_state(_END if node.is_end else _START, target)
        if isinstance(node, Concat):
            for part in reversed(node.parts):
                target = self._compile(part, target)
            return target
        if isinstance(node, Alternation):
            return self._add_state(None, *[self._compile(branch, target) for branch in node.branches])
        if node.maximum is None:
            loop = self._add_state(None, target)
            self._next[loop].append(self._compile(node.part, loop))
            target = loop
        else:
            for _ in range(node.maximum - node.minimum):
                target = self._add_state(None, self._compile(node.part, target), target)
        for _ in range(node.minimum):
            target = self._compile(node.part, target)
        return target
