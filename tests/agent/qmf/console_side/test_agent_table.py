"""Which agents a console knows, and when it takes one for lost."""

import pytest

from hostinfo.agent.qmf import AgentAnnouncement, AgentTable, AgentTransition

S = 10**9


def announcement(
    agent: str = "v:p:i", epoch: int = 1, schema_updated: int = 1, interval_s: int = 10
) -> AgentAnnouncement:
    return AgentAnnouncement(
        agent=agent,
        attributes={},
        is_locate_response=False,
        timestamp=0,
        epoch=epoch,
        schema_updated=schema_updated,
        interval_s=interval_s,
        capability=1,
    )


def test_a_heartbeat_means_added_refreshed_restarted_or_schema_changed() -> None:
    table = AgentTable()
    assert table.update(announcement(), 0) is AgentTransition.ADDED
    assert table.update(announcement(), 1) is AgentTransition.REFRESHED
    assert table.update(announcement(schema_updated=2), 2) is AgentTransition.SCHEMA_CHANGED
    assert table.update(announcement(epoch=2, schema_updated=3), 3) is AgentTransition.RESTARTED


@pytest.mark.parametrize(("interval_s", "lost_s"), [(10, 30), (1, 30), (0, 30), (20, 60), (2**40, 3 * 3600)])
def test_an_agent_is_lost_after_three_heartbeats(interval_s: int, lost_s: int) -> None:
    table = AgentTable()
    table.update(announcement(interval_s=interval_s), 0)
    assert table.expire(lost_s * S - 1) == []
    assert [agent.name for agent in table.expire(lost_s * S)] == ["v:p:i"]
    assert len(table) == 0


def test_any_message_of_an_agent_shows_that_it_lives() -> None:
    table = AgentTable()
    table.update(announcement(), 0)
    table.touch("v:p:i", 25 * S)
    table.touch("v:p:unknown", 25 * S)
    assert table.expire(40 * S) == []


def test_invented_agents_do_not_fill_the_memory() -> None:
    table = AgentTable(max_agents=3)
    changes = [table.update(announcement(f"v:p:{number}"), 0) for number in range(5)]
    assert changes == [AgentTransition.ADDED] * 3 + [AgentTransition.IGNORED] * 2
    assert len(table) == len(list(table)) == 3
