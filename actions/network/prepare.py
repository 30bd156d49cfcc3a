"""From a request to what would be done: merged, checked, compared."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from hostinfo.model.network import Network
from hostinfo.model.network_state import NetworkState
from hostinfo.model.report import Change
from hostinfo.record import record

from .backend import Backend, PlannedStep
from .compare import compare
from .document import refuse
from .management import changed_links, management_path
from .merge import merge
from .resolve import resolve
from .validate import validate

SOURCE = "network state"


@record
class Prepared:
    """A request that passed all checks."""

    current: NetworkState
    """What is in force now."""
    desired: NetworkState
    """What will be in force, complete."""
    changes: tuple[Change, ...]
    """The differences; empty: nothing is to be done."""
    steps: tuple[PlannedStep, ...]
    """What the back end would do, in order."""
    cut_off: tuple[str, ...]
    """Links of the management path that would change: whoever is connected over them may lose the connection."""
    affected: tuple[str, ...]
    """Guests' and containers' links that use a changed link."""
    backend: str = ""
    """Name of the back end that carries it out; empty: that of the operations that prepared it."""
    is_persistent: bool = True
    """Whether the change is in force after the next boot once it is confirmed."""


Choose = Callable[[NetworkState, NetworkState, frozenset[str]], Backend]
"""(current, desired, changed links) -> the back end that carries the change out. ActionRefused: none can."""


def prepare(
    request: NetworkState, current: NetworkState, network: Network, choose: Choose, peers: Iterable[str] = ()
) -> Prepared:
    """Merge, check and compare a request. ActionRefused: every fault of it; nothing was changed.

    ``current`` is the state in force and ``network`` what it was read from. ``peers`` are the addresses of those who
    must still reach the host afterwards.
    """
    named, faults = resolve(request, current, network)
    known = {link.name for link in current.interfaces}
    foreign = {link.name for link in network.links if link.controller is not None and link.name not in known}
    desired = merge(current, named, foreign)
    faults += validate(current, named, desired, network)
    refuse(SOURCE, faults)
    changes = compare(current, desired)
    changed = changed_links(changes)
    if any(change.path == "routes" for change in changes):
        changed |= _links_of_routes(current, desired)
    backend = choose(current, desired, changed)
    refuse(SOURCE, list(backend.check(current, desired)))
    return Prepared(
        current=current,
        desired=desired,
        changes=changes,
        steps=backend.plan(current, desired) if changes else (),
        cut_off=tuple(sorted(changed & management_path(network, peers))),
        affected=tuple(sorted(_users(changed, foreign, network))),
        backend=backend.name,
        is_persistent=backend.is_persistent,
    )


def _links_of_routes(current: NetworkState, desired: NetworkState) -> frozenset[str]:
    old, new = (set((state.routes.config if state.routes else None) or ()) for state in (current, desired))
    return frozenset(route.next_hop_interface or "" for route in old ^ new)


def _users(changed: Iterable[str], foreign: Iterable[str], network: Network) -> set[str]:
    """Return foreign links that are ports of changed links or lie on them."""
    names = set(changed)
    found = set()
    for link in network.links:
        is_on_top = link.kind in ("macvlan", "macvtap", "ipvlan", "ipvtap", "vxlan") and names & set(link.lower)
        if (link.name in foreign and link.controller in names) or is_on_top:
            found.add(link.name)
    return found
