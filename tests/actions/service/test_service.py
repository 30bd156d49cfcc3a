"""The service on the toy network: the contract of actions over its socket, its policy and its audit records."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hostinfo.actions.service import INTERFACE
from hostinfo.actions.service.errors import from_varlink, to_varlink
from hostinfo.actions.service.methods import read_interface
from hostinfo.actions.service.network_client import ServiceNetwork
from hostinfo.errors import ActionBusy, ActionError, ActionFailed, ActionRefused, ActionRolledBack, ReadError
from hostinfo.model.report import Result, TransactionState
from hostinfo.testing import ReversibleExample, check_reversible
from hostinfo.varlink.client import Client, call
from hostinfo.varlink.errors import VarlinkError
from hostinfo.varlink.parameters import check_parameters
from tests.support import toy_network as toy
from tests.support.actions_service import ALLOWED, FORBIDDEN, ServiceProcess, run_as, service
from tests.support.toy_actions import CHECKOUT
from tests.support.varlinkctl import Varlinkctl, require_varlinkctl

CHANGE = toy.request(eth0=9000)
STATE = {"interfaces": [{"name": "eth0", "type": "ethernet", "mtu": 9000}]}
NEEDS_ROOT = [pytest.mark.root, pytest.mark.skipif(os.geteuid() != 0, reason="needs root: becomes other users")]
BEGIN_AND_DIE = """
import os, signal, sys
from hostinfo.actions.service.network_client import ServiceNetwork
from tests.support import toy_network as toy
ServiceNetwork(sys.argv[1]).begin(toy.request(eth0=9000), float(sys.argv[2]))
os.kill(os.getpid(), signal.SIGKILL)
"""
CALL = """
try:
    print(json.dumps(call(sys.argv[1], 'org.ovirt.hostinfo.actions.' + sys.argv[2], json.loads(sys.argv[3]), 30)))
except VarlinkError as error:
    print(error)
