"""The domains of a libvirt host."""

from __future__ import annotations

from hostinfo.errors import ParseError
from hostinfo.fact import FactBuilder
from hostinfo.model.guests import Guest, Guests

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from hostinfo.driver import RequestedFields
    from hostinfo.fact import GroupResult

    from .host import LibvirtHost

_STATES = ("no state", "running", "blocked", "paused", "shutdown", "shut off", "crashed", "suspended")
"""virDomainState, with virsh's names."""
_DOMAIN_0_UUID = "00000000-0000-0000-0000-000000000000"


def read_guests(host: LibvirtHost, fields: RequestedFields) -> GroupResult[Guests]:
    """Read every domain, running or not, except the Dom0."""
    builder = FactBuilder(host.driver, fields)
    builder.record_source("libvirt listAllDomains", "guests")
    guests = [_guest(row) for row in domain_rows(host)]
    return builder.build(Guests(guests=tuple(sorted(guests, key=lambda guest: guest.name))))


def domain_rows(host: LibvirtHost) -> list[dict[str, Any]]:
    """Return the domains except the Dom0, as the call ``domains`` reports them."""
    rows = host.call("domains")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ParseError(f"{host.driver} listAllDomains", "not a list of domains")
    return [row for row in rows if not (host.is_xen and _is_domain_0(row))]


def _is_domain_0(row: dict[str, Any]) -> bool:
    return row.get("id") == 0 or row.get("uuid") == _DOMAIN_0_UUID


def _guest(row: dict[str, Any]) -> Guest:
    try:
        state, identity = row["state"], row["id"]
        return Guest(
            name=str(row["name"]),
            uuid=str(row["uuid"]),
            state=_STATES[state] if state < len(_STATES) else f"state {state}",
            vcpus=int(row["vcpus"]),
            memory_bytes=int(row["memory_kib"]) * 1024,
            maximum_memory_bytes=int(row["maximum_kib"]) * 1024,
            id=identity if identity >= 0 else None,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ParseError("libvirt listAllDomains", f"not a domain: {error!r}") from error
