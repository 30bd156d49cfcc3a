"""Interface files: parsing and printing, https://varlink.org/Interface-Definition."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from .interface import (
    BASIC,
    Array,
    Basic,
    Enumeration,
    ErrorDefinition,
    Interface,
    Map,
    Member,
    Method,
    Named,
    Optional,
    Struct,
    Type,
    TypeDefinition,
)

SIZE_LIMIT = 256 * 1024
DEPTH_LIMIT = 16
WIDTH = 116
_TOKEN = re.compile(
    r"(?P<blank>\s+)|\#(?P<comment>[^\n]*)|(?P<sign>->|\[string\]|\[\]|[?(),:])"
    r"|(?P<word>[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)"
)
_INTERFACE = re.compile(r"[A-Za-z](-*[A-Za-z0-9])*(\.[A-Za-z0-9](-*[A-Za-z0-9])*)+")
_MEMBER = re.compile(r"[A-Z][A-Za-z0-9]*")
_FIELD = re.compile(r"[A-Za-z](_?[A-Za-z0-9])*")


def parse_interface(text: str) -> Interface:
    """Return the interface of a file. ValueError: where it is wrong, and what was expected there."""
    if len(text) > SIZE_LIMIT:
        raise ValueError(f"longer than {SIZE_LIMIT} characters")
    parser = _Parser(text)
    found = parser.interface()
    _check_names(found)
    return found


def format_interface(interface: Interface) -> str:
    """Return the text of an interface; ``parse_interface`` returns the same interface for it."""
    blocks = [_commented(interface.comment, f"interface {interface.name}")]
    for one in interface.definitions:
        match one:
            case TypeDefinition():
                text = _fit(f"type {one.name} ", one.type)
            case Method():
                text = _fit(_fit(f"method {one.name}", one.input) + " -> ", one.output)
            case _:
                text = _fit(f"error {one.name} ", one.parameters)
        blocks.append(_commented(one.comment, text))
    return "\n\n".join(blocks) + "\n"


class _Parser:
    """A parser with one token of look-ahead; comments belong to what follows them."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = self._scan()
        self._comment: list[str] = []
        self._depth = 0
        self._line = 1
        self._kind, self._value = "", ""
        self._next()

    def interface(self) -> Interface:
        comment = self._take_comment()
        self._expect("interface")
        name = self._word(_INTERFACE, "a name such as org.example.service")
        definitions = []
        while self._kind:
            definitions.append(self._definition())
        return Interface(name=name, definitions=tuple(definitions), comment=comment)

    def _definition(self) -> TypeDefinition | Method | ErrorDefinition:
        comment, keyword = self._take_comment(), self._value
        if keyword not in ("type", "method", "error"):
            raise self._wrong("type, method or error")
        self._next()
        name = self._word(_MEMBER, "a name that begins with a capital letter")
        if keyword == "type":
            return TypeDefinition(name=name, type=self._parentheses(), comment=comment)
        parameters = self._struct()
        if keyword == "error":
            return ErrorDefinition(name=name, parameters=parameters, comment=comment)
        self._expect("->")
        return Method(name=name, input=parameters, output=self._struct(), comment=comment)

    def _struct(self) -> Struct:
        line, found = self._line, self._parentheses()
        if not isinstance(found, Struct):
            raise ValueError(f"line {line}: parameters need types")  # noqa: TRY004 - of the text, not of a Python type
        return found

    def _parentheses(self) -> Struct | Enumeration:
        self._depth += 1
        if self._depth > DEPTH_LIMIT:
            raise ValueError(f"line {self._line}: nested deeper than {DEPTH_LIMIT}")
        self._expect("(")
        members: list[Member] = []
        values: list[str] = []
        while self._value != ")":
            if members or values:
                self._expect(",")
            comment = self._take_comment()
            name = self._word(_FIELD, "a name of a field")
            if self._value == ":" and not values:
                self._next()
                members.append(Member(name=name, type=self._type(), comment=comment))
            elif not members:
                values.append(name)
            else:
                raise self._wrong("a type")
        self._take_comment()
        self._next()
        self._depth -= 1
        names = [member.name for member in members] + values
        if len(names) != len(set(names)):
            raise ValueError(f"line {self._line}: a name is given twice: {', '.join(names)}")
        return Enumeration(values=tuple(values)) if values else Struct(members=tuple(members))

    def _type(self) -> Type:
        if self._value == "?":
            self._next()
            if self._value == "?":
                raise self._wrong("a type")
            return Optional(of=self._type())
        self._depth += 1
        if self._depth > DEPTH_LIMIT:
            raise ValueError(f"line {self._line}: nested deeper than {DEPTH_LIMIT}")
        found: Type
        if self._value in ("[]", "[string]"):
            is_map = self._value != "[]"
            self._next()
            within = self._type()
            found = Map(of=within) if is_map else Array(of=within)
        elif self._value == "(":
            found = self._parentheses()
        elif self._value in BASIC:
            found = Basic(name=self._value)
            self._next()
        else:
            found = Named(name=self._word(_MEMBER, "a type"))
        self._depth -= 1
        return found

    def _word(self, pattern: re.Pattern[str], expected: str) -> str:
        if self._kind != "word" or not pattern.fullmatch(self._value):
            raise self._wrong(expected)
        found = self._value
        self._next()
        return found

    def _expect(self, value: str) -> None:
        if self._value != value:
            raise self._wrong(value)
        self._next()

    def _wrong(self, expected: str) -> ValueError:
        return ValueError(f"line {self._line}: expected {expected}, not {self._value or 'the end'}")

    def _take_comment(self) -> tuple[str, ...]:
        found = tuple(self._comment)
        self._comment = []
        return found

    def _next(self) -> None:
        self._kind, self._value = next(self._tokens, ("", ""))

    def _scan(self) -> Iterator[tuple[str, str]]:
        position = 0
        while position < len(self._text):
            found = _TOKEN.match(self._text, position)
            if found is None:
                raise ValueError(f"line {self._line}: unexpected character {self._text[position]!r}")
            position = found.end()
            kind = found.lastgroup or ""
            if kind == "comment":
                self._comment.append(found["comment"].removeprefix(" ").rstrip())
            elif kind == "blank":
                self._line += found["blank"].count("\n")
            else:
                yield kind, found[kind]


