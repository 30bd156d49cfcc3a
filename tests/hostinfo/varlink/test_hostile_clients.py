"""The server with clients that do not behave: none holds up another, or takes what is kept for root."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from hostinfo.varlink.client import Client
from hostinfo.varlink.errors import Disconnected
from hostinfo.varlink.limits import Limits
from tests.support.actions_service import open_folder
from tests.support.varlink_client import connect, message, read_reply
from tests.support.varlink_example import NAME, error_of, serve

# The tests run as root or as a user; both have the same small limits here.
SMALL = Limits(
    message_bytes=10_000,
    stream_bytes=20_000,
    clients=6,
    clients_per_user=6,
    root_clients=6,
    calls=4,
    calls_per_user=4,
    message_seconds=0.5,
    reply_seconds=1.0,
    silence_seconds=2.0,
)


@pytest.mark.parametrize(
    "data",
    [
        b"\0",
        b"\0\0\0",
        b"hello\0",
        b"[]\0",
        b'"method"\0',
        b"{}\0",
        b'{"method": 1}\0',
        b'{"method": null}\0',
        b'{"method": "a.B", "parameters": []}\0',
        b'{"method": "a.B", "more": 1}\0',
        b'{"method": "a.B", "more": true, "oneway": true}\0',
        b'{"method": "a.B", "other": true}\0',
        b'{"method": "a.B", "parameters": {"x": ' + b"1" * 500 + b"}}\0",
        b'{"method": "a.B", "parameters": ' + b'{"x":' * 1000 + b"1" + b"}" * 1001 + b"\0",
        b'{"method": "a.B", "parameters": {"x": ' + b"[" * 4000 + b"]" * 4000 + b"}}\0",
        b'{"method": "' + b"a" * 5000 + b'.B"}\0',
        b'{"method": "a.B\0"}\0',
        b'{"method": "\xff"}\0',
        b"\xef\xbb\xbf{}\0",
        b"GET / HTTP/1.1\r\n\r\n\0",
    ],
)
def test_a_client_that_does_not_speak_varlink_is_disconnected(tmp_path: Path, data: bytes) -> None:
    with serve(tmp_path, SMALL) as served, connect(served) as client:
        client.sendall(data)
        assert read_reply(client) is None
        assert served.call("Echo", {"text": "others"}) == {"text": "others"}
        assert len(served.reports) >= 1


def test_a_line_without_end_is_not_kept(tmp_path: Path) -> None:
    """1 GB is sent: the server stops to read at its limit, and its memory does not grow."""
    with serve(tmp_path) as served, connect(served) as client:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        block, sent = b"x" * 2**20, 0
        with suppress(ConnectionError):
            while sent < 2**30:
                sent += client.send(block)
        assert sent < 4 * 2**20
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000  # KiB
        assert served.call("Echo", {"text": "others"}) == {"text": "others"}


def test_half_a_message_is_not_waited_for(tmp_path: Path) -> None:
    with serve(tmp_path, SMALL) as served, connect(served) as client:
        client.sendall(b'{"method": "org.exa')
        begin = time.monotonic()
        assert read_reply(client) is None
        assert 0.4 < time.monotonic() - begin < 3
        with connect(served) as other:  # a byte now and then is no progress
            for _ in range(20):
                try:
                    other.sendall(b"{")
                except BrokenPipeError:
                    break
                time.sleep(0.1)
            else:
                pytest.fail("a client that sends a byte now and then stays connected")


def test_a_client_that_is_silent_is_disconnected(tmp_path: Path) -> None:
    with serve(tmp_path, SMALL) as served, connect(served) as client:
        begin = time.monotonic()
        assert read_reply(client) is None
        assert 1.5 < time.monotonic() - begin < 4
        assert served.reports == []


def test_a_slow_reader_holds_no_other_client_up(tmp_path: Path) -> None:
    with serve(tmp_path, SMALL) as served, connect(served) as slow, connect(served) as stream:
        slow.sendall(message("Count", parameters={"number": 1, "bytes": 4_000_000}))
        stream.sendall(message("Count", parameters={"number": 1_000_000, "bytes": 1000}, more=True))
        for _ in range(20):
            begin = time.monotonic()
            assert served.call("Echo", {"text": "others"}) == {"text": "others"}
            assert time.monotonic() - begin < 0.5
        time.sleep(1.5)
        assert [report.partition(": ")[2] for report in served.reports] == ["disconnected, too slow"] * 2
        sent = served.example.sent
        assert sent < 2000  # the method waits for its client
        time.sleep(0.2)
        assert served.example.sent == sent  # and has ended with it
        assert served.call("Echo", {"text": "others"}) == {"text": "others"}


def test_a_stream_ends_with_its_client(tmp_path: Path) -> None:
    with serve(tmp_path) as served:
        with Client(served.path, 5) as client:
            client.send(f"{NAME}.Count", {"number": 10**9, "bytes": 10}, more=True)
            client.receive(5)
        deadline = time.monotonic() + 5
        while served.server._running.total() and time.monotonic() < deadline:
            time.sleep(0.02)
        assert not served.server._running.total()


def test_a_thousand_connections_leave_room_for_root(tmp_path: Path) -> None:
    """Of one user at most the limit is connected; each further one is closed at once."""
    with serve(tmp_path, Limits(clients_per_user=16, root_clients=16)) as served:
        clients = []
        try:
            for _ in range(1000):
                client = connect(served)
                clients.append(client)
                client.setblocking(False)
            deadline = time.monotonic() + 5
            closed: set[int] = set()
            while len(closed) < 984 and time.monotonic() < deadline:
                for number, client in enumerate(clients):
                    try:
                        if number not in closed and client.recv(1) == b"":
                            closed.add(number)
                    except BlockingIOError:
                        pass
                    except ConnectionError:
                        closed.add(number)
            assert len(closed) == 984
        finally:
            for client in clients:
                client.close()
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            try:
                assert served.call("Echo", {"text": "later"}) == {"text": "later"}
                break
            except Disconnected:
                time.sleep(0.05)
        else:
            pytest.fail("no connection is accepted after the others were closed")


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="needs root: becomes another user")
def test_clients_of_other_users_take_no_place_of_root() -> None:
    flood = (
        "import os, socket, sys, time\nos.setgroups([]); os.setgid(int(sys.argv[2])); os.setuid(int(sys.argv[2]))\n"
        "held = []\n"
        "for _ in range(100):\n"
        "    held.append(socket.socket(socket.AF_UNIX)); held[-1].connect(sys.argv[1]); held[-1].send(b'{')\n"
        "print('connected', flush=True); time.sleep(60)\n"
    )
    with open_folder() as folder, serve(folder) as served:
        processes = [
            subprocess.Popen([sys.executable, "-c", flood, served.path, str(uid)], stdout=subprocess.PIPE)
            for uid in (60001, 60002, 60003, 60004, 60005)
        ]
        try:
            time.sleep(1)
            assert served.call("Echo", {"text": "root"}) == {"text": "root"}
            uids = [one.peer.uid for one in served.server._connections.values() if one.peer.uid]
            assert len(uids) <= 64
            assert all(uids.count(uid) <= 16 for uid in set(uids))
        finally:
            for process in processes:
                process.kill()
                process.communicate()


def test_calls_of_one_user_are_limited(tmp_path: Path) -> None:
    """Eight calls of half a second, four at a time, take one second."""
    limits = Limits(calls_per_user=4)
    with serve(tmp_path, limits) as served:
        begin = time.monotonic()
        threads = [threading.Thread(target=served.call, args=("Sleep", {"seconds": 0.5})) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert 0.9 < time.monotonic() - begin < 3


def test_what_is_held_of_all_clients_is_limited(tmp_path: Path) -> None:
    limits = Limits(held_bytes=6_000_000)
    with serve(tmp_path, limits) as served:
        clients = [connect(served) for _ in range(4)]
        for number, client in enumerate(clients):
            client.sendall(message("Count", parameters={"number": 1, "bytes": 2_000_000 + 100_000 * number}))
        deadline = time.monotonic() + 5
        while not served.reports and time.monotonic() < deadline:
            time.sleep(0.02)
        assert "disconnected, it holds" in served.reports[0]
        assert served.call("Echo", {"text": "others"}) == {"text": "others"}
        for client in clients:
            client.close()


def test_a_reply_that_is_too_long_is_an_error(tmp_path: Path) -> None:
    with serve(tmp_path, Limits(reply_bytes=1000)) as served:
        name, parameters = error_of(served, f"{NAME}.Count", {"number": 1, "bytes": 1000})
        assert (name, parameters["detail"]) == ("org.varlink.service.InternalError", "a reply of more than 1000 bytes")
