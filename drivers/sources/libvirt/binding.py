"""Whether libvirt's Python binding is installed, found without importing it."""

from __future__ import annotations

from importlib.util import find_spec

from hostinfo.errors import Unavailable


def is_installed() -> bool:
    """Whether libvirt's Python binding can be imported."""
    return find_spec("libvirt") is not None


def require_binding(uri: str) -> None:
    """Raise Unavailable if a URI needs libvirt's Python binding and it is not installed."""
    if not is_installed():
        raise Unavailable(uri, "it needs libvirt's Python binding; install hostinfo[libvirt] or python3-libvirt")
