"""What is fuzzed: each parser of bytes or text that somebody else may have written, with the errors that it may raise.

A target that raises anything else, hangs or needs much memory is a fault. Its input then becomes a file in
``seeds/TARGET/``, which the ordinary tests replay.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import hostinfo
from hostinfo import HostInfoError
from hostinfo.agent.console.predicates import parse_predicate
from hostinfo.agent.qmf import QmfError, parse_agent_message
from hostinfo.agent.qmf.query.predicate import Predicate
from hostinfo.agent.qmf.query.query_syntax import parse_list, parse_map
from hostinfo.agent.qmf.query.regex_parser import parse_regex
from hostinfo.agent.transport.codec.errors import DecodeError
from hostinfo.agent.transport.codec.message_codec import decode
from hostinfo.drivers.sources import cpulist
from hostinfo.drivers.sources.container_view import ContainerView
from hostinfo.drivers.sources.libvirt.capabilities import parse_capabilities
from hostinfo.drivers.sources.meminfo import parse_meminfo
from hostinfo.drivers.sources.netlink.addresses import parse_addresses
from hostinfo.drivers.sources.netlink.counters import parse_counters
from hostinfo.drivers.sources.netlink.links import parse_links
from hostinfo.drivers.sources.netlink.routes import parse_routes
from hostinfo.drivers.sources.smbios import parse_tables
from hostinfo.drivers.sources.smbios.installed import installed_memory
from hostinfo.drivers.sysfs.counters import cpu_load
from hostinfo.drivers.sysfs.net.resolver import parse_resolv_conf
from hostinfo.drivers.sysfs.processor.cpu_identity import CpuIdentities
from hostinfo.drivers.sysfs.processor.cpuinfo import parse_cpuinfo
from hostinfo.drivers.sysfs.virt.cgroup import parse_hierarchies
from hostinfo.lowlevel.bounded_text import parse_json, parse_toml
from hostinfo.path import Path as FactPath
from hostinfo.varlink.errors import ProtocolError
from hostinfo.varlink.interface_text import parse_interface
from hostinfo.varlink.message import decode_call
from tests.support.qmf_node import NOW, responder

FOLDER = Path(__file__).parent
FIXTURES = FOLDER.parent / "fixtures"
NAMES = {1: "lo", 2: "eth0"}
SEED_LIMIT = 16 * 1024


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A parser as a function of bytes; ``recorded``: patterns of fixtures that are valid input."""

    run: Callable[[bytes], object]
    errors: tuple[type[Exception], ...] = (HostInfoError,)
    recorded: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()


def text(parse: Callable[[str], object]) -> Callable[[bytes], object]:
    return lambda data: parse(data.decode("utf-8", "replace"))


def _cpuinfo(content: str) -> None:
    info = parse_cpuinfo(content)
    identities = CpuIdentities(info)
    for number in [None, *list(info.records)[:8]]:
        identities.of(number)


def _smbios(data: bytes) -> None:
    tables = parse_tables(data[32:], data[:32])
    installed_memory(tables)
    assert tables.processors is not None


def _message(data: bytes) -> None:
    message = decode(data, address="qmf.default.direct")
    parse_agent_message(message)
    list(responder(2).handle(message, NOW))


def _predicate(content: str) -> None:
    Predicate(parse_list(content)).matches({"a": 1, "b": "text", "c": [1, {"d": None}]})


def _tree(data: bytes) -> None:
    """Read all groups of a machine whose files are the lines of the input, "path=content", after a zero byte each."""
    with TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "proc").mkdir()
        for entry in data.split(b"\0")[:12]:
            name, _, content = entry.partition(b"=")
            path = name.decode("ascii", "ignore").strip("/")
            if not path.startswith(("proc/", "sys/", "etc/")) or ".." in path or len(path) > 120:
                continue
            try:
                (root / path).parent.mkdir(parents=True, exist_ok=True)
                (root / path).write_bytes(content)
            except (OSError, ValueError):
                continue
        with hostinfo.open(f"sysfs://{folder}") as host:
            for group in ("system", "hypervisor", "domain", "cpu", "memory", "numa", "statistics"):
                try:
                    result = host.read(group)
                except HostInfoError:
                    continue
                assert "fault in the driver" not in str(result.problems)


