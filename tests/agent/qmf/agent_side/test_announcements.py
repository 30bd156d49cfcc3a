"""What an agent announces: heartbeats and locate responses."""

from dataclasses import replace

from hostinfo.agent.qmf import (
    AgentAnnouncement,
    heartbeat,
    parse_agent_message,
)
from hostinfo.agent.qmf.wire.types import UInt, ULong
from tests.support.qmf_node import (
    NOW,
    UUID_1,
    responder,
)
from tests.support.qmf_wire import AGENT, REQUESTS, WIRES, Wire, send_request, through_qpidd


@WIRES
def test_locate_finds_the_agents_whose_attributes_match(wire: Wire) -> None:
    (announcement,) = send_request(responder(), REQUESTS.locate(["eq", "hostname", ["quote", "node1"]]), wire)
    assert isinstance(announcement, AgentAnnouncement)
    assert (announcement.agent, announcement.epoch, announcement.interval_s, announcement.capability) == (
        AGENT,
        7,
        10,
        1,
    )
    assert announcement.attributes["uuid"] == str(UUID_1)
    assert send_request(responder(), REQUESTS.locate(["eq", "hostname", ["quote", "node2"]]), wire) == []
    assert len(send_request(responder(), REQUESTS.locate(), wire)) == 1


def test_locate_without_a_body_matches_all_agents() -> None:
    request = replace(REQUESTS.locate(), body=None, content_type=None)
    assert len(send_request(responder(), request)) == 1


def test_a_heartbeat_has_all_that_known_consoles_need() -> None:
    message = heartbeat(responder().identity, NOW)
    assert message.address == "qmf.default.topic"
    assert message.subject == "agent.ind.heartbeat.example_org.hostinfo.0a1b_c"
    assert message.ttl_ms == 20_000
    assert message.content_type == "amqp/map"
    assert message.properties == {
        "method": "indication",
        "qmf.opcode": "_agent_heartbeat_indication",
        "qmf.agent": AGENT,
        "x-amqp-0-10.app-id": "qmf2",
    }
    assert message.body == {
        "_values": {
            "hostname": "node1",
            "uuid": str(UUID_1),
            "_vendor": "example.org",
            "_product": "hostinfo",
            "_instance": "0a1b.c",
            "_name": AGENT,
            "_timestamp": NOW,
            "_epoch": 7,
            "_heartbeat_interval": 10,
            "_schema_updated": NOW,
            "qmf.agent_capability": 1,
        }
    }
    assert isinstance(message.body, dict)
    values = message.body["_values"]
    assert type(values["_timestamp"]) is ULong
    assert type(values["_epoch"]) is UInt
    assert isinstance(parse_agent_message(through_qpidd(message)), AgentAnnouncement)
