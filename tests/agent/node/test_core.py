"""The agent's decisions, on plain values: no thread, no socket, no clock."""

from errno import ECONNRESET

from hypothesis import given
from hypothesis import strategies as st

from hostinfo import GroupResult, HostInfoError, ParseError, Problem, ReadError
from hostinfo.agent.node import Settings
from hostinfo.agent.node.core import STALLED_SECONDS, AgentCore
from hostinfo.agent.node.effects import (
    CloseEndpoint,
    CompleteRefreshes,
    Effect,
    Log,
    NotifyPollThreads,
    OpenEndpoint,
    PublishObjects,
    SendEvent,
    SendHeartbeat,
    SetIdentity,
    SetPollInterval,
)
from hostinfo.agent.node.poll_threads import GUESTS, INVENTORY, STATISTICS
from hostinfo.agent.node.polling import ChangeNotice, GroupUpdate, PollFinished
from hostinfo.agent.qmf import AgentName, Event, Identity
from hostinfo.agent.transport import TransportOptions
from hostinfo.model.guests import Guests
from hostinfo.model.hypervisor import Hypervisor, Role
from hostinfo.model.memory import Memory
from hostinfo.model.network import Link, Network
from hostinfo.model.statistics import Scope, Statistics
from hostinfo.model.system import System

NOW = 1_700_000_000_000_000_000
LIBVIRT = "libvirt-kvm"
WHOLE_INVENTORY = PollFinished(thread=INVENTORY, is_whole=True, request_id=0)
LOST = ReadError("qemu:///system", "connection reset", ECONNRESET)


def new_core(settings: Settings | None = None) -> AgentCore:
    name = AgentName("ovirt.org", "hostinfo", "uuid-1")
    return AgentCore(settings or Settings(), Identity(name=name, attributes={}, epoch=3, schema_updated=NOW))


def read(core: AgentCore, group: str, value: object) -> list[Effect]:
    return core.on_update(GroupUpdate(group=group, result=GroupResult(value=value)), NOW)


def network(*names: str) -> Network:
    return Network(links=tuple(Link(name=name, index=index, kind="dummy") for index, name in enumerate(names, 1)))


def events(effects: list[Effect]) -> list[Event]:
    return [effect.event for effect in effects if isinstance(effect, SendEvent)]


def event_names(effects: list[Effect]) -> list[str]:
    return [event.schema_id.name for event in events(effects) if event.schema_id is not None]


def published(effects: list[Effect]) -> list[str]:
    return [
        item.object_id.object_name
        for effect in effects
        if isinstance(effect, PublishObjects)
        for item in effect.objects
        if item.object_id is not None
    ]


def test_the_agent_starts_serving_when_the_whole_inventory_was_read_once() -> None:
    core = new_core()
    read(core, "network", network("eth0"))
    assert core.on_connected() == [SendHeartbeat()]
    assert event_names(core.on_update(PollFinished(thread=INVENTORY, is_whole=False, request_id=0), NOW)) == []
    effects = core.on_update(WHOLE_INVENTORY, NOW)
    assert core.is_serving
    (started,) = events(effects)
    assert started.values["epoch"] == 3
    assert set(published(effects)) == {"ovirtNode:node", "networkInterface:eth0"}
    heartbeat, objects = core.on_connected()
    assert heartbeat == SendHeartbeat()
    assert set(published([objects])) == {"ovirtNode:node", "networkInterface:eth0"}
    assert event_names(core.on_update(WHOLE_INVENTORY, NOW)) == []


def test_a_poll_publishes_only_what_changed_and_nothing_when_nothing_changed() -> None:
    core = new_core()
    read(core, "network", network("eth0", "eth1"))
    core.on_update(WHOLE_INVENTORY, NOW)
    finished = PollFinished(thread=STATISTICS, is_whole=True, request_id=0)
    assert core.on_update(finished, NOW) == []
    read(core, "statistics", Statistics(scope=Scope.HOST, time="1", uptime_seconds=1.0))
    assert published(core.on_update(finished, NOW)) == ["hostStatistics:host"]
    assert core.on_update(finished, NOW) == []


def test_a_whole_inventory_publishes_all_persistent_objects_but_no_statistics() -> None:
    core = new_core()
    read(core, "network", network("eth0"))
    read(core, "statistics", Statistics(scope=Scope.HOST, time="1", uptime_seconds=1.0))
    core.on_update(WHOLE_INVENTORY, NOW)
    effects = core.on_update(WHOLE_INVENTORY, NOW)
    assert set(published(effects)) == {"ovirtNode:node", "networkInterface:eth0"}
    assert effects[0] == CompleteRefreshes(0)


def test_a_removed_link_is_an_event_and_a_deleted_object() -> None:
    core = new_core()
    read(core, "network", network("eth0", "eth1"))
    core.on_update(WHOLE_INVENTORY, NOW)
    (event,) = events(read(core, "network", network("eth0")))
    assert (event.schema_id and event.schema_id.name, event.values["interfaceName"]) == ("interfaceRemoved", "eth1")
    (effect,) = core.on_update(PollFinished(thread=INVENTORY, is_whole=False, request_id=0), NOW + 1)
    assert isinstance(effect, PublishObjects)
    assert [item.object_id and item.object_id.object_name for item in effect.deleted] == ["networkInterface:eth1"]
    assert effect.deleted[0].delete_ts == NOW


def test_a_notice_reaches_the_poll_threads_without_monitors_and_a_lost_connection_is_an_event() -> None:
    core = new_core()
    *effects, last = core.on_update(
        ChangeNotice(groups=frozenset({"guests"}), connections=((LIBVIRT, LOST), (LIBVIRT, None))), NOW
    )
    assert event_names(effects) == ["hypervisorDisconnected", "hypervisorConnected"]
    assert last == NotifyPollThreads(frozenset({"guests"}))


