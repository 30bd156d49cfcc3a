"""Finds secrets that have no recognisable form in the files: serial numbers, names, command lines.

Each rule finds spans of one file. The text between them is searched for addresses and UUIDs, and for secrets that other
files contain.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

Span = tuple[int, int, str]
"""Start, end, and the kind of secret; "drop": the text is left out."""

KEPT = re.compile(
    r"proc/(meminfo|stat|vmstat|loadavg|uptime|filesystems|modules|diskstats|pressure/.*|swaps|interrupts|softirqs|net/dev)\Z"
    r"|sys/devices/system/(?!.*serial).*|sys/kernel/mm/.*|(etc|usr/lib)/os-release\Z|sys/firmware/dmi/tables/smbios_entry_point\Z"
    r"|sys/class/net/[^/]*/(statistics/.*|speed|duplex|mtu|operstate|carrier|flags|type|ifindex|iflink)\Z"
    r"|usr/share/.*\.ids\Z|sys/block/[^/]*/(size|queue/.*|stat)\Z|sys/fs/cgroup/.*\Z"
)
"""Files that contain only numbers and words of the kernel: kept as they are."""

IP_TEXTS = re.compile(
    r"(etc|run/.*)/(.*resolv.conf|hosts)\Z"
    r"|proc/net/.*|proc/[^/]*/net/.*|proc/cmdline\Z|.*/arp_ip_target\Z|(libvirt|xen|hostnamed)/.*"
)
"""Files in which whatever has the form of an IP address is one; elsewhere it may be a version."""

KERNEL_WORDS = re.compile(r"proc/cpuinfo\Z|sys/hypervisor/|sys/bus/|.*/modalias\Z")
"""Files whose words are the kernel's: they stay, even if the host is named "apic" or "xen"."""

_PLAIN_PARAMETERS = frozenset(
    b"console quiet ro rw splash mitigations nosmt nr_cpus maxcpus mem memmap hugepages hugepagesz "
    b"default_hugepagesz isolcpus nohz_full rcu_nocbs intel_iommu amd_iommu iommu numa numa_balancing "
    b"transparent_hugepage cgroup_enable cgroup_memory swapaccount systemd.unified_cgroup_hierarchy rootfstype "
    b"rootwait panic nomodeset pci acpi noapic nolapic clocksource tsc kvm.nested kvm_intel.nested "
    b"kvm_amd.nested xen earlyprintk loglevel debug single nopti nokaslr pti spectre_v2 net.ifnames biosdevname "
    b"selinux apparmor security lsm audit init random.trust_cpu reboot vga video".split()
)
"""Kernel parameters whose values do not identify the owner."""
_PSEUDO = frozenset(
    b"proc sysfs tmpfs devtmpfs devpts cgroup cgroup2 securityfs debugfs tracefs configfs hugetlbfs mqueue bpf pstore "
    b"efivarfs xenfs fusectl binfmt_misc selinuxfs overlay aufs rootfs ramfs nsfs".split()
)


def spans(path: str, data: bytes) -> list[Span]:
    """Return the secret parts of a file, in order and without overlaps."""
    for pattern, rule in _RULES:
        if pattern.search(path):
            return [span for span in rule(data) if span[0] < span[1]]
    return []


def _whole(kind: str) -> Callable[[bytes], Iterator[Span]]:
    def rule(data: bytes) -> Iterator[Span]:
        yield 0, len(data), kind

    return rule


def _matches(*patterns: tuple[bytes, str]) -> Callable[[bytes], Iterator[Span]]:
    """Return a rule for the first group of each pattern; one alternation keeps the spans in order."""
    compiled = re.compile(b"|".join(b"(?:" + pattern + b")" for pattern, _ in patterns), re.MULTILINE)
    kinds = [kind for _, kind in patterns]

    def rule(data: bytes) -> Iterator[Span]:
        for found in compiled.finditer(data):
            for number, kind in enumerate(kinds, 1):
                if found[number] is not None:
                    yield *found.span(number), kind

    return rule


def _resolv_conf(data: bytes) -> Iterator[Span]:
    for line in re.finditer(rb"^.*\n?", data, re.MULTILINE):
        words = list(re.finditer(rb"\S+", line[0]))
        if not words:
            continue
        if words[0][0][:1] in b"#;":
            yield *line.span(), "drop"
        elif words[0][0] in (b"search", b"domain"):
            for word in words[1:]:
                yield line.start() + word.start(), line.start() + word.end(), "domain name"


def _environ(data: bytes) -> Iterator[Span]:
    at = 0
    for entry in data.split(b"\0"):
        if not entry.startswith(b"container="):
            yield at, min(len(data), at + len(entry) + 1), "drop"
        at += len(entry) + 1


def _cmdline(data: bytes) -> Iterator[Span]:
    for word in re.finditer(rb'(?:"[^"]*"|[^\s"])+', data):
        name, equals, value = word[0].partition(b"=")
        if equals and name not in _PLAIN_PARAMETERS and not name.startswith((b"xen", b"dom0")):
            for part in re.finditer(rb"[^,:/=\"]+", value):
                at = word.start() + len(name) + 1
                yield at + part.start(), at + part.end(), "kernel parameter"


