"""The rtnetlink dump socket, against replies that netlink(7) allows and against this kernel."""

import errno
import os
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hostinfo.drivers.sources.netlink.dump_socket import REQUESTS, ReceiveOverrun, collect, dump
from hostinfo.drivers.sources.netlink.message import dump_payloads, is_interrupted
from hostinfo.errors import HostInfoError, ParseError, ReadError

DONE, ERROR, OVERRUN, LINK = 3, 2, 4, 16
NLM_F_DUMP_INTR = 0x10


def message(kind: int, payload: bytes, *, flags: int = 2, sequence: int = 7, port: int = 99) -> bytes:
    body = payload + bytes(-len(payload) % 4)
    return struct.pack("=IHHII", 16 + len(payload), kind, flags, sequence, port) + body


def replies(*datagrams: bytes) -> Callable[[], bytes]:
    queue: Iterator[bytes] = iter(datagrams)
    return lambda: next(queue)


END = message(DONE, bytes(4))


def gathered(*datagrams: bytes) -> tuple[bytes, bool]:
    return collect(replies(*datagrams), 7, 99, "netlink links")


def test_a_dump_of_several_datagrams_is_one_sequence_of_messages_with_its_end() -> None:
    first, second, third = message(LINK, b"a" * 16), message(LINK, b"b" * 21), message(LINK, b"c" * 16)
    assert gathered(first + second, third + END) == (first + second + third + END, False)


@pytest.mark.parametrize("foreign", [{"sequence": 6}, {"port": 98}])
def test_messages_for_another_request_are_dropped(foreign: dict[str, int]) -> None:
    own = message(LINK, b"mine" * 4)
    others = message(LINK, b"not!" * 4, **foreign) + message(DONE, bytes(4), **foreign)
    assert gathered(others, own, END)[0] == own + END


def test_a_change_during_the_dump_is_detected_and_recorded_in_the_messages() -> None:
    data, is_changed = gathered(message(LINK, bytes(16)), message(LINK, bytes(16), flags=2 | NLM_F_DUMP_INTR), END)
    assert is_changed
    assert is_interrupted(data)


def test_a_refused_request_is_a_read_error_with_its_errno() -> None:
    with pytest.raises(ReadError, match="netlink links: Operation not permitted") as caught:
        gathered(message(ERROR, struct.pack("=i", -errno.EPERM) + bytes(16)))
    assert caught.value.errno == errno.EPERM


def test_a_dump_that_ends_with_an_error_is_a_read_error() -> None:
    with pytest.raises(ReadError):
        gathered(message(LINK, bytes(16)), message(DONE, struct.pack("=i", -errno.ENOMEM)))


def test_an_overrun_message_raises_receive_overrun() -> None:
    with pytest.raises(ReceiveOverrun):
        gathered(message(LINK, bytes(16)), message(OVERRUN, b""), END)


@pytest.mark.parametrize("cut", range(1, 52))
def test_a_truncated_datagram_is_a_parse_error_or_waits_for_the_rest(cut: int) -> None:
    whole = message(LINK, bytes(16)) + END
    with pytest.raises((ParseError, StopIteration)):
        gathered(whole[:cut] if cut < len(whole) else whole[:-1])


def test_a_recorded_dump_without_its_end_is_a_parse_error() -> None:
    with pytest.raises(ParseError, match="truncated dump"):
        dump_payloads(message(LINK, bytes(16)), LINK, "netlink links")


@given(st.binary(max_size=400))
def test_any_datagram_gives_a_dump_or_a_hostinfo_error(data: bytes) -> None:
    try:
        collected, _ = collect(replies(data, END), 7, 99, "netlink links")
    except (HostInfoError, ReceiveOverrun, StopIteration):
        return
    assert collected.endswith(END) or len(collected) <= len(data)


@pytest.mark.parametrize("name", sorted(REQUESTS))
def test_this_kernel_answers_every_dump(name: str) -> None:
    data = dump(name)
    assert dump_payloads(data, {"links": 16, "counters": 16, "addresses": 20}.get(name, 24), name) is not None


REFUSED = """
import sys
sys.path[:0] = {path!r}
from hostinfo.drivers.sources.netlink import dump_socket
def refuse(*_):
    raise PermissionError(1, "Operation not permitted")
dump_socket.socket = refuse
from hostinfo.drivers.sysfs import network
from hostinfo.drivers.sources.sources import Sources
from hostinfo.drivers.sources.tree import Tree
result = network.read(Sources(tree=Tree("/"), netlink=dump_socket.dump), None)
print(sorted({{link.name for link in result.value.links}}))
print(sorted({{problem.path for problem in result.problems}}), file=sys.stderr)
"""


def test_where_netlink_is_refused_links_are_read_from_sysfs_and_the_problem_is_reported() -> None:
    run = subprocess.run(
        [sys.executable, "-c", REFUSED.format(path=sys.path)], capture_output=True, text=True, check=True
    )
    names = [name for name in sorted(os.listdir("/sys/class/net")) if os.path.isdir(f"/sys/class/net/{name}")]
    assert run.stdout.strip() == str(names)
    assert run.stderr.strip() == "['addresses', 'links', 'routes']"
