"""How a driver is found, opened and recorded: one ``DriverFactory`` per driver, in the registry's table."""

from __future__ import annotations

from collections.abc import Callable

from hostinfo.groups import GROUPS
from hostinfo.record import record, replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn, Protocol

    from hostinfo.driver import Driver, Monitor
    from hostinfo.errors import HostInfoError

    class ReplyStore(Protocol):
        """The replies of one recording. Names are paths; the first part is the driver's folder."""

        def record(self, name: str, read: Callable[[], bytes]) -> bytes:
            """Call ``read`` and return the result; keep it, or the HostInfoError or OSError, under the name."""
            ...

        def replay(self, name: str) -> bytes:
            """Return the recorded result, or raise the recorded error; ReadError if the name was not recorded."""
            ...

        def has(self, folder: str) -> bool:
            """Return whether any name in the folder was recorded."""
            ...

    class Secrets(Protocol):
        """Replaces what identifies a machine or its owner. One value has one substitute in the whole recording."""

        def uuid(self, text: str, /) -> str:
            """Return the substitute of a UUID."""
            ...

        def mac(self, value: bytes, /) -> bytes:
            """Return the substitute of a hardware address; its vendor part stays."""
            ...

        def ip(self, value: bytes, /, length: int | None = None) -> bytes:
            """Return the substitute of an IPv4 or IPv6 address, or of a network if it has a prefix length."""
            ...

        def token(self, kind: str, value: bytes, /) -> bytes:
            """Return the substitute of a whole secret; the report counts it under this kind ("serial number")."""
            ...

        def text(self, value: bytes, /, *, all_ips: bool = False) -> bytes:
            """Return text in which known secrets and everything in the form of an address are replaced."""
            ...


@record
class RecordingHooks:
    """How a driver takes part in recordings if it reads anything that ``Sources`` do not cover."""

    folder: str
    """First part of the names of its replies, which is their folder in a recording."""
    record: Callable[[DriverFactory, str | None, ReplyStore, Any], DriverFactory | None]
    """Called with its row, the URI that is recorded (None: this machine), the store, and the machine's ``Sources``
    (None: another machine). Returns the row for that URI with an ``open`` that reads through ``ReplyStore.record``
    (see ``DriverFactory.for_recording``), or None if there is nothing to record."""
    replay: Callable[[DriverFactory, ReplyStore, Any], DriverFactory | None]
    """Called with its row, the store and the recorded ``Sources``, if the store has the folder. Returns the row with an
    ``open`` that reads through ``ReplyStore.replay``, or None if another driver recorded the replies."""
    scrub: Callable[[str, bytes, Secrets], bytes] | None = None
    """Called with the name of a reply, the reply, and the secrets; returns the reply without secrets. None: replies are
    text, in which ``Secrets.text`` finds them."""


@record
class DriverFactory:
    """One row of the registry's table. Nothing is opened before a group is read."""

    name: str
    open: Callable[[str | None], Driver | None]
    """Called with ``uri``. Returns None if this is not a machine for the driver; raises Unavailable if it is, and the
    driver cannot be opened. Imports what it needs itself: rows are loaded at every start."""
    groups: frozenset[str] = frozenset(GROUPS)
    """The groups that the driver may offer: it is not opened for others."""
    schemes: tuple[str, ...] = ()
    """URI schemes; ``SCHEME+TRANSPORT`` counts as SCHEME."""
    probe: Callable[[], bool] | None = None
    """Whether to try the driver on this machine when no URI is given, at the cost of a system call. None: never."""
    probed_groups: frozenset[str] | None = None
    """In place of ``groups`` when the driver was probed."""
    local_groups: frozenset[str] | None = None
    """In place of ``groups`` for ``SCHEME:///…``, which names a service of this machine: the probed drivers provide the
    other groups. None: no URI of this driver does."""
    require: Callable[[str], None] | None = None
    """Called when a URI names the driver, before anything is read. Raises Unavailable if this machine is not what the
    URI names, or lacks what the driver needs: the facts of another source would be those of another host."""
    before: str | None = None
    """For a driver of another distribution: the driver that it precedes. None: it follows the built-in ones."""
    monitors: Callable[[str | None], tuple[Callable[[], Monitor], ...]] | None = None
    """Called with ``uri``; returns what opens the monitors of changes, also while the driver cannot be opened. They
    replace the Driver's own."""
    build: Callable[[Any], Driver | None] | None = None
    """Opens the driver over any ``Sources``. A driver that reads nothing else is recorded and replayed by it."""
    recording: RecordingHooks | None = None
    """How the driver is recorded otherwise. Without both, it does not take part in recordings."""
    uri: str | None = None
    """What ``open`` and ``monitors`` are called with; None: this machine."""
    load_error: HostInfoError | None = None
    """Why the row could not be loaded; ``open`` raises it."""

    def is_local(self, uri: str) -> bool:
        """Return whether the URI names a service of this machine."""
        return self.local_groups is not None and any(uri.startswith(f"{scheme}:///") for scheme in self.schemes)

    def for_uri(self, uri: str | None) -> DriverFactory:
        """Return the row for this URI, with the groups that it is opened for there."""
        groups = None
        if uri is None:
            groups = self.probed_groups
        elif self.is_local(uri):
            groups = self.local_groups
        return replace(self, uri=uri, groups=self.groups if groups is None else groups)

    def for_recording(self, uri: str | None, open_driver: Callable[[], Driver | None]) -> DriverFactory:
        """Return the row for this URI, opened by another function and without monitors."""
        return replace(self.for_uri(uri), open=lambda _: open_driver(), monitors=None)


def broken_factory(name: str, error: HostInfoError) -> DriverFactory:
    """Return the row of a driver that could not be loaded: it offers nothing, and opening it raises the error."""

    def open_driver(_uri: str | None) -> NoReturn:
        raise error

    return DriverFactory(name=name, open=open_driver, groups=frozenset(), load_error=error)
