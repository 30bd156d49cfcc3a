"""The groups of facts, one row per group. All that lists groups reads this table.

A row is also the method of ``HostInfo`` that reads the group. A new group needs a row in ``Groups``, the type of its
reader in ``Readers``, its model in ``hostinfo/model/``, and a reader in each driver that provides it.
"""

from __future__ import annotations

from functools import partial

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from typing import Any, Protocol, TypedDict, TypeVar

    from hostinfo.fact import GroupResult
    from hostinfo.model.cpu import Cpu
    from hostinfo.model.domain import Domain
    from hostinfo.model.guests import Guests
    from hostinfo.model.hypervisor import Hypervisor
    from hostinfo.model.memory import Memory
    from hostinfo.model.network import Network
    from hostinfo.model.numa import Numa
    from hostinfo.model.statistics import Statistics
    from hostinfo.model.system import System

    T = TypeVar("T")

    class ReadGroup(Protocol[T]):
        """A group as a method of HostInfo."""

        def __call__(self, fields: Collection[str] | None = None) -> GroupResult[T]:
            """Read the group; ``fields``: its top-level fields that are needed, None: all."""
            ...

    class Reader(Protocol[T]):
        """A group as an entry of a Driver."""

        def __call__(self, fields: frozenset[str] | None, /) -> GroupResult[T]:
            """Read the group; ``fields``: its top-level fields that are needed, None: all."""
            ...

    class Readers(TypedDict, total=False):
        """Type of the reader of each group; None: the driver does not offer the group on this machine."""

        system: Reader[System] | None
        hypervisor: Reader[Hypervisor] | None
        domain: Reader[Domain] | None
        cpu: Reader[Cpu] | None
        memory: Reader[Memory] | None
        numa: Reader[Numa] | None
        network: Reader[Network] | None
        guests: Reader[Guests] | None
        statistics: Reader[Statistics] | None


class Group:
    """One row of the table."""

    def __init__(
        self,
        model: str,
        summary: str,
        *,
        section: str | None = None,
        compares_with: Mapping[str, tuple[str, ...]] | None = None,
        item_keys: Mapping[str, tuple[str, ...]] | None = None,
        volatile: tuple[str, ...] = (),
        is_volatile: bool = False,
    ) -> None:
        self.name = ""
        self.model = model
        """Dotted name of the model's class; it is imported when it is needed."""
        self.summary = summary
        """One line of help."""
        self.section = section
        """Module in hostinfo/output/text/ that prints the group; None: printed generically."""
        self.compares_with = compares_with or {}
        """Other groups, and their fields, that the section shows next to those of this group."""
        self.item_keys = item_keys or {}
        """Class of list items -> its key: the fields that identify an item in paths and diffs."""
        self.volatile = volatile
        """Fields that change without a change of the machine; left out of diffs."""
        self.is_volatile = is_volatile
        """Whether all of its fields are such."""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, host: Any, owner: type) -> Group | Callable[..., GroupResult[Any]]:
        """Return the method of a host that reads the group; of the class the row."""
        return self if host is None else partial(host.read, self.name)

    def __repr__(self) -> str:
        return f"<group {self.name}: {self.summary}>"


_group: Any = Group  # the type of a row, for type checkers, is its annotation


class Groups:
    """The table, in the order of the dump: each row is a method of a host."""

    system: ReadGroup[System] = _group(
        "hostinfo.model.system.System",
        "manufacturer, serial number, UUID, firmware, names, operating system",
        section="system",
        volatile=("boot_id",),
    )
    hypervisor: ReadGroup[Hypervisor] = _group(
        "hostinfo.model.hypervisor.Hypervisor",
        "role of this system: bare metal, KVM host, Xen Dom0, guest, container",
        section="hypervisor",
    )
    domain: ReadGroup[Domain] = _group(
        "hostinfo.model.domain.Domain",
        "CPUs and memory assigned to this system, and its limits",
        section="domain",
        compares_with={"hypervisor": ("role",), "cpu": ("threads",), "memory": ("total_bytes",)},
    )
    cpu: ReadGroup[Cpu] = _group(
        "hostinfo.model.cpu.Cpu",
        "processors: model, topology, caches, frequencies, flags, mitigations",
        section="cpu",
        item_keys={"Cache": ("level", "type"), "CpuKind": ("name",), "Processor": ("number",)},
        volatile=("current_frequency_hz", "processors.frequency_hz"),
    )
    memory: ReadGroup[Memory] = _group(
        "hostinfo.model.memory.Memory",
        "total, free and installed memory, DIMMs, huge pages, swap",
        section="memory",
        item_keys={"Dimm": ("slot",), "HugePagePool": ("size_bytes",)},
        volatile=(
            "available_bytes", "free_bytes", "swap.free_bytes",
            "huge_pages.free", "huge_pages.reserved", "huge_pages.surplus",
        ),
    )  # fmt: skip
    numa: ReadGroup[Numa] = _group(
        "hostinfo.model.numa.Numa",
        "NUMA nodes: CPUs, memory, distances",
        section="numa",
        item_keys={"NumaNode": ("number",)},
        volatile=(
            "nodes.free_bytes", "nodes.huge_pages.free", "nodes.huge_pages.reserved", "nodes.huge_pages.surplus",
        ),
    )  # fmt: skip
    network: ReadGroup[Network] = _group(
        "hostinfo.model.network.Network",
        "links, addresses, routes, name servers",
        section="network",
        item_keys={
            "Link": ("name",),
            "Address": ("link", "address", "prefix_length"),
            "Route": ("table", "destination", "metric", "link", "gateway"),
            "NextHop": ("gateway", "link"),
        },
        volatile=("addresses.preferred_lifetime_seconds", "addresses.valid_lifetime_seconds"),
    )
    guests: ReadGroup[Guests] = _group(
        "hostinfo.model.guests.Guests",
        "domains (virtual machines) of this host",
        section="guests",
        item_keys={"Guest": ("name",)},
    )
    statistics: ReadGroup[Statistics] = _group(
        "hostinfo.model.statistics.Statistics",
        "uptime, load, CPU time, memory in use, pressure, counters of links and disks",
        section="statistics",
        item_keys={"Pressure": ("resource",), "LinkCounters": ("name",), "DiskCounters": ("name",)},
        is_volatile=True,
    )


TABLE: Mapping[str, Group] = {name: row for name, row in vars(Groups).items() if isinstance(row, Group)}
"""Name -> row."""
GROUPS = tuple(TABLE)
"""The names of the groups, in the order of the dump."""
