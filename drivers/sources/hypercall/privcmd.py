"""Hypercalls through /dev/xen/privcmd: the few that report the machine's hardware and load.

The structures are those of Xen's public headers sysctl.h, platform.h and domctl.h. All calls only read. Xen checks the
version of the sysctl interface: versions whose layouts are known are listed here. With any other the driver is
unavailable, because a guessed layout would give guessed facts.
"""

import errno
import mmap
import os
from fcntl import ioctl
from struct import Struct

from hostinfo.errors import HostInfoError, ReadError, Unavailable

SYSCTL_VERSIONS = (0x15, 0x16, 0x14, 0x13, 0x12)
"""Known sysctl interfaces, the most common first: Xen 4.17-4.20, 4.21, 4.16, 4.14-4.15, 4.12-4.13."""
PLATFORM_VERSION = 0x03000001  # unchanged since Xen 4.0
CPUS_LIMIT, NODES_LIMIT, DOMAINS_LIMIT, LEAVES_LIMIT = 4096, 64, 2048, 1024

_DEVICE = "/dev/xen/privcmd"
_BUFFER_DEVICE = "/dev/xen/hypercall"
_IOCTL_HYPERCALL = 48 << 16 | ord("P") << 8 | 0  # _IOC(_IOC_NONE, 'P', 0, sizeof(struct privcmd_hypercall))
_PLATFORM_OP, _SYSCTL_OP, _VERSION_OP = 7, 35, 17
_PHYSINFO, _DOMAINS, _CPUINFO, _CPUTOPO, _NUMAINFO, _CPU_POLICY = 3, 6, 8, 16, 17, 29
_CPU_VERSION, _PCPU_INFO = 48, 55
_HEAD = Struct("<II")  # command, interface version; then a union of 128 bytes
_UNION_BYTES = 128
_PAGE = 4096
_PAGES = 128
_LEAF_BYTES, _CPUTOPO_BYTES, _MEMINFO_BYTES = 24, 12, 16


