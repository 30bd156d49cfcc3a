"""A machine as data, from a TOML file in shapes/ (shape_loader.py) or from a seed (random_shape.py).

The QEMU command line (qemu.py) and the expected facts (expect.py) are both derived from a shape, and from nothing else.
"""

from dataclasses import dataclass, field

MIB = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Cpu:
    """Arguments of -cpu and -smp. `cores` are per socket, `threads` per core."""

    qemu_model: str
    vendor_id: str
    model_name: str
    family: int
    model: int
    stepping: int
    level: int
    sockets: int
    cores: int
    threads: int
    features: tuple[str, ...] = ()  # in QEMU's syntax: "-smap", "+svm"
    has_flags: tuple[str, ...] = ()  # flags of the hardware, in the kernel's names
    lacks_flags: tuple[str, ...] = ()
    # Level, type, KiB, one per "core" or "socket" ("": QEMU's releases differ).
    caches: tuple[tuple[int, str, int, str], ...] = ()

    @property
    def total(self) -> int:
        return self.sockets * self.cores * self.threads


@dataclass(frozen=True, slots=True, kw_only=True)
class NumaNode:
    """Memory of a NUMA node, and the numbers of its first and last CPU."""

    mib: int
    cpus: tuple[int, int]
    distances: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Nic:
    """A network card: "e1000" or "virtio-net-pci"."""

    device: str
    mac: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Dom0:
    """The share of the control domain."""

    mib: int
    cpus: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Guest:
    """A guest that libvirt starts on the node during the job."""

    name: str
    uuid: str
    mib: int
    cpus: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """A bond of all NICs, a VLAN on the bond, a bridge on the VLAN, addresses on the bridge."""

    bond: str
    mode: str
    miimon: int
    vlan_id: int
    bridge: str
    mtu: int
    addresses: tuple[str, ...]  # "192.0.2.1/24"

    @property
    def vlan(self) -> str:
        return f"{self.bond}.{self.vlan_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A node: the hardware that QEMU emulates, and how its job uses it."""

    name: str
    kind: str  # xen-dom0, kvm, bare
    description: str
    machine: str  # pc, q35
    memory_mib: int
    machine_id: str
    hostname: str
    cpu: Cpu
    smbios: dict[str, dict[str, str | int]]  # type number -> arguments of -smbios
    nodes: tuple[NumaNode, ...] = ()
    nics: tuple[Nic, ...] = ()
    dom0: Dom0 | None = None
    guest: Guest | None = None
    stack: Stack | None = None
    libvirt: str = "works"  # works, refuses (installed, but cannot start), masked
    disrupt_libvirt: bool = False  # kill libvirtd, restart it, stop it (SIGSTOP), continue it
    qemu: tuple[str, ...] = field(default=())  # more arguments

    @property
    def memory_bytes(self) -> int:
        return self.memory_mib * MIB

    @property
    def cost(self) -> int:
        """Expected duration of a boot, relative to other shapes."""
        has_guest = self.guest is not None
        return self.cpu.total + 10 * (self.kind == "xen-dom0") + 20 * has_guest + 20 * self.disrupt_libvirt
