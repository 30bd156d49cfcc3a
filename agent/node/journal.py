"""The agent's log messages and audit records."""

from hostinfo.lowlevel import journald
from hostinfo.lowlevel.journald import ERROR, INFO, NOTICE, SOCKET, WARNING

__all__ = ["ERROR", "INFO", "NOTICE", "WARNING", "Journal"]


class Journal(journald.Journal):
    """Writes them under the name of the agent."""

    def __init__(self, path: str = SOCKET, *, is_service: bool | None = None) -> None:
        super().__init__("hostinfo-agent", path, is_service=is_service)
