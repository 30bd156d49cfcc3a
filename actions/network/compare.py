"""Compare states: what is to change, for people, and what differs after the change, for the verification."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import ip_interface
from typing import Any

from hostinfo.model.network_state import Interface, IpAddress, NetworkState
from hostinfo.model.report import Change
from hostinfo.record import is_record, record_fields

from .document import to_document
from .schema_keys import key_of
from .stack import by_name


def compare(current: NetworkState, desired: NetworkState) -> tuple[Change, ...]:
    """Return the differences; empty: the host already is as desired.

    What is None in the desired state is left to the kernel, and is no difference.
    """
    return tuple(_changes(current, desired))


def _changes(current: NetworkState, desired: NetworkState) -> Iterator[Change]:
    old, new = by_name(current), by_name(desired)
    for name in sorted({*old, *new}):
        if name not in new:
            yield Change(path=name, old=old[name].type)
            for family in ("ipv4", "ipv6"):  # what is lost with it
                ip = getattr(old[name], family)
                yield from _lists(f"{name}.{family}.address", _texts((ip.addresses or ()) if ip else ()), [])
        elif name not in old:
            yield Change(path=name, new=new[name].type)
            yield from _fields(name, Interface(name=name), new[name])
        elif old[name] != new[name]:
            yield from _fields(name, old[name], new[name])
    yield from _lists("routes", _routes(current), _routes(desired))
    wanted, present = (state.dns_resolver and state.dns_resolver.config for state in (desired, current))
    if wanted is not None and wanted != present:
        yield Change(path="dns-resolver", old=_text(present), new=_text(wanted))


def _fields(name: str, old: Interface, new: Interface) -> Iterator[Change]:
    before, after = _leaves(old, ""), _leaves(new, "")
    for path, value in after.items():
        present = before.get(path)
        if path.endswith(".address"):
            yield from _addresses(f"{name}{path}", present or (), value)
        elif path.endswith(".port"):
            yield from _ports(f"{name}{path}", present or (), value)
        elif present != value and value not in ((), {}):
            yield Change(path=f"{name}{path}", old=_text(present), new=_text(value))
        elif present and not value and value is not False:
            yield Change(path=f"{name}{path}", old=_text(present))


def _ports(path: str, old: tuple[str, ...], new: tuple[str, ...]) -> Iterator[Change]:
    if set(old) != set(new):
        yield Change(path=path, old=", ".join(old) or None, new=", ".join(new) or None)


def _leaves(link: Any, path: str) -> dict[str, Any]:
    """Return path -> value of everything that is not None; addresses and ports stay whole."""
    found: dict[str, Any] = {}
    for name in record_fields(type(link)):
        value = getattr(link, name)
        here = f"{path}.{key_of(type(link), name)}"
        if value is None or here == ".name":
            continue
        if isinstance(value, Mapping):
            found |= {f"{here}.{key}": entry for key, entry in value.items()}
        elif isinstance(value, tuple):
            found[here] = value
            if here == ".bridge.port":
                found[here] = tuple(port.name for port in value)
                for port in value:
                    found |= {f"{here}[{port.name}]{key}": entry for key, entry in _leaves(port, "").items()}
        elif is_record(type(value)):
            found |= _leaves(value, here)
        else:
            found[here] = value
    return found


def _addresses(path: str, old: tuple[IpAddress, ...], new: tuple[IpAddress, ...]) -> Iterator[Change]:
    if not same_addresses(old, new):
        before, after = _texts(old), _texts(new)
        if sorted(before) == sorted(after):
            yield Change(path=path, old=", ".join(before), new=", ".join(after))
        yield from _lists(path, before, after)


def _lists(path: str, old: list[str], new: list[str]) -> Iterator[Change]:
    yield from (Change(path=path, old=entry) for entry in old if entry not in new)
    yield from (Change(path=path, new=entry) for entry in new if entry not in old)


def _texts(addresses: tuple[IpAddress, ...]) -> list[str]:
    return [
        f"{one.ip}/{one.prefix_length}" + (f" broadcast {one.broadcast}" if one.broadcast else "") for one in addresses
    ]


def _routes(state: NetworkState) -> list[str]:
    return [
        f"{route.destination}"
        + (f" via {route.next_hop_address}" if route.next_hop_address else "")
        + f" dev {route.next_hop_interface}"
        + (f" metric {route.metric}" if route.metric else "")
        + (f" table {route.table_id}" if route.table_id not in (None, 254) else "")
        for route in (state.routes.config if state.routes else None) or ()
    ]


def same_addresses(old: tuple[IpAddress, ...], new: tuple[IpAddress, ...]) -> bool:
    """Whether two lists give the interface the same addresses.

    The order matters among IPv4 addresses of one network alone: the first is the source address of what is sent.
    """
    return set(old) == set(new) and networks(old) == networks(new)


def networks(addresses: tuple[IpAddress, ...]) -> dict[str, tuple[IpAddress, ...]]:
    """Return IPv4 network -> its addresses in order."""
    found: dict[str, tuple[IpAddress, ...]] = {}
    for one in addresses:
        if ":" not in one.ip:
            network = str(ip_interface(f"{one.ip}/{one.prefix_length}").network)
            found[network] = (*found.get(network, ()), one)
    return found


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return str(to_document(value))