TARGETS: dict[str, Target] = {
    "amqp-message": Target(run=_message, errors=(DecodeError,)),
    "capabilities": Target(run=text(lambda content: parse_capabilities(content, "x")), recorded=("*/libvirt/*.xml",)),
    "cgroup": Target(
        run=text(lambda content: parse_hierarchies(*(content.partition("\0")[::2]))),
        texts=("0::/a\n\x0030 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",),
    ),
    "cpuinfo": Target(run=text(_cpuinfo), recorded=("*/root/proc/cpuinfo",)),
    "cpulist": Target(
        run=text(lambda content: (cpulist.parse_list(content, "x"), cpulist.parse_map(content, "x"))),
        texts=("0-3,8-11", "ff,ffffffff", "0"),
    ),
    "json": Target(run=parse_json, errors=(ValueError,), texts=('{"hostinfo": {"format": 1}}',)),
    "meminfo": Target(run=text(parse_meminfo), recorded=("*/root/proc/meminfo",)),
    "mountinfo": Target(
        run=text(lambda content: ContainerView(content).covers("proc/meminfo")),
        texts=("20 10 0:60 /proc/meminfo /proc/meminfo rw - fuse.lxcfs lxcfs rw\n",),
    ),
    "netlink-addresses": Target(run=lambda data: parse_addresses(data, NAMES), recorded=("*/netlink/addresses.bin",)),
    "netlink-counters": Target(run=parse_counters, recorded=("*/netlink/counters.bin",)),
    "netlink-links": Target(run=parse_links, recorded=("*/netlink/links.bin",)),
    "netlink-routes": Target(run=lambda data: parse_routes(data, NAMES), recorded=("*/netlink/routes*.bin",)),
    "path": Target(
        run=text(FactPath), errors=(ValueError, LookupError), texts=("cpu.caches[0].size_bytes", "network.links[eth0]")
    ),
    "predicate": Target(
        run=text(_predicate),
        errors=(QmfError,),
        texts=('["and", ["eq", "a", 1], ["re_match", "b", "t.*"]]',),
    ),
    "query-map": Target(run=text(parse_map), errors=(QmfError,), texts=('{"_what": "OBJECT", "a": [1]}',)),
    "regex": Target(run=text(parse_regex), errors=(QmfError,), texts=("^(ab|c)*[^x-z]{2,3}$",)),
    "resolv-conf": Target(run=text(parse_resolv_conf), texts=("nameserver 192.0.2.1\nsearch a b\noptions ndots:2\n",)),
    "smbios": Target(run=_smbios, recorded=("*/root/sys/firmware/dmi/tables/DMI",)),
    "statistics": Target(
        run=text(lambda content: (cpu_load.parse_cpu_time(content), cpu_load.parse_processes(content, content))),
        texts=("cpu  1 2 3 4 5 6 7 8 9 0\nprocs_running 1\n", "0.1 0.2 0.3 1/100 4711\n"),
    ),
    "toml": Target(run=parse_toml, errors=(ValueError,), recorded=("*/machine.toml",)),
    "tree": Target(
        run=_tree,
        texts=("proc/cpuinfo=processor : 0\n\0sys/devices/system/cpu/online=0-3\n\0proc/uptime=1.0 2.0\n",),
    ),
    "where": Target(run=text(parse_predicate), errors=(QmfError,), texts=("name~^eth,mtu>=1500,!x",)),
    "varlink-call": Target(
        run=decode_call, errors=(ProtocolError,), texts=('{"method": "a.b.C", "parameters": {"x": [1]}, "more": true}',)
    ),
    "varlink-interface": Target(
        run=text(parse_interface),
        errors=(ValueError,),
        texts=("# x\ninterface a.b\ntype T (a: ?[]int, b: (c, d))\nmethod M(x: [string]T) -> ()\nerror E ()\n",),
    ),
}


def run(name: str, data: bytes) -> None:
    """Run a target; what it may raise is no fault."""
    target = TARGETS[name]
    with contextlib.suppress(*target.errors):
        target.run(data)


def seeds(name: str) -> list[bytes]:
    """Return valid input and former faults."""
    target = TARGETS[name]
    found = [content.encode() for content in target.texts]
    for pattern in target.recorded:
        found += [path.read_bytes()[:SEED_LIMIT] for path in sorted(FIXTURES.glob(pattern))]
    folder = FOLDER / "seeds" / name
    if folder.is_dir():
        found += [path.read_bytes() for path in sorted(folder.iterdir())]
    return found
