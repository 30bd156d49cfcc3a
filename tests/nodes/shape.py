"""A machine as data: one TOML file in shapes/, or drawn at random from a seed.

The QEMU command line (qemu.py) and the expected facts (expect.py) are both derived from a shape, and from nothing else.
"""

import random
import tomllib
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SHAPES = Path(__file__).parent / "shapes"
MIB = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Cpu:
    """What -cpu and -smp say. `cores` are per socket, `threads` per core."""

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
    features: tuple[str, ...] = ()  # as QEMU wants them: "-smap", "+svm"
    has_flags: tuple[str, ...] = ()  # the hardware has them, in the kernel's names
    lacks_flags: tuple[str, ...] = ()
    caches: tuple[
        tuple[int, str, int, str], ...
    ] = ()  # level, type, KiB, one per "core" or "socket"; "": QEMU's releases differ

    @property
    def total(self) -> int:
        return self.sockets * self.cores * self.threads


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A NUMA node: its memory and its CPUs' numbers, first and last."""

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
    """What Xen gives to the control domain."""

    mib: int
    cpus: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Guest:
    """A guest that libvirt starts on the node while we look."""

    name: str
    uuid: str
    mib: int
    cpus: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """Cards in a bond, a VLAN on the bond, a bridge on the VLAN, addresses on the bridge."""

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
    """A node: what QEMU makes of it, and so what is true of it."""

    name: str
    kind: str  # xen-dom0, kvm, bare
    about: str
    machine: str  # pc, q35
    memory_mib: int
    machine_id: str
    hostname: str
    cpu: Cpu
    smbios: dict[str, dict[str, str | int]]  # type number -> QEMU's own names
    nodes: tuple[Node, ...] = ()
    nics: tuple[Nic, ...] = ()
    dom0: Dom0 | None = None
    guest: Guest | None = None
    stack: Stack | None = None
    libvirt: str = "works"  # works, refuses (it should be there but cannot start), masked
    torment: bool = False  # kill, then stop libvirtd while we ask
    qemu: tuple[str, ...] = field(default=())  # more arguments

    @property
    def memory_bytes(self) -> int:
        return self.memory_mib * MIB


def load_shape(name: str) -> Shape:
    """The shape of that name; "random:SEED" draws one."""
    if name.startswith("random:"):
        return random_shape(int(name.partition(":")[2]))
    with (SHAPES / f"{name}.toml").open("rb") as file:
        return shape_of({"name": name, **tomllib.load(file)})


def shape_names() -> tuple[str, ...]:
    return tuple(sorted(path.stem for path in SHAPES.glob("*.toml")))


def shape_of(data: dict[str, Any]) -> Shape:
    parts = {"cpu": Cpu, "dom0": Dom0, "guest": Guest, "stack": Stack}
    lists = {"nodes": Node, "nics": Nic}
    made: dict[str, Any] = {}
    for key, value in data.items():
        if key in parts:
            made[key] = parts[key](**_frozen(value))
        elif key in lists:
            made[key] = tuple(lists[key](**_frozen(item)) for item in value)
        else:
            made[key] = tuple(value) if isinstance(value, list) else value
    return Shape(**made)


def _frozen(data: dict[str, Any]) -> dict[str, Any]:
    def freeze(value: Any) -> Any:
        return tuple(freeze(item) for item in value) if isinstance(value, list) else value

    return {key: freeze(value) for key, value in data.items()}


def random_shape(seed: int) -> Shape:
    """A machine nobody thought of, of the kinds that boot: the same one again for the same seed."""
    draw = random.Random(seed)
    kind = draw.choice(("xen-dom0", "bare"))
    sockets, cores, threads = draw.choice((1, 2, 3)), draw.choice((1, 2, 3)), draw.choice((1, 2))
    maker, number, speed = draw.choice(("ACME", "Initech", "Hooli")), draw.randint(1, 9999), draw.randint(10, 49) / 10
    name = f"{maker} X{number} CPU @ {speed:.2f}GHz"
    per_socket = cores * threads
    nodes = tuple(
        Node(mib=128 * draw.randint(6, 8), cpus=(socket * per_socket, (socket + 1) * per_socket - 1))
        for socket in range(sockets)
    )
    return Shape(
        name=f"random:{seed}",
        kind=kind,
        about="drawn at random",
        machine=draw.choice(("pc", "q35")),
        memory_mib=max(sum(node.mib for node in nodes), 1536) if sockets == 1 else sum(node.mib for node in nodes),
        machine_id=f"{draw.getrandbits(128):032x}",
        hostname=f"node-{seed}",
        cpu=Cpu(
            qemu_model="Nehalem",
            vendor_id="GenuineIntel",
            model_name=name,
            family=6,
            model=draw.choice((26, 30, 37, 44, 46, 47)),
            stepping=draw.randint(0, 15),
            level=11,
            sockets=sockets,
            cores=cores,
            threads=threads,
        ),
        smbios={
            "0": {
                "vendor": "Initech Firmware",
                "version": f"{draw.randint(1, 9)}.{draw.randint(0, 99)}",
                "date": "02/29/2024",
            },
            "1": {
                "manufacturer": draw.choice(("ACME", "Initech", "Hooli Inc.")),
                "product": f"Box {draw.randint(1, 999)}",
                "version": f"rev {draw.randint(1, 9)}",
                "serial": f"SN{draw.getrandbits(40):010X}",
                "uuid": str(uuid.UUID(int=draw.getrandbits(128), version=4)),
            },
            "4": {"manufacturer": "Genuine ACME", "version": name},
            "17": {
                "manufacturer": "ACME Memory",
                "loc_pfx": "SLOT",
                "bank": "BANK",
                "serial": f"M{draw.randint(1, 9999)}",
                "speed": 1333,
            },
        },
        nodes=nodes if sockets > 1 else (),
        nics=tuple(
            Nic(
                device=draw.choice(("e1000", "virtio-net-pci")),
                mac="52:54:00:" + ":".join(f"{draw.getrandbits(8):02x}" for _ in range(3)),
            )
            for _ in range(draw.randint(1, 3))
        ),
        dom0=Dom0(mib=512, cpus=draw.choice((1, 2))) if kind == "xen-dom0" else None,
        libvirt="works" if kind == "xen-dom0" else "masked",
    )
