"""What is done from outside while a node runs: its agent is installed as a package would, and asked over the network.

Everything that was heard is kept in visit.json; test_agent.py judges it.
"""

import json
import re
import shutil
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from hostinfo.agent.console import AgentChange, Console
from hostinfo.agent.qmf import Event, Indication, Query
from hostinfo.agent.transport import TransportOptions, open_transport
from tests.support.certificates import SAN, Authority

from .boot import BOOT_SECONDS
from .shape import Shape

PACKAGING = Path(__file__).resolve().parents[2] / "packaging"
CLASSES = ("ovirtNode", "processor", "numaNode", "networkInterface", "networkAddress", "hostStatistics")
NODE_PORT = 5671
SLOW_SECONDS = 60.0 * BOOT_SECONDS / 300  # what takes a second on hardware may take so long
EVENT_SECONDS = 20.0
UNITS = "libvirtd.socket libvirtd-ro.socket libvirtd-admin.socket"
# What a package does, its own files apart: the user, the bytecode, and nothing enabled.
INSTALL = """set -ex
cd /mnt/agent
install -D -m 644 hostinfo-agent.service /usr/lib/systemd/system/hostinfo-agent.service
install -D -m 644 hostinfo.sysusers /usr/lib/sysusers.d/hostinfo.conf
install -m 755 hostinfo /usr/bin/hostinfo
cp -a /run/hostinfo/. /usr/lib/python3/dist-packages/
python3 -m compileall -q /usr/lib/python3/dist-packages/hostinfo
systemd-sysusers hostinfo.conf
install -D -m 644 -t /etc/hostinfo agent.toml policy.toml ca.pem agent.pem
install -m 640 -g hostinfo -t /etc/hostinfo agent.key
systemctl daemon-reload
"""
# Where libvirt refuses to start.
ASK_XEN = """set -ex
cd /mnt/agent
install -D -m 644 hostinfo-agent-xen.conf /etc/systemd/system/hostinfo-agent.service.d/xen.conf
install -m 644 60-hostinfo-xen.rules /etc/udev/rules.d/
udevadm control --reload
udevadm trigger --settle --subsystem-match=misc
systemctl daemon-reload
"""
STATE = "ActiveState,SubState,Result,ExecMainStatus,NRestarts,MemoryPeak,MemoryCurrent,CPUUsageNSec,StatusText,"
STATE += "WatchdogTimestampMonotonic,ActiveEnterTimestampMonotonic,User"
SHOW = f"systemctl show hostinfo-agent -p {STATE}"


