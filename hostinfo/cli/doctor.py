"""``hostinfo doctor``: which bindings and sources this host has, and how to get the missing ones."""

from __future__ import annotations

import os
import sys
from importlib import import_module

from hostinfo import __version__
from hostinfo.cli.streams import EXIT_OK, EXIT_PARTIAL, EXIT_USAGE, print_error, write_output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterator, Sequence

DESCRIPTION = """\
Checks what hostinfo can use on this host: Python bindings with their versions, the
kernel's files, sockets and devices, and what this user may read. For each it shows
what it is used for, and how to get it if it is missing. Nothing is changed.

With "agent" it connects to the agent's brokers instead, as the agent does, and shows for
each the address, the queue, the login and the delay of a message to oneself.

exit status: 0 everything is available, 3 something is missing; hostinfo then reports
fewer facts.
"""
EXAMPLES = (
    ("hostinfo doctor", "check"),
    ("sudo hostinfo doctor", "check as root, who may read more"),
    ("hostinfo -c qemu+ssh://node1/system doctor", "also whether that host can be read"),
    ("hostinfo doctor agent --broker amqp://broker1", "the way of the agent's messages, and their delay"),
    ("hostinfo doctor --json | jq '.checks[] | select(.state != \"ok\")'", "what is missing"),
)

BINDINGS: tuple[tuple[str, str, str, str, str], ...] = (
    # module, distribution, extra, used for, package in Debian and Fedora
    ("libvirt", "libvirt-python", "libvirt", "guests, Xen Dom0, remote hosts", "python3-libvirt"),
    ("dbus", "dbus-python", "dbus", "systemd-hostnamed: hardware UUID for unprivileged users", "python3-dbus"),
    ("pyudev", "pyudev", "udev", "vendor and product names", "python3-pyudev"),
    ("ethtool", "ethtool", "ethtool", "drivers of network links", "python3-ethtool"),
    ("proton", "python-qpid-proton", "agent", "agent and console (AMQP 1.0)", "python3-qpid-proton"),
)
LIBVIRT_SOCKETS = (
    "/run/libvirt/libvirt-sock-ro", "/run/libvirt/virtqemud-sock-ro", "/run/libvirt/virtxend-sock-ro",
)  # fmt: skip
HARDWARE_DATABASES = (
    "/etc/udev/hwdb.bin", "/usr/lib/udev/hwdb.bin", "/lib/udev/hwdb.bin", "/usr/share/hwdata/pci.ids",
    "/usr/share/misc/pci.ids",
)  # fmt: skip
OK, MISSING, DENIED, ABSENT = "ok", "missing", "denied", "absent"
"""Available; missing and installable; present, but not for this user; absent, which is normal on many hosts."""


