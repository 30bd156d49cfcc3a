"""One link as read, before its neighbours are resolved and the model's ``Link`` is built."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class LinkRecord:
    """Facts of a link by the names of the model's fields, and the names of its neighbours.

    Mutable: netlink, sysfs and ethtool add facts, then the model's ``Link`` is built once.
    """

    __slots__ = (
        "bond", "bridge", "controller", "facts", "index", "is_lower_elsewhere", "lower", "name", "parent", "parent_bus",
        "peer", "ports",
    )  # fmt: skip

    def __init__(self, name: str, index: int | None, facts: dict[str, Any]) -> None:
        self.name = name
        self.index = index
        self.facts = facts
        self.controller: str | None = None
        self.lower: tuple[str, ...] = ()
        self.peer: str | None = None
        self.ports: tuple[str, ...] = ()  # as a list of ports has them; more follow from ``controller`` of others
        self.parent: str | None = None  # the device behind the link, as netlink names it
        self.parent_bus: str | None = None
        self.is_lower_elsewhere = False
        self.bond: dict[str, Any] | None = None
        self.bridge: dict[str, Any] | None = None
