"""libvirt's Python binding: whether it is installed, without importing it, and what to do if it cannot be imported."""

from __future__ import annotations

from importlib.util import find_spec

from hostinfo.errors import Unavailable

_REMEDY = "install hostinfo[libvirt] or python3-libvirt"


def is_installed() -> bool:
    """Whether libvirt's Python binding is installed; it may still fail to load."""
    return find_spec("libvirt") is not None


def require_binding(uri: str) -> None:
    """Raise Unavailable if libvirt's Python binding, which this URI needs, is not installed or does not load."""
    try:
        import libvirt  # noqa: F401 - a part of it that is missing shows only now
    except ModuleNotFoundError as error:
        raise Unavailable(uri, f"it needs libvirt's Python binding; {_REMEDY}") from error
    except ImportError as error:
        raise Unavailable(uri, f"libvirt's Python binding does not load: {error}; {_REMEDY}") from error
