"""Which files of the node the agent's unit can open: shell commands for agent_session.py, and what they must print.

Secrets of others are made first: some that only root may read, and some that everybody may read, in folders that the
unit hides. Then a process with all settings of the unit, its user included, tries to open each of them.
"""

from __future__ import annotations

import shlex

SERIALS = (
    "/sys/devices/virtual/dmi/id/product_uuid", "/sys/devices/virtual/dmi/id/product_serial",
    "/sys/devices/virtual/dmi/id/board_serial", "/sys/devices/virtual/dmi/id/chassis_serial",
    "/sys/firmware/dmi/tables/DMI", "/sys/firmware/dmi/tables/smbios_entry_point",
)  # fmt: skip
"""Root-only files with facts. A firmware may lack some."""
OWN = ("/etc/hostinfo/agent.key", "/etc/hostinfo/amqp.keytab")
"""The agent's own keys, made as docs/securing.md describes."""
SECRET = (
    "/etc/krb5.keytab", "/etc/ssh/ssh_host_ed25519_key", "/etc/other.key", "/root/.ssh/id_ed25519", "/run/other/key",
)  # fmt: skip
"""Secrets of others that only root may read."""
CARELESS = (
    "/home/alice/.ssh/id_ed25519", "/srv/web/password", "/opt/other/token", "/boot/grub.password",
    "/var/lib/other/state.db", "/var/log/other.log", "/var/cache/other", "/var/spool/mail-queue", "/var/backups/shadow",
    "/mnt/agent/agent.key",
)  # fmt: skip
"""Secrets of others that everybody may read, in folders that the unit hides."""
_MADE = [*SECRET, *(path for path in CARELESS if not path.startswith("/mnt/"))]
MAKE_SECRETS = f"""set -e
for path in {shlex.join(_MADE)}; do mkdir -p "${{path%/*}}"; echo secret >"$path"; done
chmod 600 {shlex.join(SECRET)}
install -m 640 -g hostinfo /etc/krb5.keytab /etc/hostinfo/amqp.keytab
"""
_FILES = "find / /run /sys/devices/virtual /sys/firmware -xdev -type f"
LIST_RESTRICTED = f"""set -e
{_FILES} | sort >/run/all-files
setpriv --reuid=nobody --regid=nogroup --clear-groups {_FILES} -readable 2>/dev/null | sort >/run/public-files || true
comm -23 /run/all-files /run/public-files >/run/restricted-files
cat /run/restricted-files
"""
"""Prints each file that an ordinary user cannot read."""
_OPEN = """
import os
for path in open('/run/tried-files').read().splitlines():
    try:
        os.close(os.open(path, os.O_RDONLY | os.O_NONBLOCK))
    except OSError:
        continue
    print(path)
"""
LIST_OPENED = f"""set -e
cat /run/restricted-files >/run/tried-files
printf '%s\\n' {shlex.join(CARELESS)} >>/run/tried-files
cat >/run/try-files.py <<'END'{_OPEN}END
chmod 644 /run/tried-files /run/try-files.py
sed -e 's|^ExecStart=.*|ExecStart=/usr/bin/python3 -I /run/try-files.py|' -e 's|^Type=.*|Type=oneshot|' \\
    -e '/^Restart/d' -e '/^Watchdog/d' -e 's|^User=|StandardOutput=file:/run/opened-files\\nUser=|' \\
    /usr/lib/systemd/system/hostinfo-agent.service >/run/systemd/system/try-files.service
systemctl daemon-reload
systemctl start try-files
cat /run/opened-files
"""
"""Prints each of these files, and of CARELESS, that a process of the unit can open."""
