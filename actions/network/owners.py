"""Which network service configures an interface: NetworkManager, systemd-networkd, ifupdown, or none.

Only files are read: what the running services write below /run, and the configuration in /etc. In another network
namespace than that of PID 1, the services of the host own nothing.

- NetworkManager writes /run/NetworkManager/devices/INDEX with ``managed``.
- systemd-networkd writes /run/systemd/netif/links/INDEX with ``ADMIN_STATE``, sd-network(3).
- ifupdown has stanzas in /etc/network/interfaces, interfaces(5), and lists what is up in /run/network/ifstate.
- netplan(5) and cloud-init write configuration for one of these services, and write it again.
"""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from posixpath import dirname, join

from hostinfo.drivers.sources.tree import Tree
from hostinfo.model.network import Link
from hostinfo.record import record

NETWORKMANAGER, NETWORKD, IFUPDOWN = "NetworkManager", "systemd-networkd", "ifupdown"
_UNITS = {service: f"{service}.service" for service in (NETWORKMANAGER, NETWORKD)}
_NOT_NETWORKD = ("unmanaged", "pending", "initialized")
INCLUDES_LIMIT = 100
"""Files that /etc/network/interfaces may include."""


@record
class Owner:
    """The service that configures an interface."""

    service: str
    """NetworkManager, systemd-networkd or ifupdown."""
    source: str
    """File that shows it."""
    generator: str | None = None
    """netplan or cloud-init, where it writes the configuration of the service; None: neither does."""


class Owners:
    """Finds the owner of links; the files are read once."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._is_elsewhere = self._in_another_namespace()
        self._running = {service for service, unit in _UNITS.items() if is_running(tree, unit)}
        self._stanzas = dict(_stanzas(tree)) if not self._is_elsewhere else {}
        self._generator = self._find_generator()

    def owner(self, link: Link) -> Owner | None:
        """Return the owner of a link; None: no service configures it."""
        if self._is_elsewhere:
            return None
        if NETWORKMANAGER in self._running:
            path = f"run/NetworkManager/devices/{link.index}"
            if "managed=true" in self._tree.try_text(path).splitlines():
                return self._owned(NETWORKMANAGER, path)
        if NETWORKD in self._running:
            path = f"run/systemd/netif/links/{link.index}"
            state = _value(self._tree.try_text(path), "ADMIN_STATE")
            if state is not None and state not in _NOT_NETWORKD:
                return self._owned(NETWORKD, path)
        if (path := self._stanzas.get(link.name, "")) and link.kind != "loopback":
            return self._owned(IFUPDOWN, path)
        if link.name in _interfaces_up(self._tree) and link.kind != "loopback":
            return self._owned(IFUPDOWN, "run/network/ifstate")
        return None

    def services(self) -> tuple[str, ...]:
        """Return the services that may own links here, those first that win where several configure a link."""
        if self._is_elsewhere:
            return ()
        running = [service for service in (NETWORKMANAGER, NETWORKD) if service in self._running]
        return (*running, IFUPDOWN) if self._has_ifupdown() else tuple(running)

    def _has_ifupdown(self) -> bool:
        return self._tree.exists("etc/network/interfaces") and any(
            self._tree.exists(f"{folder}/ifup") for folder in ("usr/sbin", "sbin")
        )

    def _owned(self, service: str, path: str) -> Owner:
        return Owner(service=service, source=f"/{path}", generator=self._generator)

    def _in_another_namespace(self) -> bool:
        own, first = self._tree.link("proc/self/ns/net"), self._tree.link("proc/1/ns/net")
        return own is not None and first is not None and own != first

    def _find_generator(self) -> str | None:
        if any(name.endswith(".yaml") for name in _names(self._tree, "etc/netplan")):
            return "netplan"
        if self._tree.exists("etc/network/interfaces.d/50-cloud-init"):
            return "cloud-init"
        return None


def is_running(tree: Tree, unit: str) -> bool:
    """Whether a service runs: whether it has processes. ``unit`` is such as systemd-networkd.service."""
    groups = ("sys/fs/cgroup/system.slice", "sys/fs/cgroup/systemd/system.slice")
    return any(tree.try_text(f"{group}/{unit}/cgroup.procs").strip() for group in groups)


def _names(tree: Tree, path: str) -> list[str]:
    return tree.names(path) if tree.is_dir(path) else []


def _value(text: str, key: str) -> str | None:
    for line in text.splitlines():
        name, separator, value = line.partition("=")
        if separator and name == key:
            return value.strip()
    return None


def _interfaces_up(tree: Tree) -> set[str]:
    return {line.partition("=")[0].strip() for line in tree.try_text("run/network/ifstate").splitlines()}


def _stanzas(tree: Tree) -> Iterator[tuple[str, str]]:
    """Yield the interfaces that ifupdown configures, with the file of their stanza."""
    left = ["etc/network/interfaces"]
    seen: set[str] = set()
    while left and len(seen) < INCLUDES_LIMIT:
        path = left.pop(0)
        if path in seen:
            continue
        seen.add(path)
        for line in tree.try_text(path).replace("\\\n", " ").splitlines():
            match line.split():
                case ["iface", name, *_]:
                    yield name, path
                case ["source", pattern]:
                    left += _included(tree, join("/", dirname(path), pattern).lstrip("/"))
                case ["source-directory", folder]:
                    base = join("/", dirname(path), folder).strip("/")
                    left += [f"{base}/{name}" for name in _names(tree, base) if name.replace("-", "").isalnum()]


def _included(tree: Tree, pattern: str) -> list[str]:
    folder, _, last = pattern.rpartition("/")
    return [f"{folder}/{name}" for name in sorted(_names(tree, folder)) if fnmatchcase(name, last)]
