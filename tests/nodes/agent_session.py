"""A console session with the agent of a running node, over TLS from outside of it, while the node changes.

Everything received is kept in session.json; test_agent.py checks it.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
import traceback
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from hostinfo.agent.console import AgentChange, Console
from hostinfo.agent.qmf import Event, Indication, Query
from hostinfo.agent.transport import TransportOptions, open_transport

from .agent_package import ALLOW_CALLS, ALLOW_HYPERCALLS, INSTALL, PACKAGING, AgentPackage
from .file_access import LIST_OPENED, LIST_RESTRICTED, MAKE_SECRETS
from .settings import SLOWDOWN
from .steps import KILL_LIBVIRT, START_LIBVIRT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .shape import Shape

CLASSES = ("ovirtNode", "processor", "numaNode", "networkInterface", "networkAddress", "hostStatistics")
AGENT_PORT = 5671
LIMIT_SECONDS = 150 * SLOWDOWN  # a second on hardware may be a minute under emulation
STATE = "ActiveState,SubState,Result,ExecMainStatus,NRestarts,MemoryPeak,MemoryCurrent,CPUUsageNSec,StatusText,"
STATE += "WatchdogTimestampMonotonic,ActiveEnterTimestampMonotonic,User"
SHOW = f"systemctl show hostinfo-agent -p {STATE}"


@dataclass(slots=True, kw_only=True)
class Received:
    """What a session received from the node."""

    agents: list[dict[str, Any]] = field(default_factory=list)
    objects: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    command: list[dict[str, Any]] = field(default_factory=list)
    """Output of `hostinfo console --json get ovirtNode`."""
    calls: dict[str, str] = field(default_factory=dict)
    """When -> the result of a call of ovirtNode.echo, or the error."""
    events: list[dict[str, Any]] = field(default_factory=list)
    commands: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Name -> status, out and err of a shell command in the node."""
    seconds: dict[str, float] = field(default_factory=dict)
    failure: str = ""


