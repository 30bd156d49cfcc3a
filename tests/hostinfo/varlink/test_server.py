"""The server with clients that behave, and its sockets."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from hostinfo.errors import ReadError
from hostinfo.varlink.activation import listen, passed_sockets
from hostinfo.varlink.client import Client, call
from hostinfo.varlink.limits import Limits
from hostinfo.varlink.server import Server
from tests.support.toy_actions import CHECKOUT
from tests.support.varlink_client import connect, message, read_reply
from tests.support.varlink_example import NAME, Served, error_of, serve


def test_a_call_returns_the_parameters_of_the_method(tmp_path: Path) -> None:
    parameters = {"text": "a\0b\ud800\N{SNOWMAN}", "points": [{"x": 1}], "state": {"deep": [{}]}, "number": 0.5}
    with serve(tmp_path) as served:
        assert served.call("Echo", parameters) == parameters


def test_errors_are_those_of_the_standard_interface(tmp_path: Path) -> None:
    standard = "org.varlink.service"
    with serve(tmp_path) as served:
        assert error_of(served, "org.none.Method", {}) == (f"{standard}.InterfaceNotFound", {"interface": "org.none"})
        assert error_of(served, f"{NAME}.None", {}) == (f"{standard}.MethodNotFound", {"method": f"{NAME}.None"})
        missing = f"{NAME}.Missing"
        assert error_of(served, missing, {}) == (f"{standard}.MethodNotImplemented", {"method": missing})
        assert error_of(served, f"{NAME}.Echo", {"text": 1}) == (f"{standard}.InvalidParameter", {"parameter": "text"})
        assert error_of(served, f"{NAME}.Count", {"number": 3, "bytes": 1}) == (f"{standard}.ExpectedMore", {})
        assert error_of(served, f"{NAME}.Fail", {}) == (f"{NAME}.Failed", {"detail": "as requested", "steps": ["one"]})
        assert error_of(served, "method", {}) == (f"{standard}.InterfaceNotFound", {"interface": ""})
        name, _ = error_of(served, f"{NAME}.Break", {})
        assert name == "org.varlink.service.InternalError"
        assert served.reports == [f"{NAME}.Break: internal error: KeyError: 'unexpected'"]


def test_a_call_with_more_has_several_replies(tmp_path: Path) -> None:
    with serve(tmp_path) as served, Client(served.path, 5) as client:
        client.send(f"{NAME}.Count", {"number": 3, "bytes": 1}, more=True)
        assert [reply["number"] for reply in client.replies(5)] == [1, 2, 3]
        client.send(f"{NAME}.Echo", {"text": "one reply"}, more=True)
        assert list(client.replies(5)) == [{"text": "one reply"}]


def test_a_oneway_call_has_no_reply_not_even_an_error(tmp_path: Path) -> None:
    with serve(tmp_path) as served, connect(served) as client:
        client.sendall(message("Echo", parameters={"text": "silent"}, oneway=True))
        client.sendall(message("Fail", oneway=True) + message("Break", oneway=True) + message("None", oneway=True))
        client.sendall(message("Echo", parameters={"text": "loud"}))
        assert read_reply(client) == {"parameters": {"text": "loud"}}
        assert served.example.called == ["silent", "loud"]


def test_calls_of_one_client_are_replied_in_their_order(tmp_path: Path) -> None:
    with serve(tmp_path) as served, connect(served) as client:
        slow = message("Sleep", parameters={"seconds": 0.2})
        client.sendall(slow + b"".join(message("Echo", parameters={"text": str(one)}) for one in range(50)))
        assert read_reply(client) == {"parameters": {}}
        assert [read_reply(client)["parameters"]["text"] for _ in range(50)] == [str(one) for one in range(50)]


def test_a_client_that_sends_no_more_gets_its_reply(tmp_path: Path) -> None:
    with serve(tmp_path) as served, connect(served) as client:
        client.sendall(message("Sleep", parameters={"seconds": 0.2}) + message("Echo", parameters={"text": "last"}))
        client.shutdown(socket.SHUT_WR)
        assert read_reply(client) == {"parameters": {}}
        assert read_reply(client) == {"parameters": {"text": "last"}}
        assert read_reply(client) is None


def test_an_upgrade_is_refused(tmp_path: Path) -> None:
    with serve(tmp_path) as served, connect(served) as client:
        client.sendall(message("Echo", parameters={"text": "x"}, upgrade=True))
        found = read_reply(client)
        assert (found["error"], found["parameters"]) == (
            "org.varlink.service.InvalidParameter", {"parameter": "upgrade"}
        )  # fmt: skip
        assert served.example.called == []


def test_a_server_without_clients_ends_after_its_time(tmp_path: Path) -> None:
    path = str(tmp_path / "socket")
    served = Served(tmp_path / "socket2", Limits())
    server = Server([listen(path)], served.example.service.call)
    needed = [True]
    begin = time.monotonic()
    thread = threading.Thread(target=server.run, args=(0.5, lambda: needed[0]))
    thread.start()
    call(path, f"{NAME}.Sleep", {"seconds": 1.0}, 5)  # a call is no idle time
    time.sleep(1.2)
    assert thread.is_alive()  # something needs it
    needed[0] = False
    thread.join(5)
    assert not thread.is_alive()
    assert time.monotonic() - begin > 2.2
    server.close()
    served.server.close()


def test_stop_lets_a_call_end(tmp_path: Path) -> None:
    with serve(tmp_path) as served, connect(served) as client:
        client.sendall(message("Sleep", parameters={"seconds": 0.5}))
        time.sleep(0.2)
        served.server.stop()
        assert read_reply(client) == {"parameters": {}}
        served.thread.join(5)
        assert not served.thread.is_alive()
        with pytest.raises(ConnectionRefusedError):
            served.call("Echo", {"text": "late"})


def test_a_socket_in_use_is_not_taken_over_and_one_that_was_left_is(tmp_path: Path) -> None:
    path = str(tmp_path / "socket")
    first = listen(path, 0o640)
    assert os.stat(path).st_mode & 0o777 == 0o640
    with pytest.raises(ReadError, match="Address already in use"):
        listen(path)
    first.close()
    listen(path).close()
    (tmp_path / "file").write_text("precious")
    with pytest.raises(ReadError, match="File exists"):
        listen(str(tmp_path / "file"))
    assert (tmp_path / "file").read_text() == "precious"


PASSED = """
import os, socket, sys
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])
if sys.argv[2] == "listening":
    listener.listen()
