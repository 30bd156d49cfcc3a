"""Which agents a console knows, and when one counts as lost."""

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


def test_an_announcement_adds_refreshes_restarts_or_changes_the_schema() -> None:
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


def test_any_message_of_an_agent_delays_its_expiry() -> None:
    table = AgentTable()
    table.update(announcement(), 0)
    table.touch("v:p:i", 25 * S)
    table.touch("v:p:unknown", 25 * S)
    assert table.expire(40 * S) == []


def test_the_number_of_agents_is_bounded() -> None:
    table = AgentTable(max_agents=3)
    changes = [table.update(announcement(f"v:p:{number}"), 0) for number in range(5)]
    assert changes == [AgentTransition.ADDED] * 3 + [AgentTransition.IGNORED] * 2
    assert len(table) == len(list(table)) == 3