@dataclass(slots=True, kw_only=True)
class Heard:
    """What a visit brings home."""

    agents: list[dict[str, Any]] = field(default_factory=list)
    objects: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    command: list[dict[str, Any]] = field(default_factory=list)
    """What the command `hostinfo console --json get ovirtNode` printed."""
    calls: dict[str, str] = field(default_factory=dict)
    """When -> the answer to a call of ovirtNode.echo, or why there is none."""
    events: list[dict[str, Any]] = field(default_factory=list)
    errands: dict[str, dict[str, Any]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    failure: str = ""


class Visitor:
    """Goes to one node: made before it boots, for it has to carry the certificates in."""

    def __init__(self, shape: Shape, port: int, scratch: Path) -> None:
        self._shape, self._port = shape, port
        self._heard = Heard()
        self._number = 0
        self.payload = scratch / "agent"
        self.payload.mkdir()
        certificates = scratch / "certificates"
        certificates.mkdir()
        self._authority = Authority(certificates, "nodes")
        self._certificate, self._key = self._authority.sign("console")
        certificate, key = self._authority.sign("agent", extension=SAN)
        for path in (*PACKAGING.iterdir(), Path(certificate), Path(key)):
            shutil.copy(path, self.payload)
        shutil.copyfile(self._authority.ca, self.payload / "ca.pem")
        (self.payload / "agent.toml").write_text(_configured((PACKAGING / "agent.toml").read_text()))
        (self.payload / "operators.toml").write_text(_with_operator((PACKAGING / "policy.toml").read_text()))

    def __call__(self, share: Path, keep: Path) -> None:
        """Go there, come back; whatever happens, the node is told that its visitor is gone."""
        self._share = share
        try:
            self._install()
            with Console(open_transport(self._options())) as console:
                self._talk(console)
            self._leave()
        except Exception:
            self._heard.failure = traceback.format_exc()
        finally:
            (keep / "visit.json").write_text(json.dumps(asdict(self._heard), default=str, indent=1))
            (share / "errands-end").touch()

    def _options(self) -> TransportOptions:
        return TransportOptions(
            urls=(self._url,), ca=str(self._authority.ca), certificate=self._certificate, key=self._key
        )

    @property
    def _url(self) -> str:
        return f"amqps://localhost:{self._port}"

    def _install(self) -> None:
        (self._share / "install.sh").write_text(INSTALL)
        self._errand("install", "sh /mnt/install.sh")
        if self._shape.libvirt == "refuses":
            self._errand("ask-xen", ASK_XEN)
        self._errand("security", "systemd-analyze security --no-pager hostinfo-agent | tail -n 1")
        self._errand("start", "systemctl start hostinfo-agent")
        self._errand("started", SHOW)
        self._errand("process", "cat /proc/$(systemctl show --value -p MainPID hostinfo-agent)/status")

    def _talk(self, console: Console) -> None:
        console.add_listener(self._listen)
        console.connect(SLOW_SECONDS, tries=20)
        agents = console.agents(seconds=SLOW_SECONDS)
        self._heard.agents = [dict(agent.attributes) for agent in agents]
        name = agents[0].name
        # The network is read last; what comes after the first round is complete.
        self._until("first facts", lambda: bool(_ask(console, name, "networkInterface")))
        for one in CLASSES:
            self._heard.objects[one] = _ask(console, name, one)
        self._call(console, name, "by the policy of the package")
        self._errand("allow", "cp /mnt/agent/operators.toml /etc/hostinfo/policy.toml; systemctl reload hostinfo-agent")
        self._until("reload", lambda: self._call(console, name, "after a reload"))
        self._until("command", self._ask_by_command)  # it waits 10 s for a connection, not more
        self._disturb()

    def _disturb(self) -> None:
        """Change the node, and listen to what its agent tells of it."""
        self._errand("link-added", "ip link add name visit0 type dummy; ip link set visit0 up")
        self._hear("interfaceAdded", interfaceName="visit0")
        self._errand("link-removed", "ip link del visit0")
        self._hear("interfaceRemoved", interfaceName="visit0")
        if self._shape.cpu.total > 1:
            last = self._shape.cpu.total - 1
            name = "cpu" if self._shape.dom0 is None else "xen_cpu"
            online = f"/sys/devices/system/{name}/{name}{last}/online"
            self._errand("cpu-offline", f"echo 0 >{online}; python3 -m hostinfo dump cpu.threads || [ $? = 3 ]")
            self._hear("processorOffline", number=last)
            self._errand("cpu-online", f"echo 1 >{online}")
            self._hear("processorOnline", number=last)
        if self._shape.libvirt == "works":
            self._errand("libvirt-lost", f"pkill -KILL -x libvirtd; systemctl stop {UNITS} libvirtd")
            self._hear("hypervisorDisconnected")
            self._errand("libvirt-back", f"systemctl reset-failed; systemctl start {UNITS}; virsh -r nodeinfo >&2")
            self._hear("hypervisorConnected")
        self._live()

    def _live(self) -> None:
        began = time.monotonic()
        # systemd asks for a sign of life each 60 s, and gets it each 30: with libvirt's events that long has passed.
        while self._errand("alive", SHOW) and self._shape.libvirt == "works":
            told = dict(re.findall(r"^(\w+)=(.*)$", self._heard.errands["alive"]["out"], flags=re.MULTILINE))
            if int(told["WatchdogTimestampMonotonic"]) > int(told["ActiveEnterTimestampMonotonic"]):
                break
            if time.monotonic() - began > SLOW_SECONDS:
                raise TimeoutError("WATCHDOG=1")
            time.sleep(3)

    def _leave(self) -> None:
        self._errand("stop", "systemctl stop hostinfo-agent")
        self._errand("stopped", SHOW)
        self._errand("journal", "journalctl --no-pager -o short-monotonic -u hostinfo-agent")
        self._errand("audit", "journalctl --no-pager -o json HOSTINFO_AUDIT=1")

    # -- what the above is made of

    def _errand(self, name: str, command: str) -> bool:
        """Have the node run a command as root."""
        self._number += 1
        asked = self._share / f"errand-{self._number}"
        began = time.monotonic()
        (self._share / "errand.new").write_text(command + "\n")
        (self._share / "errand.new").rename(asked)
        status = asked.with_name(asked.name + ".status")
        while not status.exists():
            if time.monotonic() - began > 2 * SLOW_SECONDS:
                raise TimeoutError(f"{name}: {command}")
            time.sleep(0.05)
        self._heard.errands[name] = {
            "status": int(status.read_text()),
            "out": asked.with_name(asked.name + ".out").read_text(errors="replace"),
            "err": asked.with_name(asked.name + ".err").read_text(errors="replace"),
        }
        self._heard.seconds[name] = round(time.monotonic() - began, 2)
        return True

    def _until(self, what: str, is_so: Callable[[], bool]) -> None:
        began = time.monotonic()
        while not is_so():
            if time.monotonic() - began > SLOW_SECONDS:
                raise TimeoutError(what)
            time.sleep(0.5)
        self._heard.seconds[what] = round(time.monotonic() - began, 2)

    def _listen(self, news: AgentChange | Indication) -> None:
        if isinstance(news, Indication):
            for event in news.items:
                if isinstance(event, Event) and event.schema_id:
                    self._heard.events.append({"name": event.schema_id.name, "values": dict(event.values)})

    def _hear(self, name: str, **values: object) -> None:
        """Wait for an event; that it does not come is found by the tests."""
        began = time.monotonic()
        while time.monotonic() - began < EVENT_SECONDS:
            for event in list(self._heard.events):
                if event["name"] == name and values.items() <= event["values"].items():
                    self._heard.seconds[f"event {name}"] = round(time.monotonic() - began, 2)
                    return
            time.sleep(0.05)

    def _call(self, console: Console, name: str, when: str) -> bool:
        (node,) = console.query([name], Query.from_text("{class: ovirtNode}"), SLOW_SECONDS)[0].objects
        answer = console.call(name, node.object_id, "echo", {"sequence": 7, "body": "héllo"}, SLOW_SECONDS)
        self._heard.calls[when] = str(answer.failure or answer.arguments)
        return answer.failure is None

    def _ask_by_command(self) -> bool:
        options = ["--broker", self._url, "--ca", self._authority.ca, "--certificate", self._certificate]
        options += ["--key", self._key, "--seconds", SLOW_SECONDS, "--json"]
        command = [sys.executable, "-m", "hostinfo", "console", *map(str, options), "get", "ovirtNode"]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False, cwd=PACKAGING.parent)
        self._heard.command = json.loads(done.stdout or "[]")
        return done.returncode == 0


