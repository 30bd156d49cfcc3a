"""The back ends of this host, and which one carries out a change: that of the service that configures the links.

A change has one back end, and a link has one owner. Links that no service configures go with the others of the change;
where none has an owner, the service that configures this host carries it out, so that it is there at the next boot.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from importlib import import_module

from hostinfo.drivers.sources.tree import Tree
from hostinfo.model.network import Network
from hostinfo.model.network_state import NetworkState, Routes

from .backend import Backend, Fault, Service
from .document import refuse
from .kernel_backend import NAME as KERNEL
from .kernel_backend import kernel_backend, read_network, read_state
from .owners import NETWORKD, NETWORKMANAGER, Owner, Owners
from .stack import by_name, lower_of

SOURCE = "network state"


MODULES: Mapping[str, str] = {NETWORKMANAGER: "networkmanager.service", NETWORKD: "networkd.networkd_backend"}
"""Service, as ``Owner.service`` names it -> module below this package that has its ``SERVICE``."""


def load_service(name: str) -> Service:
    """Return a service of ``MODULES``."""
    service: Service = import_module(f"{__package__}.{MODULES[name]}").SERVICE
    return service


def open_backend(name: str) -> Backend:
    """Return a back end by its name. KeyError: this version has none of this name."""
    return kernel_backend() if name == KERNEL else load_service(name).open()


def read_host_state(network: Network | None = None) -> NetworkState:
    """Read the state in force, with what the running services add to what the kernel reports."""
    network = network or read_network()
    state = read_state(network)
    for name in Owners(Tree("/")).services():
        if name in MODULES:
            state = load_service(name).add_configuration(state, network)
    return state


def read_configured_state(network: Network | None = None) -> NetworkState:
    """Read what the running services are configured to do; links without configuration are left out."""
    network = network or read_network()
    services = [name for name in Owners(Tree("/")).services() if name in MODULES]
    states = [load_service(name).configured_state(network) for name in services]
    links = {link.name: link for state in reversed(states) for link in state.interfaces}
    routes = dict.fromkeys(route for state in states for route in (state.routes.config if state.routes else None) or ())
    return NetworkState(
        interfaces=tuple(links[name] for name in sorted(links)),
        routes=Routes(config=tuple(routes)),
        dns_resolver=next((state.dns_resolver for state in states if state.dns_resolver is not None), None),
    )


def choose_backend(
    current: NetworkState, desired: NetworkState, network: Network, changed: Collection[str], owners: Owners
) -> Backend:
    """Return the back end that carries out a change of these links. ActionRefused: none can."""
    present = {link.name: link for link in network.links}
    found: dict[str, tuple[str, Owner]] = {}
    for name in sorted(_with_layers_below(changed, current, desired)):
        owner = owners.owner(present[name]) if name in present else None
        if owner is not None:
            found.setdefault(owner.service, (name, owner))
    if len(found) > 1:
        parts = "; ".join(f"{owner.service} configures {name} ({owner.source})" for name, owner in found.values())
        refuse(SOURCE, [Fault(path="interfaces", message=f"{parts}; change them apart, or let one service have both")])
    service = next(iter((*found, *(name for name in owners.services() if name in MODULES))), None)
    if service is None:
        return kernel_backend()
    if service not in MODULES:
        name, owner = found.get(service, (", ".join(sorted(changed)), Owner(service=service, source="")))
        refuse(SOURCE, [_unsupported(name, owner)])
    return load_service(service).open()


def _with_layers_below(changed: Collection[str], current: NetworkState, desired: NetworkState) -> set[str]:
    """Return changed links and, of those that are new, what they lie on: the base of a VLAN is not changed itself."""
    links, old = by_name(desired), by_name(current)
    found: set[str] = set()
    left = list(changed)
    while left:
        name = left.pop()
        if name not in found:
            found.add(name)
            left += lower_of(links[name]) if name in links and name not in old else ()
    return found


def _unsupported(name: str, owner: Owner) -> Fault:
    writer = f" ({owner.generator} writes its configuration)" if owner.generator else ""
    shown = f", as {owner.source} shows," if owner.source else ""
    message = f"{owner.service} configures it{writer}{shown} and hostinfo has no back end for it; change it there"
    return Fault(path=f"interfaces[{name}]", message=message)
