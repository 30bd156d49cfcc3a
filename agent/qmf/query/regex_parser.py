"""Parser for the regular expressions in predicates; `regex` lists the supported syntax."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..wire.errors import Malformed, NotSupported, TooLarge

MAX_NESTING = 24
MAX_REPEATS = 255

CharacterTest = Callable[[str], bool]
_CLASSES: dict[str, CharacterTest] = {
    "d": str.isdecimal,
    "w": lambda character: character.isalnum() or character == "_",
    "s": str.isspace,
    "D": lambda character: not character.isdecimal(),
    "W": lambda character: not (character.isalnum() or character == "_"),
    "S": lambda character: not character.isspace(),
}
_CONTROL_CHARACTERS = {"n": "\n", "t": "\t", "r": "\r", "f": "\f", "v": "\v"}


@dataclass(frozen=True, slots=True)
class CharTest:
    """One character that satisfies a test."""

    test: CharacterTest


@dataclass(frozen=True, slots=True)
class Anchor:
    """The start or the end of the text."""

    is_end: bool


@dataclass(frozen=True, slots=True)
class Concat:
    """Parts in sequence."""

    parts: tuple[RegexNode, ...]


@dataclass(frozen=True, slots=True)
class Alternation:
    """One of several branches."""

    branches: tuple[RegexNode, ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """A part, repeated."""

    part: RegexNode
    minimum: int
    maximum: int | None  # None: unlimited


RegexNode = CharTest | Anchor | Concat | Alternation | Repeat


def parse_regex(pattern: str) -> RegexNode:
    """Parse a pattern; Malformed, NotSupported or TooLarge, with the position where it applies."""
    return _Parser(pattern).parse()


class _Parser:
    """A recursive descent parser; its recursion is as deep as groups are nested, which is bounded."""

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.position = 0

    def parse(self) -> RegexNode:
        node = self._alternation(0)
        if self.position < len(self.pattern):
            raise self._error("unmatched )")
        return node

    def _alternation(self, depth: int) -> RegexNode:
        if depth > MAX_NESTING:
            raise TooLarge(f"re_match: groups nested deeper than {MAX_NESTING}")
        branches = [self._concatenation(depth)]
        while self._accept("|"):
            branches.append(self._concatenation(depth))
        return branches[0] if len(branches) == 1 else Alternation(tuple(branches))

    def _concatenation(self, depth: int) -> RegexNode:
        parts: list[RegexNode] = []
        while self._peek() not in ("", "|", ")"):
            parts.append(self._repeated(self._atom(depth)))
        return Concat(tuple(parts))

    def _repeated(self, part: RegexNode) -> RegexNode:
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
        return self._single_repeat(Repeat(part, *bounds))

    def _counted(self, part: RegexNode) -> RegexNode:
        end = self.pattern.find("}", self.position)
        minimum, comma, maximum = self.pattern[self.position + 1 : end].partition(",")
        if end < 0 or not _is_count(minimum) or (maximum and not _is_count(maximum)):
            raise self._error("not a repeat count in braces")
        high = (int(maximum) if maximum else None) if comma else int(minimum)
        if int(minimum) > MAX_REPEATS or (high is not None and not int(minimum) <= high <= MAX_REPEATS):
            raise self._error("repeat count out of range")
        self.position = end + 1
        return self._single_repeat(Repeat(part, int(minimum), high))

    def _single_repeat(self, node: RegexNode) -> RegexNode:
        self._accept("?")  # lazy: it matches the same texts
        if self._peek() in ("*", "+", "?", "{"):
            raise self._error("nothing to repeat")
        return node

    def _atom(self, depth: int) -> RegexNode:
        character = self._take()
        match character:
            case "(":
                return self._group(depth)
            case "[":
                return CharTest(self._character_set())
            case "\\":
                return CharTest(self._escaped())
            case ".":
                return CharTest(lambda other: other != "\n")
            case "^" | "$":
                return Anchor(character == "$")
            case "*" | "+" | "?" | "{":
                raise self._error("nothing to repeat")
        return CharTest(character.__eq__)

    def _group(self, depth: int) -> RegexNode:
        if self._accept("?") and not self._accept(":"):
            raise NotSupported("re_match: only plain groups and (?:…) are supported")
        node = self._alternation(depth + 1)
        if not self._accept(")"):
            raise self._error("unmatched (")
        return node

    def _escaped(self) -> CharacterTest:
        character = self._take()
        if character in _CLASSES:
            return _CLASSES[character]
        if character in _CONTROL_CHARACTERS:
            return _CONTROL_CHARACTERS[character].__eq__
        if character.isalnum() or not character:
            raise NotSupported(f"re_match: \\{character} is not supported")
        return character.__eq__

    def _character_set(self) -> CharacterTest:
        negated = self._accept("^")
        tests: list[CharacterTest] = []
        first = True
        while first or self._peek() != "]":
            first = False
            tests.append(self._set_member())
        self.position += 1
        return lambda character: any(test(character) for test in tests) is not negated

    def _set_member(self) -> CharacterTest:
        low = self._take()
        if not low:
            raise self._error("unmatched [")
        if low == "\\":
            return self._escaped()
        if self._peek() != "-" or self.pattern[self.position + 1 : self.position + 2] in ("]", ""):
            return low.__eq__
        self.position += 1
        high = self._take()
        if high == "\\":
            high = self._take()
        if high < low:
            raise self._error("empty range")
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

    def _error(self, what: str) -> Malformed:
        return Malformed(f"re_match: {what}, character {self.position} of the pattern")


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 4
