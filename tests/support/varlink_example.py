"""A service with methods that reply at once, late, often, and never as declared."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from hostinfo.varlink.activation import listen
from hostinfo.varlink.client import call
from hostinfo.varlink.errors import VarlinkError
from hostinfo.varlink.interface_text import parse_interface
from hostinfo.varlink.limits import Limits
from hostinfo.varlink.server import Server
from hostinfo.varlink.service import Call, Service

DESCRIPTION = """\
# An example.
interface org.example.test

type Point (x: int, y: ?int)

type Color (red, green)

# Returns its parameters.
method Echo(
  # Any text.
  text: string,
  points: ?[]Point,
  named: ?[string]Point,
  color: ?Color,
  number: ?float,
  state: ?object
) -> (text: string, points: ?[]Point, named: ?[string]Point, color: ?Color, number: ?float, state: ?object)

# Replies after this time.
method Sleep(seconds: float) -> ()

# Replies so often, with so many bytes.
method Count(number: int, bytes: int) -> (number: int, text: string)

method Fail() -> ()

method Break() -> ()

method Missing() -> ()

error Failed (detail: string, steps: []string)
"""
INTERFACE = parse_interface(DESCRIPTION)
NAME = INTERFACE.name


class Example:
    """The functions; they keep what was called."""

    def __init__(self) -> None:
        self.service = Service(vendor="oVirt", product="test", version="1", url="https://example.org")
        functions = {
            "Echo": self.echo,
            "Sleep": self.sleep,
            "Count": self.count,
            "Fail": self.fail,
            "Break": self.break_,
        }
        self.service.add(INTERFACE, functions)
        self.called: list[str] = []
        self.sent = 0

    def echo(self, call: Call) -> Mapping[str, Any]:
        self.called.append(call.parameters["text"][:10])
        return call.parameters

    def sleep(self, call: Call) -> Mapping[str, Any]:
        time.sleep(call.parameters["seconds"])
        return {}

    def count(self, call: Call) -> Mapping[str, Any]:
        text = "x" * call.parameters["bytes"]
        for number in range(1, call.parameters["number"]):
            call.reply({"number": number, "text": text})
            self.sent = number
        return {"number": call.parameters["number"], "text": text}

    def fail(self, _: Call) -> Mapping[str, Any]:
        raise VarlinkError(f"{NAME}.Failed", {"detail": "as requested", "steps": ["one"]})

    def break_(self, _: Call) -> Mapping[str, Any]:
        raise KeyError("unexpected")


class Served:
    """A server in a thread."""

    def __init__(self, path: Path, limits: Limits) -> None:
        self.path = str(path)
        self.example = Example()
        self.reports: list[str] = []
        self.server = Server(
            [listen(self.path, 0o666)], self.example.service.call, limits=limits, report=self.reports.append
        )
        self.thread = threading.Thread(target=self.server.run)

    def call(self, method: str, parameters: Mapping[str, Any] | None = None, seconds: float = 5.0) -> dict[str, Any]:
        return call(self.path, f"{NAME}.{method}", parameters or {}, seconds)


@contextmanager
def serve(folder: Path, limits: Limits | None = None) -> Iterator[Served]:
    served = Served(folder / "socket", limits or Limits())
    served.thread.start()
    try:
        yield served
    finally:
        served.server.stop()
        served.thread.join(20)
        assert not served.thread.is_alive()
        served.server.close()


def error_of(served: Served, method: str, parameters: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    with pytest.raises(VarlinkError) as caught:
        call(served.path, method, parameters, 5)
    return caught.value.name, caught.value.parameters
