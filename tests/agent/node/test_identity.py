"""The state folder that keeps the agent's name and epoch."""

import json
from pathlib import Path

import hostinfo
from hostinfo.agent.node.identity import identify
from hostinfo.agent.node.journal import Journal
from hostinfo.agent.node.settings import Settings


class Records(Journal):
    """Keeps the messages instead of writing them."""

    def __init__(self) -> None:
        super().__init__(is_service=False)
        self.texts: list[str] = []

    def log(self, priority: int, text: str, **fields: str) -> None:
        self.texts.append(text)
        super().log(priority, text, **fields)


def test_a_state_folder_that_cannot_be_written_is_logged() -> None:
    records = Records()
    with hostinfo.open() as host:
        identify(Settings(state="/dev/null", instance="x"), host, 1, records)
    assert records.texts == ["/dev/null: name and epoch cannot be kept for the next start: Not a directory"]


def test_the_epoch_counts_the_starts(tmp_path: Path) -> None:
    records = Records()
    with hostinfo.open() as host:
        epochs = [identify(Settings(state=str(tmp_path), instance="x"), host, 1, records).epoch for _ in range(3)]
    assert epochs == [epochs[0], epochs[0] + 1, epochs[0] + 2]
    assert json.loads((tmp_path / "agent.json").read_text())["epoch"] == epochs[2]
    assert records.texts == []