class Privcmd:
    """The open device. Raises Unavailable if it cannot be opened, or if Xen is too new or too old.

    Names of hypercalls: ``interface``, ``version``, ``physinfo``, ``cputopo``, ``numainfo``, ``cpuinfo``,
    ``domains``, ``policy-raw``, ``policy-host``, ``pcpu-version-N``, ``pcpu-info-N``.
    """

    def __init__(self) -> None:
        from ctypes import addressof, c_char

        self._descriptor = _open(_DEVICE)
        try:
            buffer = _open(_BUFFER_DEVICE)
            try:
                self._buffer = mmap.mmap(buffer, _PAGE * _PAGES, mmap.MAP_SHARED)
            finally:
                os.close(buffer)
            self._address = addressof(c_char.from_buffer(self._buffer))
            self._version = self._sysctl_version()
        except OSError as error:
            os.close(self._descriptor)
            raise Unavailable(_BUFFER_DEVICE, str(error)) from error
        except HostInfoError:
            os.close(self._descriptor)
            raise

    def close(self) -> None:
        """Close the device; the buffer is freed with this object."""
        os.close(self._descriptor)

    def call(self, name: str) -> bytes:
        """Return the raw result of one hypercall; ReadError if Xen refuses it."""
        try:
            return self._call(name)
        except OSError as error:
            raise ReadError.from_os(f"Xen hypercall {name}", error) from error

    def _call(self, name: str) -> bytes:
        prefix, _, number = name.rpartition("-")
        match name:
            case "interface":
                return _HEAD.pack(self._version, PLATFORM_VERSION)
            case "version":
                return self._xen_version()
            case "physinfo":
                return self._sysctl(_PHYSINFO)
            case "cputopo":
                return self._counted(_CPUTOPO, "<IxxxxQ", CPUS_LIMIT, _CPUTOPO_BYTES)
            case "cpuinfo":
                union = self._sysctl(_CPUINFO, Struct("<IxxxxQI").pack(CPUS_LIMIT, self._address + _PAGE, 0))
                count = Struct("<16xI").unpack_from(union)[0]
                return self._tail(count, CPUS_LIMIT, 8)
            case "numainfo":
                return self._numainfo()
            case "domains":
                return self._domains()
            case "policy-raw" | "policy-host":
                return self._policy(0 if name == "policy-raw" else 1)
        match prefix:
            case "pcpu-version":
                return self._platform(_CPU_VERSION, int(number))
            case "pcpu-info":
                return self._platform(_PCPU_INFO, int(number))
        raise ReadError(f"Xen hypercall {name}", "unknown hypercall")

    # -- one method per kind of hypercall -----------------------------------------------------------------------------

    def _counted(self, command: int, layout: str, limit: int, item_bytes: int) -> bytes:
        union = self._sysctl(command, Struct(layout).pack(limit, self._address + _PAGE))
        return self._tail(Struct("<I").unpack_from(union)[0], limit, item_bytes)

    def _numainfo(self) -> bytes:
        distances = self._address + _PAGE + NODES_LIMIT * _MEMINFO_BYTES
        request = Struct("<IxxxxQQ").pack(NODES_LIMIT, self._address + _PAGE, distances)
        count = min(Struct("<I").unpack_from(self._sysctl(_NUMAINFO, request))[0], NODES_LIMIT)
        nodes = self._buffer[_PAGE : _PAGE + count * _MEMINFO_BYTES]
        start = _PAGE + NODES_LIMIT * _MEMINFO_BYTES
        return Struct("<I").pack(count) + nodes + self._buffer[start : start + 4 * count * count]

    def _domains(self) -> bytes:
        item = domain_bytes(self._version)
        limit = (_PAGES - 1) * _PAGE // item
        request = Struct("<HxxIQI").pack(0, min(limit, DOMAINS_LIMIT), self._address + _PAGE, 0)
        count = Struct("<16xI").unpack_from(self._sysctl(_DOMAINS, request))[0]
        return Struct("<I").pack(item) + self._tail(count, min(limit, DOMAINS_LIMIT), item)

    def _policy(self, index: int) -> bytes:
        request = Struct("<IIIIQQ").pack(index, LEAVES_LIMIT, 0, 0, self._address + _PAGE, 0)
        count = Struct("<4xI").unpack_from(self._sysctl(_CPU_POLICY, request))[0]
        return self._tail(count, LEAVES_LIMIT, _LEAF_BYTES)

    def _tail(self, count: int, limit: int, item_bytes: int) -> bytes:
        return self._buffer[_PAGE : _PAGE + min(count, limit) * item_bytes]

    def _xen_version(self) -> bytes:
        self._buffer[_PAGE : _PAGE + 16] = bytes(16)
        number = self._hypercall(_VERSION_OP, 0, 0)
        self._hypercall(_VERSION_OP, 1, self._address + _PAGE)
        return Struct("<I").pack(number) + self._buffer[_PAGE : _PAGE + 16]

    def _sysctl(self, command: int, request: bytes = b"", version: int | None = None) -> bytes:
        self._buffer[0 : _HEAD.size] = _HEAD.pack(command, self._version if version is None else version)
        return self._exchange(_SYSCTL_OP, request)

    def _platform(self, command: int, cpu: int) -> bytes:
        self._buffer[0 : _HEAD.size] = _HEAD.pack(command, PLATFORM_VERSION)
        return self._exchange(_PLATFORM_OP, Struct("<I").pack(cpu))

    def _exchange(self, operation: int, request: bytes) -> bytes:
        self._buffer[_HEAD.size : _HEAD.size + _UNION_BYTES] = request.ljust(_UNION_BYTES, b"\0")
        self._hypercall(operation, self._address, 0)
        return self._buffer[_HEAD.size : _HEAD.size + _UNION_BYTES]

    def _hypercall(self, operation: int, first: int, second: int) -> int:
        arguments = bytearray(Struct("<6Q").pack(operation, first, second, 0, 0, 0))
        return int(ioctl(self._descriptor, _IOCTL_HYPERCALL, arguments))

    def _sysctl_version(self) -> int:
        """Return the interface version of this Xen, found by trying physinfo, which only reads."""
        for version in SYSCTL_VERSIONS:
            try:
                self._sysctl(_PHYSINFO, version=version)
            except PermissionError:  # EACCES: Xen has another interface version
                continue
            return version
        xen = self._xen_version()
        number = Struct("<I").unpack_from(xen)[0]
        release = f"{number >> 16}.{number & 0xFFFF}{xen[4:].split(bytes(1))[0].decode('ascii', 'replace')}"
        known = ", ".join(hex(version) for version in sorted(SYSCTL_VERSIONS))
        raise Unavailable(_DEVICE, f"Xen {release} has none of the known sysctl interfaces ({known})")


def domain_bytes(version: int) -> int:
    """Return the size of x86's ``xen_domctl_getdomaininfo`` for a sysctl interface version."""
    return 104 if version < 0x14 else 112  # 0x14 added gpaddr_bits


def _open(path: str) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except OSError as error:
        hint = "; only root may make hypercalls" if error.errno in (errno.EACCES, errno.EPERM) else ""
        raise Unavailable(path, f"{error.strerror}{hint}") from error