class AgentSession:
    """The session with one node. Made before the node boots, because the certificates are in its share."""

    def __init__(self, shape: Shape, port: int, scratch: Path) -> None:
        self._shape, self._url = shape, f"amqps://localhost:{port}"
        self._received = Received()
        self._number = 0
        self.package = AgentPackage(scratch)

    def __call__(self, share: Path, keep: Path) -> None:
        """Run the session; whatever happens, write session.json and let the node go on."""
        self._share = share
        try:
            self._install()
            with Console(open_transport(self._options())) as console:
                self._query(console)
            self._stop()
        except Exception:
            self._received.failure = traceback.format_exc()
        finally:
            (keep / "session.json").write_text(json.dumps(asdict(self._received), default=str, indent=1))
            with suppress(FileNotFoundError):  # the node is off, and its share removed
                (share / "session-ends").touch()

    def _options(self) -> TransportOptions:
        package = self.package
        return TransportOptions(
            urls=(self._url,), ca=str(package.ca), certificate=package.console_certificate, key=package.console_key
        )

    def _install(self) -> None:
        (self._share / "install.sh").write_text(INSTALL)
        self._run("install", "sh /mnt/install.sh")
        if self._shape.libvirt == "refuses":
            self._run("allow-hypercalls", ALLOW_HYPERCALLS)
        if self._shape.kind != "xen-dom0":  # the same files there, but reading them takes a minute under Xen
            self._run("make-secrets", MAKE_SECRETS)
            self._run("restricted", LIST_RESTRICTED)
            self._run("opened", LIST_OPENED)
        self._run("security", "systemd-analyze security --no-pager hostinfo-agent | tail -n 1")
        self._run("start", "systemctl start hostinfo-agent")
        self._run("started", SHOW)
        self._run("process", "cat /proc/$(systemctl show --value -p MainPID hostinfo-agent)/status")

    def _query(self, console: Console) -> None:
        console.add_listener(self._on_notification)
        console.connect(LIMIT_SECONDS, tries=20)
        agents = console.agents(seconds=LIMIT_SECONDS)
        self._received.agents = [dict(agent.attributes) for agent in agents]
        name = agents[0].name
        # The network is read last: once it is there, all of the first poll is.
        self._wait_until("first facts", lambda: bool(_objects(console, name, "networkInterface")))
        for class_name in CLASSES:
            self._received.objects[class_name] = _objects(console, name, class_name)
        self._call(console, name, "with the packaged policy")
        self._run("allow", ALLOW_CALLS)
        self._wait_until("reload", lambda: self._call(console, name, "after a reload"))
        self._wait_until("command", self._run_console_command)  # it waits at most 10 s for a connection
        self._change_node()

    def _change_node(self) -> None:
        """Change the node, and wait for the agent's events."""
        self._run("link-added", "ip link add name dummy7 type dummy; ip link set dummy7 up")
        self._wait_for_event("interfaceAdded", interfaceName="dummy7")
        self._run("link-removed", "ip link del dummy7")
        self._wait_for_event("interfaceRemoved", interfaceName="dummy7")
        if self._shape.cpu.total > 1:
            last = self._shape.cpu.total - 1
            name = "cpu" if self._shape.dom0 is None else "xen_cpu"
            online = f"/sys/devices/system/{name}/{name}{last}/online"
            self._run("cpu-offline", f"echo 0 >{online}; python3 -m hostinfo dump cpu.threads || [ $? = 3 ]")
            self._wait_for_event("processorOffline", number=last)
            self._run("cpu-online", f"echo 1 >{online}")
            self._wait_for_event("processorOnline", number=last)
        if self._shape.libvirt == "works":
            self._run("libvirt-kill", KILL_LIBVIRT)
            self._wait_for_event("hypervisorDisconnected")
            self._run("libvirt-start", f"{START_LIBVIRT}; virsh -r nodeinfo >&2")
            self._wait_for_event("hypervisorConnected")
        self._wait_for_watchdog()

    def _wait_for_watchdog(self) -> None:
        """With libvirt's events 30 s have passed, after which the agent must have sent WATCHDOG=1."""
        began = time.monotonic()
        while self._run("alive", SHOW) and self._shape.libvirt == "works":
            output = self._received.commands["alive"]["out"]
            state = dict(re.findall(r"^(\w+)=(.*)$", output, flags=re.MULTILINE))
            if int(state["WatchdogTimestampMonotonic"]) > int(state["ActiveEnterTimestampMonotonic"]):
                break
            if time.monotonic() - began > LIMIT_SECONDS:
                raise TimeoutError("WATCHDOG=1")
            time.sleep(3)

    def _stop(self) -> None:
        self._run("stop", "systemctl stop hostinfo-agent")
        self._run("stopped", SHOW)
        self._run("journal", "journalctl --no-pager -o short-monotonic -u hostinfo-agent")
        self._run("audit", "journalctl --no-pager -o json HOSTINFO_AUDIT=1")

    def _run(self, name: str, command: str) -> bool:
        """Run a shell command in the node, as root."""
        self._number += 1
        request = self._share / f"command-{self._number}"
        began = time.monotonic()
        (self._share / "command.new").write_text(command + "\n")
        (self._share / "command.new").rename(request)
        status = request.with_name(request.name + ".status")
        while not status.exists():
            if time.monotonic() - began > 2 * LIMIT_SECONDS:
                raise TimeoutError(f"{name}: {command}")
            time.sleep(0.05)
        self._received.commands[name] = {
            "status": int(status.read_text()),
            "out": request.with_name(request.name + ".out").read_text(errors="replace"),
            "err": request.with_name(request.name + ".err").read_text(errors="replace"),
        }
        self._received.seconds[name] = round(time.monotonic() - began, 2)
        return True

    def _wait_until(self, name: str, is_done: Callable[[], bool]) -> None:
        began = time.monotonic()
        while not is_done():
            if time.monotonic() - began > LIMIT_SECONDS:
                raise TimeoutError(name)
            time.sleep(0.5)
        self._received.seconds[name] = round(time.monotonic() - began, 2)

    def _on_notification(self, notification: AgentChange | Indication) -> None:
        if isinstance(notification, Indication):
            for event in notification.items:
                if isinstance(event, Event) and event.schema_id:
                    self._received.events.append({"name": event.schema_id.name, "values": dict(event.values)})

    def _wait_for_event(self, name: str, **values: object) -> None:
        """Wait for an event. If it does not arrive, the tests fail, not the session."""
        began = time.monotonic()
        while time.monotonic() - began < LIMIT_SECONDS:
            for event in list(self._received.events):
                if event["name"] == name and values.items() <= event["values"].items():
                    self._received.seconds[f"event {name}"] = round(time.monotonic() - began, 2)
                    return
            time.sleep(0.05)

    def _call(self, console: Console, name: str, when: str) -> bool:
        (node,) = console.query([name], Query.from_text("{class: ovirtNode}"), LIMIT_SECONDS)[0].objects
        answer = console.call(name, node.object_id, "echo", {"sequence": 7, "body": "héllo"}, LIMIT_SECONDS)
        self._received.calls[when] = str(answer.failure or answer.arguments)
        return answer.failure is None

    def _run_console_command(self) -> bool:
        package = self.package
        options = ["--broker", self._url, "--ca", package.ca, "--certificate", package.console_certificate]
        options += ["--key", package.console_key, "--seconds", LIMIT_SECONDS, "--json"]
        command = [sys.executable, "-m", "hostinfo", "console", *map(str, options), "get", "ovirtNode"]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False, cwd=PACKAGING.parent)
        self._received.command = json.loads(done.stdout or "[]")
        return done.returncode == 0


def _objects(console: Console, agent: str, class_name: str) -> list[dict[str, Any]]:
    (answer,) = console.query([agent], Query.from_text(f"{{class: {class_name}}}"), LIMIT_SECONDS)
    if answer.failure is not None:
        raise RuntimeError(f"{class_name}: {answer.failure}")
    return [dict(item.values) for item in answer.objects]
