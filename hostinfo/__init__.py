"""The truth about a virtualisation host: facts from libvirt, Xen, the kernel and recorded machines, with their sources.

>>> import hostinfo
>>> with hostinfo.open() as host:
...     memory = host.memory()
>>> memory.value.total_bytes > 0
True
"""

__version__ = "0.1.0"

TYPE_CHECKING = False
if TYPE_CHECKING:
    from hostinfo.driver import GROUPS, Driver, Opener
    from hostinfo.errors import (
        ActionError,
        DriverError,
        Failed,
        HostInfoError,
        ParseError,
        ReadError,
        Refused,
        RolledBack,
        Unavailable,
        Unsupported,
    )
    from hostinfo.facade import HostInfo, open  # noqa: A004 - hostinfo.open, as libvirt.open
    from hostinfo.fact import Fact, Problem
    from hostinfo.watching import Watch

_HOMES = {
    "hostinfo.facade": ("HostInfo", "open"),
    "hostinfo.fact": ("Fact", "Problem"),
    "hostinfo.watching": ("Watch",),
    "hostinfo.driver": ("GROUPS", "Driver", "Opener"),
    "hostinfo.errors": (
        "ActionError",
        "DriverError",
        "Failed",
        "HostInfoError",
        "ParseError",
        "ReadError",
        "Refused",
        "RolledBack",
        "Unavailable",
        "Unsupported",
    ),
}

__all__ = [
    "GROUPS",
    "ActionError",
    "Driver",
    "DriverError",
    "Fact",
    "Failed",
    "HostInfo",
    "HostInfoError",
    "Opener",
    "ParseError",
    "Problem",
    "ReadError",
    "Refused",
    "RolledBack",
    "Unavailable",
    "Unsupported",
    "Watch",
    "__version__",
    "open",
]


def __getattr__(name: str) -> object:
    """Import a public name when it is first used: a program that wants one thing does not pay for all."""
    for module, names in _HOMES.items():
        if name in names:
            import importlib

            value = getattr(importlib.import_module(module), name)
            globals()[name] = value
            return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
