"""A plan leads from any valid state to any other, in a model of the kernel that refuses what the kernel refuses."""

from __future__ import annotations

from collections.abc import Iterable

from hypothesis import given, settings
from hypothesis import strategies as st

from hostinfo.actions.network.compare import compare
from hostinfo.actions.network.document import parse_state, to_document
from hostinfo.actions.network.kernel_plan import plan_kernel
from hostinfo.actions.network.merge import merge
from hostinfo.actions.network.steps import KernelStep
from hostinfo.actions.network.validate import validate
from hostinfo.model.network import Link, Network
from hostinfo.model.network_state import Interface, NetworkState, RouteEntry, Routes

from .kernel_model import Kernel
from .random_states import NICS, requests

EMPTY = NetworkState()


def complete(kernel: Kernel) -> NetworkState:
    """Return the state of a kernel, where ports have what their controller gives them."""
    return merge(kernel.state(), EMPTY)


def whole(request: NetworkState, kernel: Kernel) -> NetworkState:
    """Return a request that removes everything else as well."""
    state = kernel.state()
    names = {link.name for link in request.interfaces}
    extra = [
        Interface(name=link.name, state="absent")
        for link in state.interfaces
        if link.name not in names and link.type != "ethernet"
    ]
    gone = RouteEntry(state="absent")
    routes = (gone, *((request.routes.config if request.routes else None) or ()))
    return NetworkState(interfaces=(*request.interfaces, *extra), routes=Routes(config=routes))


def desire(request: NetworkState, kernel: Kernel) -> NetworkState:
    asked = whole(request, kernel)
    desired = merge(kernel.state(), asked)
    network = Network(links=tuple(Link(name=name, kind="physical") for name in kernel.links))
    faults = validate(kernel.state(), asked, desired, network)
    assert not faults, faults
    return desired


def run(kernel: Kernel, steps: Iterable[KernelStep]) -> None:
    for step in steps:
        kernel.apply(step)


def reach(kernel: Kernel, desired: NetworkState) -> None:
    run(kernel, plan_kernel(kernel.state(), desired))
    assert compare(kernel.state(), desired) == ()
    assert plan_kernel(kernel.state(), desired) == (), "a state that is reached needs no step"


@settings(max_examples=200, deadline=None)
@given(requests(), requests())
def test_a_plan_leads_from_any_state_to_any_other_and_back(first: NetworkState, second: NetworkState) -> None:
    kernel = Kernel(NICS)
    reach(kernel, desire(first, kernel))
    before = complete(kernel)
    reach(kernel, desire(second, kernel))
    reach(kernel, before)


@settings(max_examples=200, deadline=None)
@given(requests(), requests(), st.floats(0, 1))
def test_a_plan_leads_back_from_wherever_it_was_stopped(first: NetworkState, second: NetworkState, part: float) -> None:
    kernel = Kernel(NICS)
    reach(kernel, desire(first, kernel))
    before = complete(kernel)
    steps = plan_kernel(kernel.state(), desire(second, kernel))
    run(kernel, steps[: round(part * len(steps))])
    reach(kernel, before)


@settings(max_examples=200, deadline=None)
@given(requests())
def test_a_state_that_is_printed_and_read_again_is_the_same(request: NetworkState) -> None:
    kernel = Kernel(NICS)
    reach(kernel, desire(request, kernel))
    state = complete(kernel)
    assert parse_state(to_document(state), "test") == state
    assert compare(state, merge(kernel.state(), parse_state(to_document(state), "test"))) == ()
