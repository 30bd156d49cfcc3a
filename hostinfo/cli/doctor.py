"""``hostinfo doctor``: which bindings and sources are there, and how to get the rest."""

import os
from importlib import import_module

from hostinfo import __version__
from hostinfo.cli import EXIT_OK, EXIT_PARTIAL, write_output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Sequence

DESCRIPTION = """\
Checks what hostinfo can use on this machine: Python bindings with their versions, the
kernel's files, sockets and devices, and what this user may read. It says what each is
for, and how to get what is missing. Nothing is changed.

exit status: 0 all is there, 3 something is missing; hostinfo then tells less.
"""
EXAMPLES = (
    ("hostinfo doctor", "check"),
    ("sudo hostinfo doctor", "check as root, who may read more"),
    ("hostinfo doctor --json | jq '.checks[] | select(.state != \"ok\")'", "what is missing"),
)

BINDINGS: tuple[tuple[str, str, str, str, str, str], ...] = (
    # module, distribution, extra, what for, Debian's package, Fedora's
    ("libvirt", "libvirt-python", "libvirt", "guests, Xen Dom0, remote hosts", "python3-libvirt", "python3-libvirt"),
    ("dbus", "dbus-python", "dbus", "hostnamed: the hardware UUID for ordinary users", "python3-dbus", "python3-dbus"),
    ("pyudev", "pyudev", "udev", "names of vendors and products", "python3-pyudev", "python3-pyudev"),
    ("ethtool", "ethtool", "ethtool", "drivers of network links", "python3-ethtool", "python3-ethtool"),
    ("proton", "python-qpid-proton", "agent", "the agent and the console (AMQP 1.0)", "python3-qpid-proton",
     "python3-qpid-proton"),
)  # fmt: skip
OK, MISSING, DENIED, ABSENT = "ok", "missing", "denied", "absent"
"""There; not there and to be had; there and not for this user; not there, which is normal on many machines."""


class Check:
    """One thing that was looked for."""

    __slots__ = ("detail", "name", "purpose", "remedy", "state")

    def __init__(self, name: str, state: str, purpose: str, detail: str = "", remedy: str = "") -> None:
        self.name, self.state, self.purpose, self.detail, self.remedy = name, state, purpose, detail, remedy

    def plain(self) -> dict[str, str | None]:
        """For JSON."""
        return {name: getattr(self, name) or None for name in ("name", "state", "purpose", "detail", "remedy")}


def add_arguments(parser: "ArgumentParser") -> None:
    """Arguments of the command."""
    parser.add_argument("--json", action="store_true", help="one JSON object")


def run(options: "Namespace") -> int:
    """Look, and say."""
    checks = [*bindings(), *sources()]
    is_whole = not any(check.state in (MISSING, DENIED) for check in checks)
    if options.json:
        from hostinfo.output.json import to_json

        told = {
            "version": __version__,
            "python": _python(),
            "user": os.geteuid(),
            "checks": [c.plain() for c in checks],
        }
        write_output(to_json(told) + "\n")
    else:
        write_output(_page(checks))
    return EXIT_OK if is_whole else EXIT_PARTIAL


def bindings() -> list[Check]:
    """The Python bindings, each imported: one that is installed may still not load."""
    from importlib.metadata import PackageNotFoundError, version

    found = []
    for module, distribution, extra, purpose, debian, fedora in BINDINGS:
        remedy = f"pip install 'hostinfo[{extra}]', apt install {debian}, or dnf install {fedora}"
        try:
            binding = import_module(module)
        except ModuleNotFoundError as error:
            detail = "not installed" if error.name == module else str(error)
            found.append(Check(module, MISSING, purpose, detail, remedy))
            continue
        except Exception as error:
            found.append(Check(module, MISSING, purpose, f"does not load: {error}", remedy))
            continue
        try:
            number = version(distribution)
        except PackageNotFoundError:  # the distribution's package may lack the metadata
            number = str(getattr(binding, "__version__", "version not told"))
        found.append(Check(module, OK, purpose, number))
        if module == "proton":
            found += _proton(binding)
    return found