def _check_names(interface: Interface) -> None:
    """Raise ValueError if a name is defined twice, or a type is used that is not defined."""
    names = Counter(one.name for one in interface.definitions)
    if twice := {name for name, count in names.items() if count > 1}:
        raise ValueError(f"defined twice: {', '.join(sorted(twice))}")
    defined = {one.name for one in interface.definitions if isinstance(one, TypeDefinition)}
    used: set[str] = set()
    for one in interface.definitions:
        match one:
            case TypeDefinition():
                used |= _used(one.type)
            case Method():
                used |= _used(one.input) | _used(one.output)
            case ErrorDefinition():
                used |= _used(one.parameters)
    if unknown := used - defined:
        raise ValueError(f"not defined: {', '.join(sorted(unknown))}")


def _used(kind: Type) -> set[str]:
    match kind:
        case Named():
            return {kind.name}
        case Optional() | Array() | Map():
            return _used(kind.of)
        case Struct():
            return set().union(*(_used(member.type) for member in kind.members))
    return set()


def _commented(comment: tuple[str, ...], text: str) -> str:
    return "\n".join([*(f"# {line}".rstrip() for line in comment), text])


def _fit(start: str, kind: Type) -> str:
    """Return a definition on one line, or with one line per field where that is too long or has comments."""
    line = start + _format(kind)
    last = line.rpartition("\n")[2]
    if not isinstance(kind, Struct) or (len(last) <= WIDTH and not any(member.comment for member in kind.members)):
        return line
    lines = []
    for number, member in enumerate(kind.members, 1):
        comma = "," if number < len(kind.members) else ""
        text = _commented(member.comment, f"{member.name}: {_format(member.type)}{comma}")
        lines += [f"  {part}" for part in text.split("\n")]
    return "\n".join([f"{start}(", *lines, ")"])


def _format(kind: Type) -> str:
    match kind:
        case Basic() | Named():
            return kind.name
        case Optional():
            return f"?{_format(kind.of)}"
        case Array():
            return f"[]{_format(kind.of)}"
        case Map():
            return f"[string]{_format(kind.of)}"
        case Enumeration():
            return f"({', '.join(kind.values)})"
        case Struct():
            return f"({', '.join(f'{member.name}: {_format(member.type)}' for member in kind.members)})"
