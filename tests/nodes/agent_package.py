"""The agent as a package would install it: files, certificates, configuration, and the commands of the installation."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.support.certificates import SAN, Authority

PACKAGING = Path(__file__).resolve().parents[2] / "packaging"
# The same as a package's scripts, apart from its own files: the user, the bytecode, no unit enabled.
INSTALL = """set -ex
cd /mnt/agent
install -D -m 644 hostinfo-agent.service /usr/lib/systemd/system/hostinfo-agent.service
install -D -m 644 hostinfo.sysusers /usr/lib/sysusers.d/hostinfo.conf
install -D -m 644 hostinfo.tmpfiles /usr/lib/tmpfiles.d/hostinfo.conf
install -m 755 hostinfo /usr/bin/hostinfo
cp -a /run/hostinfo/. /usr/lib/python3/dist-packages/
python3 -m compileall -q /usr/lib/python3/dist-packages/hostinfo
systemd-sysusers hostinfo.conf
systemd-tmpfiles --create hostinfo.conf
install -D -m 644 -t /etc/hostinfo agent.toml policy.toml ca.pem agent.pem
install -m 640 -g hostinfo -t /etc/hostinfo agent.key
systemctl daemon-reload
"""
# For a Dom0 without libvirt.
ALLOW_HYPERCALLS = """set -ex
cd /mnt/agent
install -D -m 644 hostinfo-agent-xen.conf /etc/systemd/system/hostinfo-agent.service.d/xen.conf
install -m 644 60-hostinfo-xen.rules /etc/udev/rules.d/
udevadm control --reload
udevadm trigger --settle --subsystem-match=misc
systemctl daemon-reload
"""
ALLOW_CALLS = "cp /mnt/agent/operators.toml /etc/hostinfo/policy.toml; systemctl reload hostinfo-agent"


class AgentPackage:
    """A folder for the share with all that INSTALL reads, and the certificate of a console that the agent trusts."""

    def __init__(self, scratch: Path) -> None:
        self.folder = scratch / "agent"
        self.folder.mkdir()
        certificates = scratch / "certificates"
        certificates.mkdir()
        authority = Authority(certificates, "nodes")
        self.ca = authority.ca
        self.console_certificate, self.console_key = authority.sign("console")
        certificate, key = authority.sign("agent", extension=SAN)
        for path in (*PACKAGING.iterdir(), Path(certificate), Path(key)):
            shutil.copy(path, self.folder)
        shutil.copyfile(self.ca, self.folder / "ca.pem")
        (self.folder / "agent.toml").write_text(_with_tls((PACKAGING / "agent.toml").read_text()))
        (self.folder / "operators.toml").write_text(_with_operator((PACKAGING / "policy.toml").read_text()))


def _with_tls(text: str) -> str:
    """Return the packaged configuration, edited as its comments describe for consoles on other hosts."""
    text = _replaced(text, 'url = "amqp://127.0.0.1:5672"\n', "")
    for line in ('url = "amqps://0.0.0.0:5671"', 'certificate = "/etc/hostinfo/agent.pem"', 'key = "/etc/hostinfo/ag'):
        head, found, tail = text.rpartition(f"#{line}")
        text = head + _replaced(found, f"#{line}", line) + tail
    head, found, tail = text.rpartition('#ca = "/etc/hostinfo/ca.pem"')
    return head + found.removeprefix("#") + tail


def _with_operator(text: str) -> str:
    """Return the packaged policy with its example enabled, for the name in our certificate."""
    head, found, tail = text.partition("#[[allow]]\n")
    tail = tail.replace("#who", "who").replace("#call", "call")
    return _replaced(head, '#operators = ["alice@EXAMPLE.COM", "bob@EXAMPLE.COM"]', 'operators = ["CN=console"]') + (
        found.removeprefix("#") + tail
    )


def _replaced(text: str, old: str, new: str) -> str:
    assert text.count(old) == 1, f"the packaged file no longer has the line {old!r}"
    return text.replace(old, new)