def _proton(binding: object) -> list[Check]:
    """Whether proton was built with TLS and with SASL mechanisms beyond ANONYMOUS and PLAIN."""
    checks = []
    for name, question, purpose, remedy in (
        ("SSL", "present", "TLS to the broker", "install OpenSSL's headers and build python-qpid-proton again"),
        ("SASL", "extended", "SCRAM and Kerberos", "install Cyrus SASL's headers and build python-qpid-proton again"),
    ):
        ask = getattr(getattr(binding, name, None), question, None)
        has = bool(ask()) if callable(ask) else False
        checks.append(Check(f"proton {name}", OK if has else MISSING, purpose, "", "" if has else remedy))
    return checks


def sources() -> list[Check]:
    """Files, sockets and devices of this machine."""
    root = "run as root to read it"
    found = [
        _file("/proc/cpuinfo", "processors", missing="mount /proc"),
        _folder("/sys/devices/system/cpu", "topology, caches", missing="mount /sys"),
        _folder("/sys/class/net", "network devices", missing="mount /sys"),
        _file("/sys/firmware/dmi/tables/DMI", "memory slots, serial numbers, UUID", denied=root),
        _file("/sys/class/dmi/id/product_uuid", "hardware UUID", denied=root),
        _file("/dev/xen/privcmd", "the machine behind a Xen Dom0", denied="run as root, or start libvirtd"),
        _socket(
            "/run/libvirt/libvirt-sock-ro",
            "libvirt",
            ("/run/libvirt/virtqemud-sock-ro", "/run/libvirt/virtxend-sock-ro"),
        ),
        _socket("/run/dbus/system_bus_socket", "D-Bus: hostnamed"),
        _netlink(),
    ]
    hwdb = next(
        (
            path
            for path in ("/etc/udev/hwdb.bin", "/usr/lib/udev/hwdb.bin", "/lib/udev/hwdb.bin")
            if os.path.exists(path)
        ),
        None,
    )
    purpose = "names of vendors and products"
    found.append(Check("udev hardware database", OK if hwdb else ABSENT, purpose, hwdb or "no hwdb.bin"))
    return found


def _file(path: str, purpose: str, *, missing: str = "", denied: str = "") -> Check:
    if not os.path.exists(path):
        return Check(path, MISSING if missing else ABSENT, purpose, "not there", missing)
    try:
        os.close(os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK))
    except OSError as error:
        return Check(path, DENIED, purpose, error.strerror or str(error), denied)
    return Check(path, OK, purpose)


def _folder(path: str, purpose: str, *, missing: str) -> Check:
    return Check(path, OK, purpose) if os.path.isdir(path) else Check(path, MISSING, purpose, "not there", missing)


def _socket(path: str, purpose: str, others: "Sequence[str]" = ()) -> Check:
    for one in (path, *others):
        if os.path.exists(one):
            if os.access(one, os.W_OK):
                return Check(one, OK, purpose)
            return Check(one, DENIED, purpose, "this user may not connect", "run as root, or join the socket's group")
    return Check(path, ABSENT, purpose, "not there")


def _netlink() -> Check:
    import socket

    try:
        socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0).close()
    except OSError as error:
        return Check("rtnetlink", DENIED, "links, addresses, routes", error.strerror or str(error), "allow AF_NETLINK")
    return Check("rtnetlink", OK, "links, addresses, routes")


def _page(checks: "Sequence[Check]") -> str:
    lines = [
        f"hostinfo {__version__}, Python {_python()}, {'root' if os.geteuid() == 0 else f'user {os.geteuid()}'}",
        "",
    ]
    width = max(len(check.name) for check in checks)
    for check in checks:
        detail = f" ({check.detail})" if check.detail else ""
        lines.append(f"{check.state:<8} {check.name:<{width}}  {check.purpose}{detail}")
        if check.remedy:
            lines.append(f"{'':<8} {'':<{width}}  -> {check.remedy}")
    return "\n".join(lines) + "\n"


def _python() -> str:
    import sys

    return ".".join(str(part) for part in sys.version_info[:3])
