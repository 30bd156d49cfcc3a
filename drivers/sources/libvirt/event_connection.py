"""One connection that receives events: its own end, and changes of domains and devices.

virConnectRegisterCloseCallback, virConnectDomainEventRegisterAny, virConnectNodeDeviceEventRegisterAny. The callbacks
run in the thread of libvirt's event loop, which they must not block.
"""

from __future__ import annotations

import contextlib
import threading

from hostinfo.errors import HostInfoError, ReadError, Unavailable

from .binding import require_binding
from .connection import close_async, connect
from .event_loop import KEEPALIVE_TIMEOUT_SECONDS, ensure_loop, keep_alive

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from typing import Any

_LIFECYCLE, _BALLOON = 0, 13  # VIR_DOMAIN_EVENT_ID_…
_DEVICE_LIFECYCLE, _DEVICE_UPDATE = 0, 1  # VIR_NODE_DEVICE_EVENT_ID_…
_REASONS = (
    "the connection broke",
    "the daemon closed the connection",
    f"the daemon did not respond for {KEEPALIVE_TIMEOUT_SECONDS} s",
    "the connection was closed",
)
"""virConnectCloseReason."""


class EventConnection:
    """Opening blocks until the daemon replies: create it in a thread that may be left behind."""

    def __init__(
        self,
        uri: str,
        groups: Collection[str],
        *,
        on_change: Callable[[str], None],
        on_end: Callable[[], None],
    ) -> None:
        """``on_change`` gets "guests" or "network", if it is one of ``groups``. Raises Unavailable."""
        self.error: HostInfoError | None = None
        """Why the connection ended; None: it is established."""
        self._uri, self._on_change, self._on_end = uri, on_change, on_end
        self._deregister: list[Callable[[], object]] = []
        require_binding(uri)
        import libvirt

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

    def close(self) -> None:
        """Close the connection in a thread of its own, because each step may call the daemon."""
        with contextlib.suppress(RuntimeError):  # the interpreter starts no thread any more when it exits
            threading.Thread(target=self._close, daemon=True, name="libvirt close").start()

    def _register(self, groups: Collection[str]) -> None:
        connection = self._connection
        keep_alive(connection)
        connection.registerCloseCallback(self._closed, None)
        self._deregister.append(connection.unregisterCloseCallback)
        if "guests" in groups:
            for event in (_LIFECYCLE, _BALLOON):
                self._subscribe("domainEvent", event, self._changed("guests"))
        if "network" in groups:
            for event in (_DEVICE_LIFECYCLE, _DEVICE_UPDATE):
                self._subscribe("nodeDeviceEvent", event, self._changed("network"))
        if not connection.isAlive():  # it ended before the close callback was registered
            raise Unavailable("connection", _REASONS[1])

    def _subscribe(self, kind: str, event: int, callback: Callable[..., None]) -> None:
        """Register for an event. Where the libvirt driver lacks it, the next reading shows the change."""
        connection: Any = self._connection
        with contextlib.suppress(Exception):
            number = getattr(connection, f"{kind}RegisterAny")(None, event, callback, None)
            self._deregister.append(lambda: getattr(connection, f"{kind}DeregisterAny")(number))

    def _changed(self, group: str) -> Callable[..., None]:
        return lambda *_: self._on_change(group)

    def _closed(self, _connection: object, reason: int, _opaque: object) -> None:
        why = _REASONS[reason] if reason < len(_REASONS) else f"reason {reason}"
        self.error = ReadError(self._uri, why)
        self._on_end()

    def _close(self) -> None:
        for step in reversed(self._deregister):
            with contextlib.suppress(Exception):  # a broken connection has nothing registered any more
                step()
        self._deregister.clear()
        close_async(self._connection)
