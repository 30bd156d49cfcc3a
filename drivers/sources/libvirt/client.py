"""A libvirt daemon that is asked by name, each question under a deadline that really ends the wait.

libvirt's calls block in C and can't be cancelled, so they run in a thread that is left behind when the time is up; it
ends by itself when the daemon answers or dies. All questions of one round (one dump) share one deadline; only the
capabilities, for which a daemon may have to start QEMU once, have a larger one of their own.
"""

import contextlib
import os
import threading
import time
import weakref
from collections.abc import Callable
from errno import ECONNRESET, ETIMEDOUT
from importlib import import_module

from hostinfo.errors import HostInfoError, ReadError, Unavailable, Unsupported

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    import libvirt

Answer = object
"""Text, a number, or a list or dictionary of such: what JSON can hold, so that it can be recorded."""

DEADLINE_SECONDS = 5.0
CAPABILITIES_SECONDS = 20.0
ANSWER_LIMIT = 16 * 1024 * 1024
"""Most characters of an answer; capabilities of a big host have 300,000."""
_STUCK_LIMIT = 4
"""Threads that may wait for silent daemons; beyond, the daemon is not asked again until one of them returns."""

# virErrorNumber: numbers of libvirt's stable interface, spelled out so that nothing is imported to name them
_NO_SUPPORT = frozenset({3, 67})  # this driver lacks the call; this host lacks what it would tell
_CONNECTION_LOST = frozenset(
    {1, 5, 6, 7, 38, 39}
)  # internal, no connect, invalid connection, invalid argument, system, RPC


class Replies:
    """A daemon's answers from elsewhere: listened to, or recorded."""

    def __init__(self, ask: "Callable[[str], Answer]") -> None:
        self.ask = ask

    def start_snapshot(self) -> None:
        """What was recorded does not change."""

    def close(self) -> None:
        """Nothing is open."""