class Check:
    """The result of one check: a binding, file, socket or device."""

    __slots__ = ("detail", "fix", "name", "state", "used_for")

    def __init__(self, name: str, state: str, used_for: str, detail: str = "", fix: str = "") -> None:
        self.name, self.state, self.used_for, self.detail, self.fix = name, state, used_for, detail, fix

    def to_builtins(self) -> dict[str, str | None]:
        """Return the check as JSON has it."""
        return {name: getattr(self, name) or None for name in ("name", "state", "used_for", "detail", "fix")}


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the arguments of the command."""
    parser.add_argument(
        "subject", nargs="?", choices=("agent",), help="agent: the way to its brokers, and nothing else"
    )
    parser.add_argument("--broker", metavar="URL", help="agent: this broker")
    parser.add_argument("--config", metavar="FILE", help="agent: its agent.toml")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(options: Namespace) -> int:
    """Run all checks, print them, and return the exit code."""
    if options.subject is None and (options.broker or options.config):
        print_error("doctor: --broker and --config belong to `hostinfo doctor agent`")
        return EXIT_USAGE
    if options.subject == "agent":
        checks = check_brokers([options.broker] if options.broker else [], options.config)
    else:
        checks = [*check_bindings(), *check_sources(), *check_uri(options.connect)]
    if options.json:
        from hostinfo.output.json import to_json

        results = [check.to_builtins() for check in checks]
        document = {"version": __version__, "python": _python(), "user": os.geteuid(), "checks": results}
        write_output(to_json(document) + "\n")
    else:
        write_output("".join(line + "\n" for line in _lines(checks)))
    return EXIT_PARTIAL if any(check.state in (MISSING, DENIED) for check in checks) else EXIT_OK


def check_bindings() -> list[Check]:
    """Import each Python binding: an installed one may still fail to load."""
    from importlib.metadata import PackageNotFoundError, version

    found = []
    for module, distribution, extra, used_for, package in BINDINGS:
        fix = f"pip install 'hostinfo[{extra}]', apt install {package}, or dnf install {package}"
        try:
            binding = import_module(module)
        except ModuleNotFoundError as error:
            detail = "not installed" if error.name == module else str(error)
            found.append(Check(module, MISSING, used_for, detail, fix))
            continue
        except Exception as error:
            found.append(Check(module, MISSING, used_for, f"does not load: {error}", fix))
            continue
        try:
            number = version(distribution)
        except PackageNotFoundError:  # the Linux distribution's package may lack the metadata
            number = str(getattr(binding, "__version__", "version unknown"))
        found.append(Check(module, OK, used_for, number))
        if module == "proton":
            found += _check_proton(binding)
    return found


def _check_proton(proton: object) -> list[Check]:
    """Check whether proton was built with TLS and with SASL mechanisms beyond ANONYMOUS and PLAIN."""
    checks = []
    for name, method, used_for, library in (
        ("SSL", "present", "TLS to the broker", "OpenSSL"),
        ("SASL", "extended", "SCRAM and Kerberos", "Cyrus SASL"),
    ):
        has_feature = getattr(getattr(proton, name, None), method, None)
        is_built_in = bool(has_feature()) if callable(has_feature) else False
        fix = "" if is_built_in else f"install the headers of {library} and build python-qpid-proton again"
        checks.append(Check(f"proton {name}", OK if is_built_in else MISSING, used_for, "", fix))
    return checks


def check_sources() -> list[Check]:
    """Check the files, sockets and devices of this host."""
    as_root = "run as root"
    return [
        check_file("/proc/cpuinfo", "processors", if_missing="mount /proc"),
        _check_folder("/sys/devices/system/cpu", "topology, caches", "mount /sys"),
        _check_folder("/sys/class/net", "network devices", "mount /sys"),
        check_file("/sys/firmware/dmi/tables/DMI", "memory slots, serial numbers, UUID", if_denied=as_root),
        check_file("/sys/class/dmi/id/product_uuid", "hardware UUID", if_denied=as_root),
        check_file("/dev/xen/privcmd", "the machine behind a Xen Dom0", if_denied=f"{as_root}, or start libvirtd"),
        _check_socket(LIBVIRT_SOCKETS, "libvirt"),
        _check_socket(("/run/dbus/system_bus_socket",), "D-Bus: systemd-hostnamed"),
        _check_netlink(),
        _check_hardware_database(),
    ]


def check_file(path: str, used_for: str, *, if_missing: str = "", if_denied: str = "") -> Check:
    """Check whether this user can open a file; the last two arguments are the fixes."""
    if not os.path.exists(path):
        return Check(path, MISSING if if_missing else ABSENT, used_for, "does not exist", if_missing)
    try:
        os.close(os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK))
    except OSError as error:
        return Check(path, DENIED, used_for, error.strerror or str(error), if_denied + _or_join_group(path, 0o040))
    return Check(path, OK, used_for)


def _or_join_group(path: str, permission: int) -> str:
    """Return the other way to a permission that the file's group has; "": the group is root's, or has none."""
    status = os.stat(path)
    if not status.st_mode & permission or status.st_gid == 0:
        return ""
    import grp

    try:
        group = grp.getgrgid(status.st_gid).gr_name
    except KeyError:
        group = str(status.st_gid)
    return f", or join the group {group}"


def _check_folder(path: str, used_for: str, fix: str) -> Check:
    return Check(path, OK, used_for) if os.path.isdir(path) else Check(path, MISSING, used_for, "does not exist", fix)


def _check_socket(paths: Sequence[str], used_for: str) -> Check:
    """Check the first of these sockets that exists."""
    for path in paths:
        if os.path.exists(path):
            if os.access(path, os.W_OK):
                return Check(path, OK, used_for)
            return Check(path, DENIED, used_for, "permission denied", f"run as root{_or_join_group(path, 0o020)}")
    return Check(paths[0], ABSENT, used_for, "does not exist")


def _check_netlink() -> Check:
    import socket

    used_for = "links, addresses, routes"
    try:
        socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0).close()
    except OSError as error:
        return Check("rtnetlink", DENIED, used_for, error.strerror or str(error), "allow AF_NETLINK")
    return Check("rtnetlink", OK, used_for)


def _check_hardware_database() -> Check:
    path = next((path for path in HARDWARE_DATABASES if os.path.exists(path)), None)
    if path is not None:
        return Check("hardware database", OK, "vendor and product names", path)
    return Check("hardware database", ABSENT, "vendor and product names", "no hwdb.bin, no pci.ids", "install pci.ids")


def check_brokers(urls: Sequence[str], config: str | None) -> list[Check]:
    """Connect to the agent's brokers as the agent does, and measure how long a message to oneself takes."""
    from hostinfo import HostInfoError

    used_for = "the agent's broker"
    try:
        agent = import_module("hostinfo.agent.node")
        paths = import_module("hostinfo.agent.node.broker_paths")
        settings = agent.settings(agent.CommandLine(config=config, brokers=tuple(urls)))
        found = []
        for path in paths.broker_paths(settings):
            delays = [f"{exchange} {seconds * 1000:.1f} ms" for exchange, seconds in sorted(path.delays.items())]
            state = OK if path.is_connected else MISSING
            fix = "" if path.is_connected else "see docs/brokers.md"
            found.append(Check(path.url or "brokers in DNS", state, used_for, ", ".join([path.detail, *delays]), fix))
    except (HostInfoError, ValueError) as error:
        return [Check("agent", MISSING, used_for, str(error))]
    return found or [Check("agent", ABSENT, used_for, "it listens, and uses none")]


