"""Facts about a virtualisation host, each with its source, from libvirt, Xen, the kernel or a recording.

>>> import hostinfo
>>> with hostinfo.open() as host:
...     memory = host.memory()
>>> memory.value.total_bytes > 0
True
"""

__version__ = "0.1.0"

TYPE_CHECKING = False
if TYPE_CHECKING:
    from hostinfo.action import Actions
    from hostinfo.driver import Driver
    from hostinfo.driver_factory import DriverFactory
    from hostinfo.errors import (
        ActionBusy,
        ActionError,
        ActionFailed,
        ActionRefused,
        ActionRolledBack,
        DriverError,
        HostInfoError,
        ParseError,
        ReadError,
        RecordingError,
        Unavailable,
        Unsupported,
    )
    from hostinfo.facade import HostInfo, open  # noqa: A004 - hostinfo.open, as libvirt.open
    from hostinfo.fact import GroupResult, Problem
    from hostinfo.groups import GROUPS
    from hostinfo.watch import Watch

_MODULES = {
    "hostinfo.action": ("Actions",),
    "hostinfo.facade": ("HostInfo", "open"),
    "hostinfo.fact": ("GroupResult", "Problem"),
    "hostinfo.watch": ("Watch",),
    "hostinfo.driver": ("Driver",),
    "hostinfo.driver_factory": ("DriverFactory",),
    "hostinfo.groups": ("GROUPS",),
    "hostinfo.errors": (
        "ActionBusy",
        "ActionError",
        "DriverError",
        "ActionFailed",
        "HostInfoError",
        "ParseError",
        "ReadError",
        "RecordingError",
        "ActionRefused",
        "ActionRolledBack",
        "Unavailable",
        "Unsupported",
    ),
}

__all__ = [
    "GROUPS",
    "ActionBusy",
    "ActionError",
    "ActionFailed",
    "ActionRefused",
    "ActionRolledBack",
    "Actions",
    "Driver",
    "DriverError",
    "DriverFactory",
    "GroupResult",
    "HostInfo",
    "HostInfoError",
    "ParseError",
    "Problem",
    "ReadError",
    "RecordingError",
    "Unavailable",
    "Unsupported",
    "Watch",
    "__version__",
    "open",
]


def __getattr__(name: str) -> object:
    """Import a public name when it is first used, which keeps ``import hostinfo`` fast."""
    for module, names in _MODULES.items():
        if name in names:
            import importlib

            value = getattr(importlib.import_module(module), name)
            globals()[name] = value
            return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
