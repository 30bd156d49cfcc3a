"""A back end is a table of functions: how one network service is read, changed and restored.

The transaction judges success by reading the kernel again, never by what a back end or its tools return.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from typing import Any

from hostinfo.model.network import Network
from hostinfo.model.network_state import NetworkState
from hostinfo.record import record

OnStep = Callable[[str, str], None]
"""Called before each step with its name (unique within the plan: create bond0) and its target."""

WINDOW_END: ContextVar[float | None] = ContextVar("WINDOW_END", default=None)
"""CLOCK_BOOTTIME at which the guard rolls back the change that is being applied; None: no transaction is running.

For back ends whose service has a rollback of its own, which must come later.
"""


@record
class Fault:
    """One reason for which a request cannot be applied."""

    path: str
    """What is wrong in the request, such as interfaces[bond0].mtu."""
    message: str
    """What is wrong with it, and what would be right."""


@record
class PlannedStep:
    """One step, for people to read before it is done."""

    name: str
    """What is done, unique within the plan."""
    target: str
    """What it acts on: a link, a file, a service."""


@record
class Backend:
    """One way to configure the network of this host."""

    name: str
    """The service, as ``Owner.service`` names it; kernel: no service."""
    is_persistent: bool
    """Whether a committed change is in force after the next boot."""
    read: Callable[[], NetworkState]
    """Return the state in force: what runs, as the kernel and the network service report it."""
    check: Callable[[NetworkState, NetworkState], tuple[Fault, ...]]
    """(current, desired) -> what this back end cannot do; empty: it can do all of it."""
    plan: Callable[[NetworkState, NetworkState], tuple[PlannedStep, ...]]
    """(current, desired) -> the steps in the order in which ``apply`` does them. Does no I/O that changes anything."""
    snapshot: Callable[[NetworkState, NetworkState], Mapping[str, Any]]
    """(current, desired) -> everything that ``restore`` needs to undo this change and no other, as JSON; it is written
    to disk before the first step."""
    apply: Callable[[NetworkState, NetworkState, OnStep], None]
    """(current, desired, on_step): change what runs, such that it does not survive a boot unless ``persist`` is called.
    ActionFailed: a step failed; those before it stay."""
    persist: Callable[[NetworkState], None]
    """Make the desired state that was applied the one of the next boot. May be repeated."""
    restore: Callable[[Mapping[str, Any], OnStep], None]
    """(snapshot, on_step): undo the change, in whatever state the host is. What others changed meanwhile stays. May be
    repeated."""


@record
class Service:
    """The functions of the back end of one network service."""

    open: Callable[[], Backend]
    """Return the back end."""
    add_configuration: Callable[[NetworkState, Network], NetworkState]
    """(state in force as the kernel reports it, links) -> the same with what only the service knows, such as DHCP."""
    configured_state: Callable[[Network], NetworkState]
    """Return what the files or profiles of the service say, of the links that it configures."""
