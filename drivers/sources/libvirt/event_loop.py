"""libvirt's default event loop in a thread of its own, virEventRunDefaultImpl.

There is one per process, and it never ends. If the program has registered a loop of its own, libvirt keeps using that.
Connections that are opened later can send keepalive messages, so that a peer that no longer responds is disconnected.
"""

from __future__ import annotations

import contextlib
import threading
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    import libvirt

KEEPALIVE_SECONDS, KEEPALIVE_COUNT = 5, 2
KEEPALIVE_TIMEOUT_SECONDS = KEEPALIVE_SECONDS * (KEEPALIVE_COUNT + 1)
"""A connection breaks after its daemon has not responded for so long."""
ERROR_DELAY_SECONDS = 1.0
_lock = threading.Lock()
_threads: list[threading.Thread] = []


def ensure_loop() -> None:
    """Start the loop unless it runs; must precede the opening of connections that receive events."""
    import libvirt

    with _lock:
        if not _threads:
            libvirt.virEventRegisterDefaultImpl()
            _threads.append(threading.Thread(target=_run, daemon=True, name="libvirt events"))
            _threads[0].start()


def keep_alive(connection: libvirt.virConnect) -> None:
    """Enable keepalive where the loop runs and the connection leads to a daemon."""
    if _threads:
        with contextlib.suppress(Exception):  # libvirt's mock host and some of its drivers do not support it
            connection.setKeepAlive(KEEPALIVE_SECONDS, KEEPALIVE_COUNT)


def _run() -> None:
    import libvirt

    while True:
        try:
            libvirt.virEventRunDefaultImpl()
        except libvirt.libvirtError:
            time.sleep(ERROR_DELAY_SECONDS)
