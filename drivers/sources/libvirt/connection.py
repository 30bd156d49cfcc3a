"""Opening and closing libvirt's connections without the traps of its Python binding."""

from __future__ import annotations

import contextlib
import threading
from importlib import import_module

from .binding import require_binding

TYPE_CHECKING = False
if TYPE_CHECKING:
    import libvirt


def connect(uri: str) -> libvirt.virConnect:
    """Open a read-only connection; may block until the daemon replies.

    Raises libvirtError, or Unavailable without libvirt's Python binding.
    """
    require_binding(uri)
    import libvirt

    libvirt.registerErrorHandler(_ignore, None)  # otherwise libvirt also prints the errors that it raises
    if "+ssh:" in uri and "no_tty=" not in uri:
        uri += ("&" if "?" in uri else "?") + "no_tty=1"  # a password prompt would wait forever
    return libvirt.openReadOnly(uri)


def close_async(connection: object) -> None:
    """Close a connection in a thread of its own, because closing calls the daemon and may wait forever.

    Anything that is not a connection is ignored. The handle is first removed from libvirt's object: otherwise whatever
    drops the last reference to it, a traceback or the exiting interpreter, would close it in that thread, and hang.
    """
    handle = getattr(connection, "_o", None)
    if handle is None or type(connection).__name__ != "virConnect":
        return
    connection._o = None  # type: ignore[attr-defined]  # noqa: SLF001 - there is no other way to disarm __del__
    with contextlib.suppress(RuntimeError):  # the interpreter starts no thread any more when it exits
        threading.Thread(target=_close, args=(handle,), daemon=True, name="libvirt close").start()


def _ignore(_context: object, _error: object) -> None:
    """The same error is raised as an exception."""


def _close(handle: object) -> None:
    libvirtmod = import_module("libvirtmod")
    with contextlib.suppress(Exception):  # the connection is not used any more
        libvirtmod.virConnectClose(handle)