class Daemon:
    """One connection, read-only, opened when it is first asked and again after it broke."""

    def __init__(self, uri: str, deadline_seconds: float | None = None) -> None:
        self.uri = uri
        self._deadline_seconds = deadline_seconds or _configured_deadline()
        self._connection: Any = None
        self._farewell: weakref.finalize[Any, Any] | None = None
        self._is_proven = False
        self._round_ends: float | None = None
        self._failure: HostInfoError | None = None
        self._stuck: list[threading.Thread] = []
        self._answers: dict[str, Answer] = {}

    def start_snapshot(self) -> None:
        """A new round begins: the deadline starts anew, what was answered is forgotten, a failure is forgiven."""
        self._round_ends = None
        self._failure = None
        self._is_proven = False
        self._answers.clear()

    def ask(self, question: str) -> Answer:
        """The answer to one question (see ``QUESTIONS``); each is asked once a round.

        Raises Unsupported where this kind of daemon can't answer it, Unavailable where there is no daemon, ReadError
        where it failed or did not answer in time; after that it is not asked again in this round.
        """
        if question not in self._answers:
            if self._failure is not None:
                raise self._failure
            source = f"{self.uri} {question}"
            try:
                answer = self._put(question, source)
            except ReadError:
                if self._connection is not None or self._is_proven or self._failure is None or self._stuck:
                    raise
                self._failure = None  # a connection of an earlier round, whose daemon was restarted meanwhile
                answer = self._put(question, source)
            if isinstance(answer, str) and len(answer) > ANSWER_LIMIT:
                raise ReadError(source, f"longer than {ANSWER_LIMIT} characters")
            self._answers[question] = answer
        return self._answers[question]

    def _put(self, question: str, source: str) -> "Any":
        if self._connection is None:
            self._connection = self._within(self._time_left(), _opened, self.uri, self.uri)
            self._farewell = weakref.finalize(self, let_go, self._connection)
            self._is_proven = True
        left = self._time_left()
        limit = CAPABILITIES_SECONDS if question == "capabilities" and left > 0 else left
        answer = self._within(limit, QUESTIONS[question], self._connection, source)
        self._is_proven = True
        if question == "capabilities":
            self._round_ends = time.monotonic() + left  # its own deadline does not eat into the others'
        return answer

    def close(self) -> None:
        """Let the connection go; that it is closed is not waited for."""
        let_go(self._leave_connection())

    def _leave_connection(self) -> object:
        connection, self._connection = self._connection, None
        if self._farewell is not None:
            self._farewell.detach()
        return connection

    def _time_left(self) -> float:
        now = time.monotonic()
        if self._round_ends is None:
            self._round_ends = now + self._deadline_seconds
        return max(self._round_ends - now, 0.0)

    def _within(self, seconds: float, call: "Callable[[Any], Any]", argument: object, source: str) -> "Any":
        self._stuck = [thread for thread in self._stuck if thread.is_alive()]
        if seconds <= 0:
            why = f"not asked: the deadline of {self._deadline_seconds:.1f} s is spent"
            raise self._failed(ReadError(source, why, ETIMEDOUT))
        if len(self._stuck) >= _STUCK_LIMIT:
            why = f"{len(self._stuck)} earlier questions are still without an answer"
            raise self._failed(ReadError(source, why, ETIMEDOUT))
        asked = _Call(call, argument, f"libvirt {source}")
        asked.start()
        if not asked.is_answered(seconds):
            self._stuck.append(asked)
            self._leave_connection()  # to the call: it is in use until that returns
            raise self._failed(ReadError(source, f"no answer within {seconds:.1f} s", ETIMEDOUT))
        if asked.error is not None:
            raise self._mapped(asked.error, source) from asked.error
        return asked.answer

    def _mapped(self, error: BaseException, source: str) -> HostInfoError:
        if isinstance(error, HostInfoError):
            return self._failed(error)
        code = getattr(error, "get_error_code", lambda: None)()
        if code is None and not isinstance(error, OSError):
            return ReadError(source, f"{type(error).__name__}: {error}")
        if code in _NO_SUPPORT:
            return Unsupported(source, f"this libvirt driver has no answer: {error}")
        if self._connection is None:
            return self._failed(Unavailable(source, str(error)))
        if code in _CONNECTION_LOST:
            self.close()
            return self._failed(ReadError(source, str(error), ECONNRESET))
        return ReadError(source, str(error))

    def _failed(self, error: HostInfoError) -> HostInfoError:
        self._failure = error
        return error


def _configured_deadline() -> float:
    """HOSTINFO_DEADLINE_SECONDS, where it is a positive number."""
    try:
        seconds = float(os.environ.get("HOSTINFO_DEADLINE_SECONDS", ""))
    except ValueError:
        return DEADLINE_SECONDS
    return seconds if 0 < seconds < 3600 else DEADLINE_SECONDS


class _Call(threading.Thread):
    """One call of libvirt's; when nobody waits for it any more, it closes the connection that it used or made.

    Nobody else may: libvirt's binding does not hold on to a connection during a call, so that one that is closed
    meanwhile is freed under it.
    """

    def __init__(self, call: "Callable[[Any], Any]", argument: object, name: str) -> None:
        super().__init__(name=name, daemon=True)
        self.answer: Any = None
        self.error: BaseException | None = None
        self._call, self._argument = call, argument
        self._done = threading.Condition()
        self._is_done = self._is_late = False

    def run(self) -> None:
        """Make it."""
        try:
            self.answer = self._call(self._argument)
        except BaseException as error:
            self.error = error
        with self._done:
            self._is_done = True
            self._done.notify()
            is_late = self._is_late
        if is_late:
            let_go(self._argument)
            let_go(self.answer)
        self._argument = None

    def is_answered(self, seconds: float) -> bool:
        """Wait so long for it; where that was too short it is late."""
        with self._done:
            self._is_late = not self._done.wait_for(lambda: self._is_done, seconds)
            return not self._is_late