def _ask(console: Console, agent: str, name: str) -> list[dict[str, Any]]:
    (answer,) = console.query([agent], Query.from_text(f"{{class: {name}}}"), SLOW_SECONDS)
    if answer.failure is not None:
        raise RuntimeError(f"{name}: {answer.failure}")
    return [dict(item.values) for item in answer.objects]


def _configured(text: str) -> str:
    """The packaged configuration as its comments say for consoles of other hosts."""
    text = _replaced(text, 'url = "amqp://127.0.0.1:5672"\n', "")
    for line in ('url = "amqps://0.0.0.0:5671"', 'certificate = "/etc/hostinfo/agent.pem"', 'key = "/etc/hostinfo/ag'):
        head, found, tail = text.rpartition(f"#{line}")
        text = head + _replaced(found, f"#{line}", line) + tail
    head, found, tail = text.rpartition('#ca = "/etc/hostinfo/ca.pem"')
    return head + found.removeprefix("#") + tail


def _with_operator(text: str) -> str:
    """The packaged policy with its example in force, for the name in our certificate."""
    head, found, tail = text.partition("#[[allow]]\n")
    tail = tail.replace("#who", "who").replace("#call", "call")
    return _replaced(head, '#operators = ["alice@EXAMPLE.COM", "bob@EXAMPLE.COM"]', 'operators = ["CN=console"]') + (
        found.removeprefix("#") + tail
    )


def _replaced(text: str, old: str, new: str) -> str:
    assert text.count(old) == 1, f"the packaged file has no line {old!r} any more"
    return text.replace(old, new)