def test_a_stalled_poll_thread_is_a_warning_once_until_it_continues() -> None:
    core = new_core()
    assert core.check_stalled(GUESTS, ("guests", STALLED_SECONDS - 1.0), NOW) == []
    (log,) = core.check_stalled(GUESTS, ("guests", STALLED_SECONDS + 1.0), NOW)
    assert isinstance(log, Log)
    assert "guests" in log.text
    assert core.check_stalled(GUESTS, ("guests", STALLED_SECONDS + 2.0), NOW) == []
    (node,) = core.store.objects(None)
    assert "(guests)" in str(node.values["errors"])
    assert len(core.check_stalled(GUESTS, None, NOW)) == 1
    assert core.check_stalled(GUESTS, None, NOW) == []
    (node,) = core.store.objects(None)
    assert "errors" not in node.values


def test_the_attributes_follow_system_and_hypervisor() -> None:
    core = new_core()
    assert read(core, "system", System(hostname="node1")) == []
    (effect,) = read(core, "hypervisor", Hypervisor(role=Role.KVM_HOST, type="kvm"))
    assert isinstance(effect, SetIdentity)
    assert (effect.identity.attributes["hostname"], effect.identity.attributes["role"]) == ("node1", "kvm-host")
    assert read(core, "hypervisor", Hypervisor(role=Role.KVM_HOST, type="kvm")) == []
    assert core.identity is effect.identity


def test_a_reload_opens_and_closes_only_the_endpoints_that_differ() -> None:
    kept, removed, added = (TransportOptions(urls=(f"amqp://{host}",)) for host in ("127.0.0.1", "127.0.0.2", "::1"))
    core = new_core(Settings(broker=removed, listen=kept))
    effects = core.reload(
        Settings(broker=added, listen=kept, statistics_seconds=60, inventory_seconds=600, heartbeat_seconds=20), NOW
    )
    assert [effect for effect in effects if isinstance(effect, CloseEndpoint | OpenEndpoint)] == [
        CloseEndpoint(removed),
        OpenEndpoint(added),
    ]
    assert SetPollInterval(INVENTORY, 600) in effects
    assert SetPollInterval(STATISTICS, 60) in effects
    assert core.identity.heartbeat_seconds == 20
    (node,) = core.store.objects(None)
    assert node.values["updateInterval"] == 60


def test_a_view_of_another_driver_is_no_event() -> None:
    core = new_core()
    read(core, "memory", Memory(total_bytes=4096))
    problem = Problem(path="", error=LOST, driver=LIBVIRT)
    other = GroupResult(value=Memory(total_bytes=2048), problems=(problem,))
    effects = core.on_update(GroupUpdate(group="memory", result=other), NOW)
    assert event_names(effects) == ["driverFailed", "hypervisorDisconnected"]
    assert event_names(read(core, "memory", Memory(total_bytes=4096))) == ["driverRecovered", "hypervisorConnected"]
    assert event_names(read(core, "memory", Memory(total_bytes=8192))) == ["memoryChanged"]


NAMES = st.lists(st.sampled_from(["eth0", "eth1", "br0", "bond0"]), unique=True)


@given(st.lists(NAMES, min_size=1, max_size=8))
def test_the_events_since_the_first_read_lead_to_the_links_of_the_last(reads: list[list[str]]) -> None:
    core = new_core()
    read(core, "network", Network(links=tuple(Link(name=name, index=1, kind="dummy") for name in reads[0])))
    links = set(reads[0])
    for names in reads[1:]:
        value = Network(links=tuple(Link(name=name, index=1, kind="dummy") for name in names))
        for event in events(read(core, "network", value)):
            name = str(event.values["interfaceName"])
            assert event.schema_id is not None
            if event.schema_id.name == "interfaceAdded":
                assert name not in links
                links.add(name)
            elif event.schema_id.name == "interfaceRemoved":
                links.remove(name)
    assert links == set(reads[-1])


Step = tuple[str, HostInfoError | None]
ERRORS = st.sampled_from([None, LOST, ParseError("capabilities", "no host element")])
STEPS = st.tuples(st.sampled_from(["memory", "guests", "connection"]), ERRORS)


@given(st.lists(STEPS, max_size=20))
def test_disconnected_and_connected_alternate_and_the_last_one_is_the_state(steps: list[Step]) -> None:
    core = new_core()
    values: dict[str, object] = {"memory": Memory(total_bytes=4096), "guests": Guests()}
    for group, value in values.items():
        read(core, group, value)
    reachable: dict[str, bool] = dict.fromkeys(("memory", "guests", "connection"), True)
    names: list[str] = []
    for source, error in steps:
        if source == "connection":
            notice = ChangeNotice(groups=frozenset(), connections=((LIBVIRT, error),))
            names += event_names(core.on_update(notice, NOW))
            reachable[source] = error is None
        else:
            problems = () if error is None else (Problem(path="", error=error, driver=LIBVIRT),)
            result: GroupResult[object] = GroupResult(value=values[source], problems=problems)
            names += event_names(core.on_update(GroupUpdate(group=source, result=result), NOW))
            reachable[source] = error is None or isinstance(error, ParseError)
    states = [name for name in names if name.startswith("hypervisor")]
    assert states == ["hypervisorDisconnected", "hypervisorConnected"] * (len(states) // 2) + (
        ["hypervisorDisconnected"] if len(states) % 2 else []
    )
    assert bool(len(states) % 2) is not all(reachable.values())
