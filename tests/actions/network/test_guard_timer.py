"""Where systemd is PID 1, its timer guards a transaction as well: a service takes its processes with it."""

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
