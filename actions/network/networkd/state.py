"""What networkd adds to the state that the kernel reports, and what its files configure."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from hostinfo.model.network import Network
from hostinfo.model.network_state import (
    BridgeConfiguration,
    BridgePort,
    DnsConfiguration,
    DnsResolver,
    Interface,
    IpConfiguration,
    LinkAggregation,
    NetworkState,
    RouteEntry,
    Routes,
    VlanConfiguration,
)
from hostinfo.record import replace

from ..merge import route_key
from ..running_state import managed_types
from .configuration import Configuration, LinkFile
from .network_file import NetworkFile


def add_configuration(
    state: NetworkState, network: Network, configuration: Configuration | None = None
) -> NetworkState:
    """Return the state with DHCP, router advertisements and name servers of the links that networkd configures."""
    configuration = configuration or Configuration(network)
    links = []
    files = []
    for link in state.interfaces:
        file = configuration.file_of(link.name) if configuration.is_owned(link.name) else None
        if file is None or file.content is None:
            links.append(link)
            continue
        files.append(file.content)
        links.append(replace(link, ipv4=_ipv4(link, file.content), ipv6=_ipv6(link, file.content)))
    return replace(state, interfaces=tuple(links), dns_resolver=_resolver(files) or state.dns_resolver)


def _ipv4(link: Interface, file: NetworkFile) -> IpConfiguration:
    ip = link.ipv4 or IpConfiguration()
    return replace(ip, dhcp=file.dhcp4, enabled=bool(ip.addresses) or file.dhcp4)


def _ipv6(link: Interface, file: NetworkFile) -> IpConfiguration:
    """Leave out what the kernel has: networkd receives router advertisements itself."""
    ip = link.ipv6 or IpConfiguration()
    if not ip.enabled or not (file.is_ipv6_enabled or ip.addresses):
        return IpConfiguration(enabled=False, dhcp=False, autoconf=False, addresses=())
    return replace(ip, dhcp=file.dhcp6, autoconf=file.is_autoconf_enabled)


def _resolver(files: Iterable[NetworkFile]) -> DnsResolver | None:
    servers = tuple(dict.fromkeys(server for file in files for server in file.dns))
    search = tuple(dict.fromkeys(domain for file in files for domain in file.domains))
    return DnsResolver(config=DnsConfiguration(servers=servers, search=search))


def configured_state(network: Network, configuration: Configuration | None = None) -> NetworkState:
    """Return what the files configure for the links that networkd owns; what a state cannot express is left out."""
    configuration = configuration or Configuration(network)
    types = managed_types(network)
    find: Callable[[str], LinkFile | None] = configuration.next_file_of
    found = {name: file for name in types if configuration.is_owned(name) and (file := find(name)) is not None}
    files = {name: file.content for name, file in found.items() if file.content is not None}
    links = [_interface(name, types[name], file, files, configuration) for name, file in sorted(files.items())]
    routes: list[RouteEntry] = [route for name, file in files.items() for route in file.with_interface(name)]
    return NetworkState(
        interfaces=tuple(links),
        routes=Routes(config=tuple(sorted(routes, key=route_key))),
        dns_resolver=_resolver(files.values()),
    )


def _interface(
    name: str, kind: str, file: NetworkFile, files: dict[str, NetworkFile], configuration: Configuration
) -> Interface:
    has_ipv4 = bool(file.dhcp4 or [one for one in file.addresses if ":" not in one.ip])
    four = tuple(one for one in file.addresses if ":" not in one.ip)
    six = tuple(one for one in file.addresses if ":" in one.ip)
    ports = tuple(port for port, other in sorted(files.items()) if other.controller == name)
    device = configuration.devices.get(name)
    content = device.content if device is not None else None
    options = dict(content.options) if content is not None else {}
    options.update(("primary", port) for port in ports if files[port].is_primary)
    bases = [base for base, other in files.items() if name in other.vlans]
    return Interface(
        name=name,
        type=kind,
        state="down" if file.is_down else "up",
        mac_address=file.mac_address or (content.mac_address if content else None),
        mtu=file.mtu or (content.mtu if content else None),
        ipv4=IpConfiguration(enabled=has_ipv4, dhcp=file.dhcp4, addresses=four),
        ipv6=IpConfiguration(
            enabled=file.is_ipv6_enabled, dhcp=file.dhcp6, autoconf=file.is_autoconf_enabled, addresses=six
        ),
        link_aggregation=LinkAggregation(mode=content.mode if content else None, ports=ports, options=options)
        if kind == "bond"
        else None,
        vlan=VlanConfiguration(
            base_iface=bases[0] if bases else None,
            id=content.vlan_id if content else None,
            protocol=(content.protocol if content else None) or "802.1q",
        )
        if kind == "vlan"
        else None,
        bridge=BridgeConfiguration(
            ports=tuple(replace(files[port].port or BridgePort(name=""), name=port) for port in ports),
            options=content.bridge if content else None,
        )
        if kind == "linux-bridge"
        else None,
    )
