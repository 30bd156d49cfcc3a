"""The text form of predicates and queries that consoles accept (qpid/messaging/AddressParser.cpp).

Examples: `[eq, _product, [quote, hostd]]`, `{class:Host, package:'x', where:[..]}`. Lists are in brackets, maps in
braces; strings are words, or in single or double quotes without escapes. A word that looks like a number or a boolean
is one; in quotes it stays a string. Unlike in the C++ parser, a word in a list may contain `/` and `:`, so that paths
and MAC addresses need no quotes.
"""

from ..wire.errors import Malformed, TooLarge
from ..wire.types import Map, Value

MAX_TEXT_CHARACTERS = 16_384
MAX_NUMBER_CHARACTERS = 40
MAX_DEPTH = 24
_DELIMITERS = "'\"{}[],"


def parse_list(text: str) -> list[Value]:
    """Parse `[…]`; Malformed or TooLarge, with the position."""
    return _Parser(text).parse_list()


def parse_map(text: str) -> Map:
    """Parse `{…}`; Malformed or TooLarge, with the position."""
    return _Parser(text).parse_map()


class _Parser:
    def __init__(self, text: str) -> None:
        if len(text) > MAX_TEXT_CHARACTERS:
            raise TooLarge(f"query text: over {MAX_TEXT_CHARACTERS} characters")
        self.text = text
        self.position = 0

    def parse_list(self) -> list[Value]:
        if not self._accept("["):
            raise self._error("expected [")
        result = self._list(1)
        self._expect_end()
        return result

    def parse_map(self) -> Map:
        if not self._accept("{"):
            raise self._error("expected {")
        result = self._map(1)
        self._expect_end()
        return result

    def _expect_end(self) -> None:
        if self._peek():
            raise self._error("unexpected text after the end")

    def _value(self, depth: int) -> Value:
        if depth > MAX_DEPTH:
            raise TooLarge(f"query text: nested deeper than {MAX_DEPTH}")
        if self._accept("["):
            return self._list(depth + 1)
        if self._accept("{"):
            return self._map(depth + 1)
        quoted = self._quoted()
        return quoted if quoted is not None else _word_value(self._word(_DELIMITERS))

    def _list(self, depth: int) -> list[Value]:
        result: list[Value] = []
        while not self._accept("]"):
            result.append(self._value(depth))
            if not self._accept(",") and self._peek() != "]":
                raise self._error("expected , or ]")
        return result

    def _map(self, depth: int) -> Map:
        result: Map = {}
        while not self._accept("}"):
            quoted = self._quoted()
            key = quoted if quoted is not None else self._word(_DELIMITERS + ":")
            if not self._accept(":"):
                raise self._error("expected :")
            result[key] = self._value(depth)
            if not self._accept(",") and self._peek() != "}":
                raise self._error("expected , or }")
        return result

    def _quoted(self) -> str | None:
        mark = self._peek()
        if mark not in ("'", '"'):
            return None
        end = self.text.find(mark, self.position + 1)
        if end < 0:
            raise self._error("unterminated quote")
        start, self.position = self.position + 1, end + 1
        return self.text[start:end]

    def _word(self, delimiters: str) -> str:
        self._peek()
        start = self.position
        while self.position < len(self.text):
            character = self.text[self.position]
            if character in delimiters or character.isspace():
                break
            self.position += 1
        if start == self.position:
            raise self._error("expected a value")
        return self.text[start : self.position]

    def _peek(self) -> str:
        while self.position < len(self.text) and self.text[self.position].isspace():
            self.position += 1
        return self.text[self.position : self.position + 1]

    def _accept(self, character: str) -> bool:
        if self._peek() != character:
            return False
        self.position += 1
        return True

    def _error(self, what: str) -> Malformed:
        return Malformed(f"query text: {what}, character {self.position + 1}")


def _word_value(word: str) -> Value:
    """Return a word as boolean or number if it looks like one, else as text."""
    if word in ("true", "false", "True", "False"):
        return word in ("true", "True")
    digits = word[1:] if word[:1] in ("-", "+") else word
    first = digits[:1]
    if not first.isascii() or not (first.isdecimal() or first == "."):
        return word
    if "_" in word or len(word) > MAX_NUMBER_CHARACTERS:  # Python would read "1_0" as a number
        return word
    for number_type in (int, float):
        try:
            return number_type(word)
        except ValueError:
            continue
    return word