os.dup2(listener.fileno(), 3)
os.set_inheritable(3, True)
os.environ |= {"LISTEN_FDS": "1", "LISTEN_PID": str(os.getpid()) if sys.argv[3] == "own" else "1"}
code = '''
import os
from hostinfo.varlink.activation import passed_sockets
from hostinfo.errors import ReadError
try:
    found = passed_sockets()
    print([one.getsockname() for one in found], os.get_inheritable(3), "LISTEN_FDS" in os.environ)
except ReadError as error:
    print(error)
'''
os.execv(sys.executable, [sys.executable, "-c", code])
"""


@pytest.mark.parametrize(
    ("state", "pid", "output"),
    [
        ("listening", "own", "['{path}'] False False"),
        ("listening", "other", "[] True False"),
        ("bound", "own", "descriptor 3 of LISTEN_FDS: expected a Unix socket that listens; use "),
    ],
)
def test_sockets_of_systemd_are_taken(tmp_path: Path, state: str, pid: str, output: str) -> None:
    path = str(tmp_path / "socket")
    line = [sys.executable, "-c", PASSED, path, state, pid]
    done = subprocess.run(line, capture_output=True, text=True, check=True, cwd=CHECKOUT, timeout=30)
    assert done.stdout.startswith(output.format(path=path))
    assert passed_sockets() == []


def test_a_service_that_hangs_is_not_waited_for(tmp_path: Path) -> None:
    with listen(str(tmp_path / "socket")), pytest.raises(TimeoutError):  # no one accepts
        call(str(tmp_path / "socket"), f"{NAME}.Echo", {}, 0.3)
