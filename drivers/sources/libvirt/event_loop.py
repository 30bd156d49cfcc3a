"""libvirt's event loop in a thread of its own, virEventRunDefaultImpl.

It is the process', and once there it stays; where the program has registered one of its own, libvirt goes on with that.
Connections that are opened afterwards can send keepalive messages, so that a peer that is silent breaks them.
"""

import contextlib
import threading
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    import libvirt

KEEPALIVE_SECONDS, KEEPALIVE_COUNT = 5, 2
SILENT_SECONDS = KEEPALIVE_SECONDS * (KEEPALIVE_COUNT + 1)
"""A connection breaks when its daemon is silent so long."""
PAUSE_AFTER_FAULT = 1.0
_lock = threading.Lock()
_threads: list[threading.Thread] = []


def ensure_loop() -> None:
    """Start the thread, once; before the connections that shall have events."""
    import libvirt

    with _lock:
        if not _threads:
            libvirt.virEventRegisterDefaultImpl()
            _threads.append(threading.Thread(target=_run, daemon=True, name="libvirt events"))
            _threads[0].start()


def keep_alive(connection: "libvirt.virConnect") -> None:
    """Break the connection when its daemon is silent; nothing where there is no loop, or no daemon behind it."""
    if _threads:
        with contextlib.suppress(Exception):  # libvirt's mock host and some of its drivers have none
            connection.setKeepAlive(KEEPALIVE_SECONDS, KEEPALIVE_COUNT)


def _run() -> None:
    import libvirt

    while True:
        try:
            libvirt.virEventRunDefaultImpl()
        except libvirt.libvirtError:
            time.sleep(PAUSE_AFTER_FAULT)
