"""One connection that hears: of its own end, of domains and of devices.

virConnectRegisterCloseCallback, virConnectDomainEventRegisterAny, virConnectNodeDeviceEventRegisterAny. Its callbacks
come in the thread of libvirt's event loop, which they must not keep.
"""

import contextlib
import threading
from collections.abc import Callable, Collection

from hostinfo.errors import HostInfoError, ReadError, Unavailable

from .client import connect, let_go
from .event_loop import SILENT_SECONDS, ensure_loop, keep_alive

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_LIFECYCLE, _BALLOON = 0, 13  # VIR_DOMAIN_EVENT_ID_…
_DEVICE_LIFECYCLE, _DEVICE_UPDATE = 0, 1  # VIR_NODE_DEVICE_EVENT_ID_…
_REASONS = (
    "the connection broke",
    "the daemon closed the connection",
    f"the daemon was silent for {SILENT_SECONDS} s",
    "the connection was closed",
)
"""virConnectCloseReason."""


class Listener:
    """Opens the connection, which may take as long as the daemon likes: call it in a thread that may be left behind."""

    def __init__(
        self,
        uri: str,
        groups: Collection[str],
        *,
        on_change: Callable[[str], None],
        on_end: Callable[[], None],
    ) -> None:
        """``on_change`` is told "guests" or "network", of the groups that are wanted. Raises Unavailable."""
        self.error: HostInfoError | None = None
        """Why the connection ended; None: it has not."""
        self._uri, self._on_change, self._on_end = uri, on_change, on_end
        self._undo: list[Callable[[], object]] = []
        try:
            import libvirt
        except ImportError as error:
            raise Unavailable(uri, f"{error}; install hostinfo[libvirt] or python3-libvirt") from error
        ensure_loop()
        try:
            self._connection = connect(uri)
        except libvirt.libvirtError as error:
            raise Unavailable(uri, str(error)) from error
        try:
            self._register(groups)
        except (libvirt.libvirtError, Unavailable) as error:
            self.close()
            raise Unavailable(uri, str(error)) from error

    def _register(self, groups: Collection[str]) -> None:
        connection = self._connection
        keep_alive(connection)
        connection.registerCloseCallback(self._closed, None)
        self._undo.append(connection.unregisterCloseCallback)
        if "guests" in groups:
            for event in (_LIFECYCLE, _BALLOON):
                self._hear("domainEvent", event, self._changed("guests"))
        if "network" in groups:
            for event in (_DEVICE_LIFECYCLE, _DEVICE_UPDATE):
                self._hear("nodeDeviceEvent", event, self._changed("network"))
        if not connection.isAlive():  # it ended before anybody listened for that
            raise Unavailable("connection", _REASONS[1])

    def _hear(self, kind: str, event: int, call: "Callable[..., None]") -> None:
        """Where a driver has no such events, changes show at the next reading."""
        connection: Any = self._connection
        with contextlib.suppress(Exception):
            number = getattr(connection, f"{kind}RegisterAny")(None, event, call, None)
            self._undo.append(lambda: getattr(connection, f"{kind}DeregisterAny")(number))

    def _changed(self, group: str) -> "Callable[..., None]":
        return lambda *_: self._on_change(group)

    def _closed(self, _connection: object, reason: int, _opaque: object) -> None:
        why = _REASONS[reason] if reason < len(_REASONS) else f"reason {reason}"
        self.error = ReadError(self._uri, why)
        self._on_end()

    def close(self) -> None:
        """Let the connection go, in a thread of its own: each step may ask the daemon."""
        with contextlib.suppress(RuntimeError):  # no thread is started any more when the interpreter ends
            threading.Thread(target=self._farewell, daemon=True, name="libvirt farewell").start()

    def _farewell(self) -> None:
        for step in reversed(self._undo):
            with contextlib.suppress(Exception):  # of a connection that broke nothing is left to undo
                step()
        self._undo.clear()
        let_go(self._connection)
