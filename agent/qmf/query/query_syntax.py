"""The textual form of predicates and queries that consoles take (qpid/messaging/AddressParser.cpp).

`[eq, _product, [quote, hostd]]`, `{class:Host, package:'x', where:[..]}`: lists in brackets, maps in braces, words,
and strings in single or double quotes, without escapes. A word that looks like a number or a boolean is one; a quoted
one stays a string. Unlike there, a word in a list may hold `/` and `:`, so that paths and MAC addresses need no quotes.
"""

from ..wire.errors import Malformed, TooLarge
from ..wire.types import Map, Value

MAX_TEXT_CHARACTERS = 16_384
DEPTH = 24
_RESERVED = "'\"{}[],"


def parse_list(text: str) -> list[Value]:
    """Parse `[…]`; Malformed or TooLarge, with the place."""
    return _Parser(text).whole_list()


def parse_map(text: str) -> Map:
    """Parse `{…}`; Malformed or TooLarge, with the place."""
    return _Parser(text).whole_map()


class _Parser:
    def __init__(self, text: str) -> None:
        if len(text) > MAX_TEXT_CHARACTERS:
            raise TooLarge(f"query text: over {MAX_TEXT_CHARACTERS} characters")
        self.text = text
        self.position = 0

    def whole_list(self) -> list[Value]:
        if not self._accept("["):
            raise self._bad("expected [")
        result = self._list(1)
        self._end()
        return result

    def whole_map(self) -> Map:
        if not self._accept("{"):
            raise self._bad("expected {")
        result = self._map(1)
        self._end()
        return result

    def _end(self) -> None:
        if self._peek():
            raise self._bad("more text after the end")

    def _value(self, depth: int) -> Value:
        if depth > DEPTH:
            raise TooLarge(f"query text: nested deeper than {DEPTH}")
        if self._accept("["):
            return self._list(depth + 1)
        if self._accept("{"):
            return self._map(depth + 1)
        quoted = self._quoted()
        return quoted if quoted is not None else _typed(self._word(_RESERVED))

    def _list(self, depth: int) -> list[Value]:
        result: list[Value] = []
        while not self._accept("]"):
            result.append(self._value(depth))
            if not self._accept(",") and self._peek() != "]":
                raise self._bad("expected , or ]")
        return result

    def _map(self, depth: int) -> Map:
        result: Map = {}
        while not self._accept("}"):
            quoted = self._quoted()
            key = quoted if quoted is not None else self._word(_RESERVED + ":")
            if not self._accept(":"):
                raise self._bad("expected :")
            result[key] = self._value(depth)
            if not self._accept(",") and self._peek() != "}":
                raise self._bad("expected , or }")
        return result

    def _quoted(self) -> str | None:
        mark = self._peek()
        if mark not in ("'", '"'):
            return None
        end = self.text.find(mark, self.position + 1)
        if end < 0:
            raise self._bad("a quote that does not end")
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
            raise self._bad("expected a value")
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

    def _bad(self, what: str) -> Malformed:
        return Malformed(f"query text: {what}, character {self.position + 1}")


def _typed(word: str) -> Value:
    if word in ("true", "false", "True", "False"):
        return word in ("true", "True")
    digits = word[1:] if word[:1] in ("-", "+") else word
    if not digits[:1].isascii() or not (digits[:1].isdecimal() or digits[:1] == ".") or len(word) > 40:
        return word
    if "_" in word:
        return word
    for kind in (int, float):
        try:
            return kind(word)
        except ValueError:
            continue
    return word
