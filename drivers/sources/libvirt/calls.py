"""The calls to a libvirt daemon by name, each with a result that JSON can hold, so that it can be recorded."""

from __future__ import annotations

from collections.abc import Callable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    import libvirt

Result = object
"""Text, a number, or a list or dictionary of these."""

_NO_DOMAIN = 42  # VIR_ERR_NO_DOMAIN
_NODES_LIMIT = 1024  # Linux' MAX_NUMNODES and libvirt's REMOTE_NODE_MAX_CELLS; drivers report those that exist
_NODE_DEVICES_NET = 1 << 4  # VIR_CONNECT_LIST_NODE_DEVICES_CAP_NET


def _domains(connection: libvirt.virConnect) -> Result:
    rows = []
    for domain in connection.listAllDomains(0):
        try:
            state, maximum_kib, memory_kib, vcpus, cpu_nanoseconds = domain.info()
            row = {"name": domain.name(), "uuid": domain.UUIDString(), "id": domain.ID(), "state": state}
        except Exception as error:
            if getattr(error, "get_error_code", lambda: None)() == _NO_DOMAIN:  # it has ended since the list was made
                continue
            raise
        row |= {
            "maximum_kib": maximum_kib,
            "memory_kib": memory_kib,
            "vcpus": vcpus,
            "cpu_nanoseconds": cpu_nanoseconds,
        }
        rows.append(row)
    return rows


def _domain_0_nanoseconds(connection: libvirt.virConnect) -> Result:
    return connection.lookupByID(0).info()[4]


def _cells_free(connection: libvirt.virConnect) -> Result:
    # getInfo() counts the nodes, but they are asked for by number, and numbers have holes
    return connection.getCellsFreeMemory(0, _NODES_LIMIT)


def _net_devices(connection: libvirt.virConnect) -> Result:
    return [device.XMLDesc(0) for device in connection.listAllDevices(_NODE_DEVICES_NET)]


CALLS: dict[str, Callable[[Any], Any]] = {
    "info": lambda connection: connection.getInfo(),
    "capabilities": lambda connection: connection.getCapabilities(),
    "sysinfo": lambda connection: connection.getSysinfo(),
    "hostname": lambda connection: connection.getHostname(),
    "type": lambda connection: connection.getType(),
    "version": lambda connection: connection.getVersion(),
    "free-memory": lambda connection: connection.getFreeMemory(),
    "cells-free-memory": _cells_free,
    "memory-stats": lambda connection: connection.getMemoryStats(-1),
    "cpu-stats": lambda connection: connection.getCPUStats(-1),
    "domains": _domains,
    "domain-0-cpu": _domain_0_nanoseconds,
    "net-devices": _net_devices,
}
"""Name -> call. A recording stores the results under these names."""
