"""An interface: its types, methods and errors, as its file describes them."""

from __future__ import annotations

from hostinfo.record import record

BASIC = ("bool", "int", "float", "string", "object", "any")
"""Basic types; object is any JSON object, any is any JSON value."""


@record
class Basic:
    """A basic type."""

    name: str


@record
class Named:
    """A type of the interface, by its name."""

    name: str


@record
class Optional:
    """A value that may be null or missing."""

    of: Type


@record
class Array:
    """A list of values."""

    of: Type


@record
class Map:
    """An object whose keys are any strings."""

    of: Type


@record
class Member:
    """One field of a structure, or one parameter."""

    name: str
    type: Type
    comment: tuple[str, ...] = ()
    """Lines of its comment, without #."""


@record
class Struct:
    """An object with these fields."""

    members: tuple[Member, ...] = ()


@record
class Enumeration:
    """A string, one of these."""

    values: tuple[str, ...]


Type = Basic | Named | Optional | Array | Map | Struct | Enumeration


@record
class TypeDefinition:
    """A type that the interface defines."""

    name: str
    type: Struct | Enumeration
    comment: tuple[str, ...] = ()


@record
class Method:
    """A method: what it takes and what it replies."""

    name: str
    input: Struct
    output: Struct
    comment: tuple[str, ...] = ()


@record
class ErrorDefinition:
    """An error that a method may reply, with its parameters."""

    name: str
    parameters: Struct
    comment: tuple[str, ...] = ()


@record
class Interface:
    """One interface; its definitions are in the order of the file."""

    name: str
    definitions: tuple[TypeDefinition | Method | ErrorDefinition, ...]
    comment: tuple[str, ...] = ()

    def type(self, name: str) -> Type | None:
        """Return the type of this name; None: there is none."""
        for one in self.definitions:
            if isinstance(one, TypeDefinition) and one.name == name:
                return one.type
        return None

    def method(self, name: str) -> Method | None:
        """Return the method of this name; None: there is none."""
        return next((one for one in self.definitions if isinstance(one, Method) and one.name == name), None)

    def error(self, name: str) -> ErrorDefinition | None:
        """Return the error of this name; None: there is none."""
        return next((one for one in self.definitions if isinstance(one, ErrorDefinition) and one.name == name), None)