"""


@pytest.fixture
def served() -> Iterator[ServiceProcess]:
    with service() as process:
        yield process


def mtu(served: ServiceProcess) -> str:
    return toy.read_files(served.folder)["eth0"]


def wait_for_mtu(served: ServiceProcess, wanted: str, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while mtu(served) != wanted:
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="the policy allows these changes to root")
def test_the_client_keeps_the_contract_of_actions(served: ServiceProcess) -> None:
    def begin_and_die(seconds: float) -> None:
        line = [sys.executable, "-c", BEGIN_AND_DIE, served.path, str(seconds)]
        assert subprocess.run(line, cwd=CHECKOUT, check=False).returncode == -signal.SIGKILL

    (served.folder / "control" / "fail eth2").touch()
    check_reversible(
        ServiceNetwork(served.path),
        ReversibleExample(
            change=CHANGE,
            revert=toy.request(eth0=1500),
            refused=toy.request(eth0=1),
            failing=toy.request(eth1=9000, eth2=9000),
            read_state=lambda: toy.read_files(served.folder),
            reopen=lambda: ServiceNetwork(served.path),
            begin_and_die=begin_and_die,
            shortest_window_seconds=2.0,
        ),
    )


@pytest.mark.parametrize(
    "error",
    [
        ActionRefused("a", "b"),
        ActionBusy("a", "b", "1-ab", "alice", "2026", 3.5),
        ActionBusy("a", "b"),
        ActionFailed("a", "b", ("one", "two")),
        ActionRolledBack("a", "b\nc", ("one",)),
    ],
)
def test_errors_are_the_same_on_both_sides(error: ActionError) -> None:
    sent = to_varlink(error)
    definition = read_interface().error(sent.name.removeprefix(f"{INTERFACE}."))
    assert definition is not None
    check_parameters(read_interface(), definition.parameters, sent.parameters)
    received = from_varlink(sent)
    assert (type(received), received.args) == (type(error), error.args)
    assert type(from_varlink(to_varlink(ReadError("a", "b")))) is ActionFailed


class Replies:
    """Calls methods as root, and checks the replies against the interface."""

    def __init__(self, served: ServiceProcess) -> None:
        self.path = served.path
        self.interface = read_interface()

    def __call__(self, name: str, **parameters: Any) -> dict[str, Any]:
        found = call(self.path, f"{INTERFACE}.{name}", parameters, 30)
        method = self.interface.method(name)
        assert method is not None
        check_parameters(self.interface, method.output, found)
        return found


@pytest.mark.skipif(os.geteuid() != 0, reason="the policy allows these changes to root")
def test_replies_are_as_the_interface_declares_them(served: ServiceProcess) -> None:
    reply = Replies(served)
    assert reply("GetNetwork")["state"]["interfaces"] == [{"name": "eth0", "type": "ethernet", "mtu": 1500}]
    preview = reply("PreviewNetwork", state=STATE)
    assert preview["changes"] == [{"path": "eth0", "old": "1500", "new": "9000"}]
    assert mtu(served) == "1500"
    assert reply("PendingNetwork") == {"transactions": []}
    begun = reply("BeginNetwork", state=STATE, confirm_within_seconds=60, on_behalf_of="alice@EXAMPLE.COM")
    name = begun["transaction"]["id"]
    assert mtu(served) == "9000"
    (pending,) = reply("PendingNetwork")["transactions"]
    assert pending["requester"]["user"] == "root"
    assert pending["requester"]["on_behalf_of"] == "alice@EXAMPLE.COM"
    assert pending["requester"]["peer"] == f"process {os.getpid()}"
    assert pending["state"] == "waiting"
    with pytest.raises(VarlinkError) as caught:
        reply("BeginNetwork", state=STATE)
    assert caught.value.name == f"{INTERFACE}.ActionBusy"
    assert caught.value.parameters["requester"] == f"root for alice@EXAMPLE.COM (process {os.getpid()})"
    assert caught.value.parameters["transaction"] == name
    assert reply("CommitNetwork", id=name)["outcome"]["result"] == "committed"
    assert reply("BeginNetwork", state=STATE)["transaction"]["changes"] == []
    assert [one["state"] for one in reply("NetworkHistory")["transactions"]] == ["confirmed"]
    assert reply("GetNetworkTransaction", id=name)["report"]["state"] == "confirmed"
    for wrong in ({"id": name, "on_behalf_of": "a\nb"}, {"id": name, "on_behalf_of": ""}, {"id": 1}, {}):
        with pytest.raises(VarlinkError, match="InvalidParameter"):
            reply("CommitNetwork", **wrong)
    with pytest.raises(VarlinkError, match=r"ActionRefused.*no such transaction"):
        reply("CommitNetwork", id="../../etc")
    with pytest.raises(VarlinkError, match=r"ActionRefused.*is no mapping|ActionRefused.*unknown key"):
        reply("PreviewNetwork", state={"interfaces": [{"name": "eth0", "mtus": 9000}]})


@pytest.mark.skipif(os.geteuid() != 0, reason="the policy allows these changes to root")
def test_a_client_follows_a_transaction_until_it_is_decided(served: ServiceProcess) -> None:
    network = ServiceNetwork(served.path)
    pending = network.begin(CHANGE, 60)
    with Client(served.path, 5) as follower:
        follower.send(f"{INTERFACE}.GetNetworkTransaction", {"id": pending.transaction.id}, more=True)
        first = follower.receive(5)
        assert (first.parameters["report"]["state"], first.continues) == ("waiting", True)
        found = network.pending()[0]
        report = found.report
        assert (report.state, 50 < report.remaining_seconds <= 60) == (TransactionState.WAITING, True)
        time.sleep(1.2)
        assert found.report.remaining_seconds < report.remaining_seconds - 1
        assert found.commit().result is Result.COMMITTED
        last = follower.receive(5)
        if last.parameters["report"]["state"] == "confirming":  # seen only if the look fell into this moment
            last = follower.receive(5)
        assert (last.parameters["report"]["state"], last.continues) == ("confirmed", False)
        deadline = time.monotonic() + 5
        while found.report.state is not TransactionState.CONFIRMED:
            assert time.monotonic() < deadline
    followed = [line for line in served.audits() if "GetNetworkTransaction" in line]
    assert len(followed) < 6  # a countdown does not fill the journal


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="the policy allows these changes to root")
def test_a_change_is_undone_if_the_service_is_killed(served: ServiceProcess) -> None:
    pending = ServiceNetwork(served.path).begin(CHANGE, 2)
    served.kill()
    assert mtu(served) == "9000"
    wait_for_mtu(served, "1500", 5)
    with pytest.raises(ActionFailed, match=r"changes need root|network status") as caught:
        raise_from(pending)
    assert "\n" not in str(caught.value)


def raise_from(pending: Any) -> None:
    try:
        pending.commit()
    except ActionRefused as error:  # no service, so nothing was changed
        raise ActionFailed(error.source, error.detail) from error


@pytest.mark.skipif(os.geteuid() != 0, reason="the policy allows these changes to root")
def test_a_step_that_is_killed_with_the_service_is_undone_at_once(served: ServiceProcess) -> None:
    (served.folder / "control" / "kill-after eth0").touch()
    with pytest.raises(ActionFailed, match="see `hostinfo network status` and `history`"):
        ServiceNetwork(served.path).begin(CHANGE, 60)
    wait_for_mtu(served, "1500", 5)


@pytest.mark.skipif(os.geteuid() != 0, reason="the policy allows these changes to root")
def test_the_service_ends_a_change_before_it_stops(served: ServiceProcess) -> None:
    (served.folder / "control" / "hang eth0").touch()
    with Client(served.path, 5) as client:
        client.send(f"{INTERFACE}.BeginNetwork", {"state": STATE, "confirm_within_seconds": 60})
        time.sleep(1)
        served.process.terminate()
        time.sleep(0.5)
        assert served.process.poll() is None
        (served.folder / "control" / "hang eth0").unlink()
        assert client.receive(10).parameters["transaction"]["changes"]
        assert served.process.wait(10) == 0
    assert mtu(served) == "9000"
    action = toy.open_action(served.folder)
    assert action.pending()[0].rollback().result is Result.ROLLED_BACK


@pytest.mark.parametrize("_", [pytest.param(0, marks=NEEDS_ROOT)])
def test_the_policy_decides_by_the_credentials_of_the_peer(served: ServiceProcess, _: int) -> None:
    begin = ("BeginNetwork", '{"state": {"interfaces": [{"name": "eth0", "mtu": 9000}]}, "confirm_within_seconds": 30}')
    refused = run_as(FORBIDDEN, CALL, served.path, *begin)
    assert refused.startswith(f"{INTERFACE}.PermissionDenied(method='BeginNetwork', user='60002'")
    assert f'root may allow it in {served.policy}: [[allow]] who = ["60002"] call = ["BeginNetwork"]' in refused
    assert mtu(served) == "1500"
    assert '"transactions": []' in run_as(FORBIDDEN, CALL, served.path, "PendingNetwork", "{}")
    long = begin[1].replace("30", "3000")
    assert "ActionRefused" in run_as(ALLOWED, CALL, served.path, "BeginNetwork", long)
    forced = begin[1].replace("}, ", '}, "is_forced": true, ')
    assert "60001 may not force a change" in run_as(ALLOWED, CALL, served.path, "BeginNetwork", forced)
    assert '"new": "9000"' in run_as(ALLOWED, CALL, served.path, *begin)
    assert mtu(served) == "9000"
    report = ServiceNetwork(served.path).pending()[0].report
    assert (report.requester.user, report.requester.uid) == ("60001", ALLOWED)
    named = f'{{"id": "{report.id}"}}'
    assert "PermissionDenied" in run_as(FORBIDDEN, CALL, served.path, "RollbackNetwork", named)
    # What is removed from the file ends at once; a file that is wrong allows root only.
    served.policy.write_text("")
    assert "PermissionDenied" in run_as(ALLOWED, CALL, served.path, "CommitNetwork", named)
    served.policy.write_text("[[")
    assert "the policy is unusable" in run_as(ALLOWED, CALL, served.path, "CommitNetwork", named)
    assert ServiceNetwork(served.path).find(report.id).rollback().result is Result.ROLLED_BACK
    audits = served.audits()
    assert "user='60002' call=org.ovirt.hostinfo.actions.BeginNetwork" in audits[0]
    assert "interfaces='eth0'" in audits[0]
    assert "PermissionDenied" in audits[0]
    assert any("user='60001'" in line and line.endswith("result='ok'") for line in audits)
    assert any("user='root'" in line and "RollbackNetwork" in line for line in audits)


@pytest.mark.parametrize("_", [pytest.param(0, marks=NEEDS_ROOT)])
def test_a_flood_of_reads_does_not_fill_the_journal(served: ServiceProcess, _: int) -> None:
    flood = "for _ in range(500): call(sys.argv[1], 'org.varlink.service.GetInfo', {}, 10)"
    run_as(FORBIDDEN, flood, served.path)
    call(served.path, "org.varlink.service.GetInfo", {}, 10)
    assert served.stop() == 0
    audits = served.audits()
    assert len([line for line in audits if "user='60002'" in line]) == 61
    assert "calls that changed nothing arguments=(count=440)" in "".join(audits)
    assert any("user='root'" in line for line in audits)


def test_no_service_is_a_refusal_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ActionRefused, match=r"changes need root, or `systemctl enable --now hostinfo-actions.socket`"):
        ServiceNetwork(str(tmp_path / "none")).begin(CHANGE, 60)


@pytest.mark.slow
@pytest.mark.parametrize("_", [pytest.param(0, marks=NEEDS_ROOT)])
def test_varlinkctl_previews_begins_and_commits(served: ServiceProcess, _: int) -> None:
    varlinkctl = Varlinkctl(require_varlinkctl(), Path(served.path))
    assert "Product: hostinfo-actions" in varlinkctl.run("info").stdout
    introspected = varlinkctl.run("introspect", INTERFACE)
    assert introspected.returncode == 0, introspected.stderr
    assert "method BeginNetwork(" in introspected.stdout
    assert varlinkctl.call(f"{INTERFACE}.PreviewNetwork", {"state": STATE})["changes"][0]["new"] == "9000"
    begun = varlinkctl.call(f"{INTERFACE}.BeginNetwork", {"state": STATE, "confirm_within_seconds": 60})
    assert mtu(served) == "9000"
    outcome = varlinkctl.call(f"{INTERFACE}.CommitNetwork", {"id": begun["transaction"]["id"]})
    assert outcome["outcome"]["result"] == "committed"
    assert "ActionRefused" in varlinkctl.error(f"{INTERFACE}.RollbackNetwork", {"id": begun["transaction"]["id"]})
    assert "InvalidParameter" in varlinkctl.error(f"{INTERFACE}.BeginNetwork", {"state": []})