def let_go(connection: object) -> None:
    """Close a connection in a thread of its own, for closing asks the daemon and may wait for ever.

    The handle is taken out of libvirt's object first: else whoever happens to drop the last reference to it, an
    exception's traceback or the interpreter at its end, would close it, and hang.
    """
    handle = getattr(connection, "_o", None)
    if handle is None or type(connection).__name__ != "virConnect":
        return
    connection._o = None  # type: ignore[attr-defined]  # noqa: SLF001 - there is no other way to keep __del__ from it
    with contextlib.suppress(RuntimeError):  # no thread is started any more when the interpreter ends
        threading.Thread(target=_close, args=(handle,), daemon=True, name="libvirt close").start()


def connect(uri: str) -> "libvirt.virConnect":
    """A read-only connection; blocks for as long as the daemon likes. libvirtError, or Unavailable without libvirt."""
    try:
        import libvirt
    except ImportError as error:
        raise Unavailable(uri, f"{error}; install hostinfo[libvirt] or python3-libvirt") from error
    libvirt.registerErrorHandler(_silent, None)  # libvirt prints errors to stderr otherwise, beside raising them
    if "+ssh:" in uri and "no_tty=" not in uri:
        uri += ("&" if "?" in uri else "?") + "no_tty=1"  # a question for a password would wait for ever
    return libvirt.openReadOnly(uri)


def _opened(uri: str) -> "libvirt.virConnect":
    from .event_loop import keep_alive

    connection = connect(uri)
    keep_alive(connection)
    return connection


def _silent(_context: object, _error: object) -> None:
    """The same error is raised as an exception."""


def _close(handle: object) -> None:
    libvirtmod = import_module("libvirtmod")
    with contextlib.suppress(Exception):  # nothing more is wanted of it
        libvirtmod.virConnectClose(handle)


def _domains(connection: "libvirt.virConnect") -> Answer:
    rows = []
    for domain in connection.listAllDomains(0):
        try:
            state, maximum_kib, memory_kib, vcpus, cpu_nanoseconds = domain.info()
            row = {"name": domain.name(), "uuid": domain.UUIDString(), "id": domain.ID(), "state": state}
        except Exception as error:
            if getattr(error, "get_error_code", lambda: None)() == 42:  # VIR_ERR_NO_DOMAIN: it ended meanwhile
                continue
            raise
        row |= {
            "maximum_kib": maximum_kib,
            "memory_kib": memory_kib,
            "vcpus": vcpus,
            "cpu_nanoseconds": cpu_nanoseconds,
        }
        rows.append(row)
    return rows


def _domain_0_nanoseconds(connection: "libvirt.virConnect") -> Answer:
    return connection.lookupByID(0).info()[4]


def _cells_free(connection: "libvirt.virConnect") -> Answer:
    return connection.getCellsFreeMemory(0, max(connection.getInfo()[4], 1))


def _net_devices(connection: "libvirt.virConnect") -> Answer:
    return [device.XMLDesc(0) for device in connection.listAllDevices(1 << 4)]  # VIR_CONNECT_LIST_NODE_DEVICES_CAP_NET


QUESTIONS: "dict[str, Callable[[Any], Any]]" = {
    "info": lambda connection: connection.getInfo(),
    "capabilities": lambda connection: connection.getCapabilities(),
    "sysinfo": lambda connection: connection.getSysinfo(),
    "hostname": lambda connection: connection.getHostname(),
    "type": lambda connection: connection.getType(),
    "version": lambda connection: connection.getVersion(),
    "free-memory": lambda connection: connection.getFreeMemory(),
    "cells-free-memory": _cells_free,
    "memory-stats": lambda connection: connection.getMemoryStats(-1),
    "cpu-stats": lambda connection: connection.getCPUStats(-1),
    "domains": _domains,
    "domain-0-cpu": _domain_0_nanoseconds,
    "net-devices": _net_devices,
}
"""What a daemon can be asked, by name: the names under which a recorded machine keeps the answers."""
