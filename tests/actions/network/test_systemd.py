"""Under systemd: its timer guards a transaction whose service has ended, and its unit recovers at boot."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.support.systemd_container import needs_systemd, run_under_systemd
from tests.support.toy_actions import CHECKOUT

pytestmark = needs_systemd

BEGIN = """
import sys
from pathlib import Path
from tests.support import toy_network as toy
folder = Path(sys.argv[1])
folder.mkdir()
toy.create(folder, eth0=1500)
pending = toy.open_action(folder).begin(toy.request(eth0=9000), float(sys.argv[2]))
print("begun:", toy.read_files(folder)["eth0"], flush=True)
if len(sys.argv) > 3:
    print(getattr(pending, sys.argv[3])().result, flush=True)
"""
SCRIPT = f"""
set -u
export PYTHONPATH={CHECKOUT}
python={sys.executable}
units() {{ systemctl list-units --all --plain --no-legend --no-pager 'hostinfo-network-guard-*.timer' | wc -l; }}
guards() {{ pgrep -fc actions.network.guard; }}
# A service that ends: systemd kills its guard.
systemd-run --quiet --collect --unit=begin --property=WorkingDirectory={CHECKOUT} --setenv=PYTHONPATH={CHECKOUT} \\
    $python /srv/test/begin.py /srv/test/1 4
for _ in $(seq 100); do
    [ -e /srv/test/1/journal/*/log ] && ! systemctl --quiet is-active begin.service && break
    sleep 0.1
done
echo "timers $(units), guards $(guards), mtu $(cat /srv/test/1/running/eth0)"
for _ in $(seq 150); do [ "$(cat /srv/test/1/running/eth0)" = 1500 ] && break; sleep 0.1; done
sleep 1
echo "timers $(units), guards $(guards), mtu $(cat /srv/test/1/running/eth0)"
# A decision removes the timer.
for decide in commit rollback; do
    $python /srv/test/begin.py /srv/test/$decide 60 $decide
    sleep 1
    echo "timers $(units), guards $(guards), mtu $(cat /srv/test/$decide/running/eth0)"
done
# In another network namespace than that of systemd, there is no timer, only the process.
unshare --net $python /srv/test/begin.py /srv/test/2 60
echo "timers $(units), guards $(guards)"
"""


RECOVER = f"""
set -u
export PYTHONPATH={CHECKOUT}
python={sys.executable}
mkdir -p /run/systemd/system
# The interpreter of a developer may lie in a home folder.
sed -e 's|^ExecStart=/usr/bin/hostinfo|ExecStart={sys.executable} -m hostinfo|' \\
    -e 's|^ProtectHome=yes|Environment=PYTHONPATH={CHECKOUT}|' \\
    {CHECKOUT}/packaging/hostinfo-network-recover.service > /run/systemd/system/hostinfo-network-recover.service
systemctl daemon-reload
systemctl start hostinfo-network-recover.service
systemctl show --property=ConditionResult,Result hostinfo-network-recover.service
$python - <<'PYTHON'
from pathlib import Path
from hostinfo.actions.network.transaction import NetworkAction
from tests.support import toy_network as toy
folder = Path("/srv/test/1")
folder.mkdir()
NetworkAction(toy.reference(toy.create(folder, eth0=1500))).begin(toy.request(eth0=9000), 60)
PYTHON
pkill -KILL -f actions.network.guard
systemctl stop 'hostinfo-network-guard-*.timer'
sed -i 's/"boot_id": "[^"]*"/"boot_id": "another"/' /var/lib/hostinfo/network/*/transaction.json
echo "mtu $(cat /srv/test/1/running/eth0)"
systemctl start hostinfo-network-recover.service
systemctl show --property=ConditionResult,Result,Before hostinfo-network-recover.service
echo "mtu $(cat /srv/test/1/running/eth0)"
$python -m hostinfo network history
"""


def test_the_unit_for_the_boot_rolls_back_what_was_not_confirmed(tmp_path: Path) -> None:
    lines = run_under_systemd(tmp_path, RECOVER, CHECKOUT)
    assert sorted(lines[:2]) == ["ConditionResult=no", "Result=success"]  # the network was never changed
    assert lines[2] == "mtu 9000"
    assert {"ConditionResult=yes", "Result=success"} < set(lines[3:6])
    assert "network-pre.target" in next(line for line in lines[3:6] if line.startswith("Before="))
    assert lines[6] == "mtu 1500"
    assert "rolled-back" in lines[7]
    assert lines[8].strip() == "not confirmed before the machine was restarted"


def test_the_timer_guards_a_transaction_whose_service_has_ended(tmp_path: Path) -> None:
    (tmp_path / "begin.py").write_text(BEGIN)
    assert run_under_systemd(tmp_path, SCRIPT, CHECKOUT) == [
        "timers 1, guards 0, mtu 9000",
        "timers 0, guards 0, mtu 1500",
        "begun: 9000",
        "committed",
        "timers 0, guards 0, mtu 9000",
        "begun: 9000",
        "rolled-back",
        "timers 0, guards 0, mtu 1500",
        "begun: 9000",
        "timers 0, guards 1",
    ]
