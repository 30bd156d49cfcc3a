"""Discovery of agents, against agents on a real exchange, over real connections."""

import time
from functools import partial

import pytest

import hostinfo
from hostinfo.agent.console import (
    AmbiguousNode,
    Console,
    UnknownNode,
    locate_predicate,
    node_names,
    parse_predicate,
    select_agents,
)
from hostinfo.agent.console.discovery import QuietPeriod
from hostinfo.agent.qmf import Message, Responder
from hostinfo.agent.transport import TransportOptions, open_transport
from tests.support.fleet import Fleet, agent_name, fleet_agent


def names(console: Console, where: str = "") -> list[str]:
    return [one.name for one in console.agents(parse_predicate(where) if where else None)]


def test_all_agents_are_found_well_before_the_deadline(console: Console) -> None:
    begin = time.monotonic()
    assert names(console) == [agent_name(number) for number in range(5)]
    assert time.monotonic() - begin < 2.5


class SlowFleet(Fleet):
    """Each agent responds after its delay, in seconds."""

    delays: tuple[float, ...] = ()

    def _on_message(self, message: Message) -> None:
        for delay, one in zip(self.delays, self.responders.values(), strict=True):
            self.transport.schedule(delay, partial(self._respond, one, message))

    def _respond(self, one: Responder, message: Message) -> None:
        for response in one.handle(message, time.time_ns()):
            self.transport.send(response)


@pytest.mark.parametrize(
    ("delays", "most"),
    [((0.9, 0.9, 0.9), 2.7), ((0.1, 1.0, 2.6), 9.0)],
    ids=["late but all at once: one quiet second more", "slowly one after the other: all are found"],
)
def test_late_responses_are_waited_for_but_no_longer(delays: tuple[float, ...], most: float) -> None:
    slow = SlowFleet([fleet_agent(number, 1) for number in range(3)])
    slow.delays = delays
    with slow, Console(open_transport(TransportOptions(urls=(slow.url,)))) as console:
        console.connect()
        begin = time.monotonic()
        assert len(console.agents(seconds=10)) == 3
        assert max(delays) + 1 <= time.monotonic() - begin < most


def test_agents_are_found_by_their_attributes(console: Console) -> None:
    assert names(console, "memory>=3") == [agent_name(3), agent_name(4)]
    assert names(console, "hostname=node1") == [agent_name(1)]
    assert names(console, "[and, [gt, memory, 1], [lt, memory, 3]]") == [agent_name(2)]


def test_discovery_ends_at_the_deadline_without_responses(fleet: Fleet, console: Console) -> None:
    fleet.silent.update(fleet.responders)
    begin = time.monotonic()
    assert console.agents(seconds=0.5) == []
    assert 0.4 < time.monotonic() - begin < 1.5


def test_an_agent_that_only_sends_heartbeats_is_found(fleet: Fleet, console: Console) -> None:
    fleet.silent.update(fleet.responders)
    console.connect()
    fleet.announce()
    assert len(console.agents(seconds=0.5)) == 5


def test_a_refused_connection_is_an_error_at_once() -> None:
    with Console(open_transport(TransportOptions(urls=("amqp://127.0.0.1:9",)))) as nowhere:
        begin = time.monotonic()
        with pytest.raises(hostinfo.Unavailable, match="refused"):
            nowhere.agents(seconds=5)
        assert time.monotonic() - begin < 3


def test_nodes_are_selected_by_name_uuid_instance_or_an_unambiguous_prefix(console: Console) -> None:
    agents = console.agents()

    def selected(*specs: str) -> list[str]:
        return [one.name for one in select_agents(specs, agents)]

    for spec in ("node1", "NODE1", "i1", "00000001", agent_name(1)):
        assert selected(spec) == [agent_name(1)]
    assert selected("node3", "node0") == [agent_name(3), agent_name(0)]
    assert node_names(agents)[agent_name(3)] == "node3"
    with pytest.raises(AmbiguousNode, match="node0"):
        selected("node")
    with pytest.raises(UnknownNode, match="node9"):
        selected("node9")


def test_only_agents_that_a_name_can_select_respond_to_the_locate_request(console: Console) -> None:
    found = console.agents(locate_predicate(["NODE1", "00000003"]))
    assert [one.name for one in found] == [agent_name(1), agent_name(3)]
    assert locate_predicate([]) == []


def end_of_discovery(responses: list[float], poll_seconds: float = 0.02) -> float:
    """When the quiet period is over after responses at these times, polled at this interval."""
    quiet = QuietPeriod(0.0)
    now = 0.0
    while now < 100:
        now += poll_seconds
        received = [time for time in responses if time <= now]
        if quiet.is_over(now, max(received, default=0.0)):
            return now
    return now


def test_without_responses_discovery_does_not_end_by_itself() -> None:
    assert end_of_discovery([]) >= 100


def test_discovery_ends_a_quiet_second_after_prompt_responses() -> None:
    assert 1.09 < end_of_discovery([0.05, 0.06, 0.1]) < 1.2


def test_gaps_between_responses_make_the_quiet_period_longer_up_to_two_seconds() -> None:
    assert 2.4 < end_of_discovery([0.1, 0.5, 0.9]) < 2.7  # four times 0.4 s
    assert 3.9 < end_of_discovery([0.1, 1.0, 2.0]) < 4.2


def test_the_wait_for_the_first_response_counts_a_quarter() -> None:
    assert 2.2 < end_of_discovery([1.2]) < 2.5  # four times 1.2 s / 4, and 1.2 s before
    assert 10.9 < end_of_discovery([9.0]) < 11.2


def test_time_in_which_the_machine_did_not_let_the_console_poll_is_no_silence() -> None:
    assert end_of_discovery([0.05], poll_seconds=0.5) > 10