def check_uri(uri: str | None) -> list[Check]:
    """Open the URI of ``-c`` and read the role and the guests from it; nothing without one."""
    if uri is None:
        return []
    import hostinfo
    from hostinfo.output.text.problems import hint
    from hostinfo.registry import is_this_host

    errors: list[hostinfo.HostInfoError] = []
    try:
        with hostinfo.open(uri) as host:
            for _, result in host.read_many(dict.fromkeys(("hypervisor", "guests"))):
                if isinstance(result, hostinfo.HostInfoError):
                    errors.append(result)
                else:
                    errors += [problem.error for problem in result.group_failures()]
    except hostinfo.HostInfoError as error:
        errors.append(error)
    failures = [error for error in errors if error.kind != "Unsupported"]
    if not failures:
        return [Check(uri, OK, "the host of -c")]
    fix = None if not uri or is_this_host(uri) else hint(failures[0], is_root=os.geteuid() == 0, uri=uri)
    detail = "; ".join(dict.fromkeys(str(error).removeprefix(f"{uri}: ") for error in failures))
    return [Check(uri or "-c", MISSING, "the host of -c", detail, fix or "")]


def _lines(checks: Sequence[Check]) -> Iterator[str]:
    user = "root" if os.geteuid() == 0 else f"user {os.geteuid()}"
    yield f"hostinfo {__version__}, Python {_python()}, {user}"
    yield ""
    width = max(len(check.name) for check in checks)
    for check in checks:
        detail = f" ({check.detail})" if check.detail else ""
        yield f"{check.state:<8} {check.name:<{width}}  {check.used_for}{detail}"
        if check.fix:
            yield f"{'':<8} {'':<{width}}  -> {check.fix}"


def _python() -> str:
    return ".".join(str(part) for part in sys.version_info[:3])
