"""Errors of Varlink: those that a service replies, and those of the connection."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

STANDARD = "org.varlink.service"
"""The interface that every service has."""


class VarlinkError(Exception):
    """An error that a service replies: the full name of the error, and its parameters."""

    def __init__(self, name: str, parameters: Mapping[str, Any] | None = None) -> None:
        super().__init__(name, dict(parameters or {}))
        self.name = name
        self.parameters = dict(parameters or {})

    def __str__(self) -> str:
        shown = ", ".join(f"{name}={value!r}" for name, value in self.parameters.items())
        return f"{self.name}({shown})"


class InterfaceNotFound(VarlinkError):
    """The service has no such interface."""

    def __init__(self, interface: str) -> None:
        super().__init__(f"{STANDARD}.InterfaceNotFound", {"interface": interface})


class MethodNotFound(VarlinkError):
    """The interface has no such method."""

    def __init__(self, method: str) -> None:
        super().__init__(f"{STANDARD}.MethodNotFound", {"method": method})


class MethodNotImplemented(VarlinkError):
    """The interface has the method, and this service does not implement it."""

    def __init__(self, method: str) -> None:
        super().__init__(f"{STANDARD}.MethodNotImplemented", {"method": method})


class InvalidParameter(VarlinkError):
    """A parameter is missing, unknown or of another type; ``parameter`` is its path."""

    def __init__(self, parameter: str) -> None:
        super().__init__(f"{STANDARD}.InvalidParameter", {"parameter": parameter})


class ExpectedMore(VarlinkError):
    """The method replies more than once, and was called without ``more``."""

    def __init__(self) -> None:
        super().__init__(f"{STANDARD}.ExpectedMore")


class ProtocolError(Exception):
    """A message that is not Varlink: no JSON, no method, or too large. The connection cannot go on."""


class Disconnected(Exception):
    """The other side closed the connection, or was too slow."""