def _mounts(data: bytes) -> Iterator[Span]:
    """Keep mounts of the kernel's own file systems and of /: other mounts name servers, users and projects."""
    for line in re.finditer(rb"^.*\n?", data, re.MULTILINE):
        words = list(re.finditer(rb"\S+", line[0]))
        texts = [word[0] for word in words]
        at = texts.index(b"-") + 1 if b"-" in texts else 2
        point = texts[4:5] if b"-" in texts else texts[1:2]
        kind, rest = texts[at : at + 1], words[at:] if b"-" in texts else words[:1] + words[3:]
        if kind and kind[0] in _PSEUDO:
            for user in re.finditer(rb"/home/([^/:,\s]+)", line[0]):
                yield line.start() + user.start(1), line.start() + user.end(1), "user name"
        elif point != [b"/"]:
            yield *line.span(), "drop"
        else:
            for word in rest:
                for part in re.finditer(rb"(?<=[=:])[^,\s]+|(?<=/mapper/)[^,\s]+|\A\w+(?=:/)", word[0]):
                    yield line.start() + word.start() + part.start(), line.start() + word.start() + part.end(), "mount"


def _json_names(data: bytes) -> Iterator[Span]:
    """Find the names of domains in libvirt's JSON, between its escapes; Domain-0 has the same name everywhere."""
    for found in re.finditer(rb'"(?:name|title)":\s*"((?:[^"\\]|\\.)*)"', data):
        if found[1] != b"Domain-0":
            for part in re.finditer(rb"(?:\\u[0-9a-fA-F]{4}|\\.)*([^\\]+)", found[1]):
                yield found.start(1) + part.start(1), found.start(1) + part.end(1), "guest name"


def _columns(kind: str, *columns: int) -> Callable[[bytes], Iterator[Span]]:
    def rule(data: bytes) -> Iterator[Span]:
        for line in re.finditer(rb"^.*$", data, re.MULTILINE):
            words = list(re.finditer(rb"\S+", line[0]))
            for column in columns:
                if column < len(words) and re.fullmatch(rb"[0-9A-Fa-f]{8}|[0-9A-Fa-f]{32}", words[column][0]):
                    yield line.start() + words[column].start(), line.start() + words[column].end(), kind

    return rule


_MACHINE_INFO = rb"^(?:PRETTY_HOSTNAME|DEPLOYMENT|LOCATION|HARDWARE_\w+)=(.*)"
_ASSET = rb"name=['\"]asset(?:_tag)?['\"]>([^<]*)<"
_GUEST_NAME = rb"^(?:LPAR|VM\d+) (?:Extended )?Name:\s*(\S+)"
_RULES: tuple[tuple[re.Pattern[str], Callable[[bytes], Iterator[Span]]], ...] = tuple(
    (re.compile(pattern), rule)
    for pattern, rule in (
        (r"dmi/.*asset_tag\Z", _whole("asset tag")),
        (r"dmi/.*serial\Z|sys/.*/serial(_number)?\Z", _whole("serial number")),
        (r"device-tree/(.*/)?(serial-number|system-id)\Z", _whole("serial number")),
        (r"sys/kernel/hostname\Z|etc/hostname\Z|device-tree/ibm,partition-name\Z", _whole("host name")),
        (r"hostnamed/.*[Hh]ostname\Z", _whole("host name")),
        (r"sys/kernel/domainname\Z", _whole("domain name")),
        (r"hostnamed/.*[Ss]erial\Z", _whole("serial number")),
        (r"hostnamed/(Location|Deployment)\Z", _whole("description")),
        (r"hostnamed/.*[Aa]sset.*\Z", _whole("asset tag")),
        (r"/ifalias\Z", _whole("alias")),
        (r"/phys_(port|switch)_id\Z", _whole("identifier")),
        (r"etc/machine-info\Z", _matches((_MACHINE_INFO, "description"))),
        (r"proc/cpuinfo\Z", _matches((rb"^Serial\s*:\s*(\S+)", "serial number"))),
        (r"proc/sysinfo\Z", _matches((rb"^Sequence Code:\s*(\S+)", "serial number"), (_GUEST_NAME, "host name"))),
        (r"proc/version\Z|sys/kernel/version\Z", _matches((rb"\(([^\s()@]+@[^\s()]+)\)", "builder"))),
        (r"^libvirt/hostname", _whole("host name")),
        (r"^libvirt/uri\Z", _matches((rb"://(?:[^/@]*@)?([^/:]+)", "host name"))),
        (r"^libvirt/domains", _json_names),
        (r"^libvirt/sysinfo", _matches((rb"name=['\"]serial['\"]>([^<]*)<", "serial number"), (_ASSET, "asset tag"))),
        (r"^udev/", _matches((rb"^[A-Z_]*(?:SERIAL|WWN)[A-Z_]*=(.*)", "serial number"))),
        (r"(etc|run/.*)/.*resolv.conf\Z", _resolv_conf),
        (r"proc/[^/]*/environ\Z", _environ),
        (r"proc/cmdline\Z", _cmdline),
        (r"/(mounts|mountinfo)\Z", _mounts),
        (r"net/if_inet6\Z", _columns("hexadecimal IP", 0)),
        (r"net/ipv6_route\Z", _columns("hexadecimal IP", 0, 2, 4)),
        (r"net/route\Z", _columns("hexadecimal IP", 1, 2)),
    )
)
