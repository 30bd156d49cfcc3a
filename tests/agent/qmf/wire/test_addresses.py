"""Agent names and routing keys, in the forms of qpidd's built-in agent."""

import pytest

from hostinfo.agent.qmf.wire.addresses import SEVERITIES, AgentName, data_key, event_key, heartbeat_key, join_key
from hostinfo.agent.qmf.wire.errors import Malformed

AGENT = AgentName("example.org", "host.info", "4.2-a")


def test_dots_in_components_become_underscores_so_that_consoles_bind_by_position() -> None:
    assert heartbeat_key(AGENT) == "agent.ind.heartbeat.example_org.host_info.4_2-a"
    assert data_key(AGENT, "com.redhat.ovirtNode", "processor") == (
        "agent.ind.data.com_redhat_ovirtNode.processor.example_org.host_info.4_2-a"
    )


def test_an_event_key_names_its_severity_before_the_agent() -> None:
    assert event_key(AGENT, "p.q", "linkDown", 4) == "agent.ind.event.p_q.linkDown.warn.example_org.host_info.4_2-a"


def test_severity_words_equal_those_of_the_broker() -> None:
    assert SEVERITIES == ("emerg", "alert", "crit", "error", "warn", "note", "info", "debug")


def test_an_agent_name_keeps_the_colons_of_its_instance() -> None:
    assert AgentName.parse("v:p:i:j") == AgentName("v", "p", "i:j")
    assert str(AgentName.parse("v:p:i:j")) == "v:p:i:j"


@pytest.mark.parametrize(
    "text", ["", "broker", "a:b", "a::c", ":b:c", "a:b:", "apache.org:qpidd:x", "a:b:" + "é" * 130]
)
def test_an_invalid_agent_name_is_rejected(text: str) -> None:
    with pytest.raises(Malformed):
        AgentName.parse(text)


def test_a_routing_key_over_255_bytes_is_rejected() -> None:
    assert len(join_key("a" * 254, "")) == 255
    with pytest.raises(Malformed):
        join_key("a" * 254, "é")
