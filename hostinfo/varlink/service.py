"""A service: interfaces, and the functions that carry out their methods."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .errors import STANDARD, ExpectedMore, InterfaceNotFound, MethodNotFound, MethodNotImplemented
from .interface import Interface, Method
from .interface_text import format_interface, parse_interface
from .message import CallMessage
from .parameters import check_parameters
from .peer import Peer

DESCRIPTION = """\
# The interface of every Varlink service.
interface org.varlink.service

# Properties of the service, and its interfaces.
method GetInfo() -> (vendor: string, product: string, version: string, url: string, interfaces: []string)

# The description of one interface.
method GetInterfaceDescription(interface: string) -> (description: string)

error InterfaceNotFound (interface: string)

error MethodNotFound (method: string)

error MethodNotImplemented (method: string)

error InvalidParameter (parameter: string)

error PermissionDenied ()

error ExpectedMore ()
"""


class Call:
    """One call while it is carried out, in a thread of its own."""

    def __init__(
        self,
        message: CallMessage,
        peer: Peer,
        reply: Callable[[Mapping[str, Any]], None] | None = None,
        is_open: Callable[[], bool] = lambda: True,
    ) -> None:
        self.method = message.method
        self.parameters = message.parameters
        self.more = message.more
        self.peer = peer
        self._reply = reply
        self._is_open = is_open

    def reply(self, parameters: Mapping[str, Any]) -> None:
        """Send a reply that others follow; wait while the client is slow.

        ExpectedMore: the client wants one reply. Disconnected: the client is gone, or too slow.
        """
        if not self.more or self._reply is None:
            raise ExpectedMore
        self._reply(parameters)

    def is_open(self) -> bool:
        """Whether the client is still connected; a call that replies more than once ends without it."""
        return self._is_open()


Handler = Callable[[Call], Mapping[str, Any]]
"""Carries out a method and returns the parameters of the last reply, or raises VarlinkError."""


class Service:
    """The interfaces that a server serves."""

    def __init__(self, *, vendor: str, product: str, version: str, url: str) -> None:
        self._information = {"vendor": vendor, "product": product, "version": version, "url": url}
        self._interfaces: dict[str, Interface] = {}
        self._handlers: dict[str, Handler] = {}
        self.add(
            parse_interface(DESCRIPTION),
            {"GetInfo": self._get_info, "GetInterfaceDescription": self._get_interface_description},
        )

    def add(self, interface: Interface, handlers: Mapping[str, Handler]) -> None:
        """Add an interface with the functions of its methods; a method without one is not implemented."""
        for name in handlers:
            if interface.method(name) is None:
                raise ValueError(f"{interface.name} has no method {name}")
        self._interfaces[interface.name] = interface
        self._handlers |= {f"{interface.name}.{name}": handler for name, handler in handlers.items()}

    def find(self, name: str) -> tuple[Interface, Method, Handler]:
        """Return a method by its full name. InterfaceNotFound, MethodNotFound, MethodNotImplemented."""
        interface_name, _, short = name.rpartition(".")
        interface = self._interfaces.get(interface_name)
        if interface is None:
            raise InterfaceNotFound(interface_name)
        method = interface.method(short)
        if method is None:
            raise MethodNotFound(name)
        handler = self._handlers.get(name)
        if handler is None:
            raise MethodNotImplemented(name)
        return interface, method, handler

    def call(self, call: Call) -> Mapping[str, Any]:
        """Carry out a call, and return the parameters of its last reply. VarlinkError: what is replied instead."""
        interface, method, handler = self.find(call.method)
        check_parameters(interface, method.input, call.parameters)
        return handler(call)

    def _get_info(self, _: Call) -> Mapping[str, Any]:
        return {**self._information, "interfaces": sorted(self._interfaces, key=lambda name: (name != STANDARD, name))}

    def _get_interface_description(self, call: Call) -> Mapping[str, Any]:
        interface = self._interfaces.get(call.parameters["interface"])
        if interface is None:
            raise InterfaceNotFound(call.parameters["interface"])
        return {"description": format_interface(interface)}
