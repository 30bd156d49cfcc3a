"""What was read about one link, before the stack is resolved and the link built."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class LinkRecord:
    """Facts of a link by the names of the model's fields; neighbours by their names.

    Mutable on purpose: netlink, sysfs and ethtool add to it, then the model's Link is built once.
    """

    __slots__ = ("bond", "bridge", "controller", "facts", "index", "is_lower_elsewhere", "lower", "name", "peer")

    def __init__(self, name: str, index: int | None, facts: "dict[str, Any]") -> None:
        self.name = name
        self.index = index
        self.facts = facts
        self.controller: str | None = None
        self.lower: tuple[str, ...] = ()
        self.peer: str | None = None
        self.is_lower_elsewhere = False
        self.bond: dict[str, Any] | None = None
        self.bridge: dict[str, Any] | None = None
