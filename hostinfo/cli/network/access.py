"""The network action of this host, imported by name: who only reads facts never imports it."""

from __future__ import annotations

from importlib import import_module

from hostinfo.errors import ActionRefused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from types import ModuleType
    from typing import Any

    from hostinfo.model.network_state import NetworkState


def module(name: str) -> ModuleType:
    """Return a module of the network action."""
    return import_module(f"hostinfo.actions.network.{name}")


def network_action(options: Namespace) -> Any:
    """Return the network action of this host. ActionRefused: it has none."""
    actions = import_module("hostinfo.actions").open_actions(options.state)
    if actions.network is None:
        raise ActionRefused("network", actions.unsupported_reasons["network"])
    return actions.network


def current_state() -> NetworkState:
    """Return the state in force, complete."""
    state: NetworkState = module("host_backends").read_host_state()
    return state


def document(state: Any) -> Any:
    """Return a state as dicts and lists with nmstate's keys."""
    return module("document").to_document(state)
