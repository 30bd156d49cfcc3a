"""The syntax of the regular expressions that a predicate may hold; see `regex`."""

from collections.abc import Callable
from dataclasses import dataclass

from ..wire.errors import Malformed, NotSupported, TooLarge

NESTING = 24
REPEATS = 255
SPECIAL = ".^$*+?{}[]\\|()"

Test = Callable[[str], bool]
_CLASSES: dict[str, Test] = {
    "d": str.isdecimal,
    "w": lambda character: character.isalnum() or character == "_",
    "s": str.isspace,
    "D": lambda character: not character.isdecimal(),
    "W": lambda character: not (character.isalnum() or character == "_"),
    "S": lambda character: not character.isspace(),
}
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "f": "\f", "v": "\v"}


@dataclass(frozen=True, slots=True)
class One:
    """One character that passes a test."""

    test: Test


@dataclass(frozen=True, slots=True)
class Anchor:
    """The start or the end of the text."""

    is_end: bool


@dataclass(frozen=True, slots=True)
class All:
    """Parts one after another."""

    parts: "tuple[Node, ...]"


@dataclass(frozen=True, slots=True)
class Any:
    """One of several branches."""

    branches: "tuple[Node, ...]"


@dataclass(frozen=True, slots=True)
class Repeat:
    """A part, so many times."""

    part: "Node"
    least: int
    most: int | None


Node = One | Anchor | All | Any | Repeat


class Parser:
    """Recursive descent over one pattern; its depth is that of the groups, which is bounded."""

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.position = 0

    def whole(self) -> Node:
        """Parse it all; Malformed or NotSupported naming the place."""
        node = self._branches(0)
        if self.position < len(self.pattern):
            raise self._bad("unmatched )")
        return node

    def _branches(self, depth: int) -> Node:
        if depth > NESTING:
            raise TooLarge("re_match: groups nested too deep")
        branches = [self._sequence(depth)]
        while self._accept("|"):
            branches.append(self._sequence(depth))
        return branches[0] if len(branches) == 1 else Any(tuple(branches))

    def _sequence(self, depth: int) -> Node:
        parts: list[Node] = []
        while self._peek() not in ("", "|", ")"):
            parts.append(self._repeated(self._atom(depth)))
        return All(tuple(parts))

    def _repeated(self, part: Node) -> Node:
        bounds: tuple[int, int | None] | None = None
        match self._peek():
            case "*":
                bounds = (0, None)
            case "+":
                bounds = (1, None)
            case "?":
                bounds = (0, 1)
            case "{":
                return self._counted(part)
        if bounds is None:
            return part
        self.position += 1
        return self._only_once(Repeat(part, *bounds))

    def _counted(self, part: Node) -> Node:
        end = self.pattern.find("}", self.position)
        least, comma, most = self.pattern[self.position + 1 : end].partition(",")
        if end < 0 or not _is_count(least) or (most and not _is_count(most)):
            raise self._bad("not a count in braces")
        high = (int(most) if most else None) if comma else int(least)
        if int(least) > REPEATS or (high is not None and not int(least) <= high <= REPEATS):
            raise self._bad("a count out of range")
        self.position = end + 1
        return self._only_once(Repeat(part, int(least), high))

    def _only_once(self, node: Node) -> Node:
        self._accept("?")  # lazy: the same texts match
        if self._peek() in ("*", "+", "?", "{"):
            raise self._bad("nothing to repeat")
        return node

    def _atom(self, depth: int) -> Node:
        character = self._take()
        match character:
            case "(":
                return self._group(depth)
            case "[":
                return One(self._set())
            case "\\":
                return One(self._escape())
            case ".":
                return One(lambda other: other != "\n")
            case "^" | "$":
                return Anchor(character == "$")
            case "*" | "+" | "?" | "{":
                raise self._bad("nothing to repeat")
        return One(character.__eq__)

    def _group(self, depth: int) -> Node:
        if self._accept("?") and not self._accept(":"):
            raise NotSupported("re_match: only plain groups and (?:…) are supported")
        node = self._branches(depth + 1)
        if not self._accept(")"):
            raise self._bad("unmatched (")
        return node

    def _escape(self) -> Test:
        character = self._take()
        if character in _CLASSES:
            return _CLASSES[character]
        if character in _ESCAPES:
            return _ESCAPES[character].__eq__
        if character.isalnum() or not character:
            raise NotSupported(f"re_match: \\{character} is not supported")
        return character.__eq__

    def _set(self) -> Test:
        negated = self._accept("^")
        tests: list[Test] = []
        first = True
        while first or self._peek() != "]":
            first = False
            tests.append(self._set_item())
        self.position += 1
        return lambda character: any(test(character) for test in tests) is not negated

    def _set_item(self) -> Test:
        low = self._take()
        if not low:
            raise self._bad("unmatched [")
        if low == "\\":
            return self._escape()
        if self._peek() != "-" or self.pattern[self.position + 1 : self.position + 2] in ("]", ""):
            return low.__eq__
        self.position += 1
        high = self._take()
        if high == "\\":
            high = self._take()
        if high < low:
            raise self._bad("a range that is empty")
        return lambda character: low <= character <= high

    def _peek(self) -> str:
        return self.pattern[self.position : self.position + 1]

    def _take(self) -> str:
        character = self._peek()
        self.position += 1
        return character

    def _accept(self, character: str) -> bool:
        if self._peek() != character:
            return False
        self.position += 1
        return True

    def _bad(self, what: str) -> Malformed:
        return Malformed(f"re_match: {what}, character {self.position} of the pattern")


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 4
