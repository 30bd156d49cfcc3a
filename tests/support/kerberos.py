"""A Kerberos realm in a folder: MIT's KDC on a loopback port, keytabs, and the environment to use them."""

import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

from .transport_helpers import free_port

REALM = "TESTS.EXAMPLE"


def is_installed() -> bool:
    return all(shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin") for name in ("krb5kdc", "kdb5_util"))


class Kdc:
    """A running KDC with an empty realm; `stop` it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        (folder / "krb5.conf").write_text(f"""[libdefaults]
 default_realm = {REALM}
 dns_lookup_kdc = false
 dns_lookup_realm = false
 rdns = false
 dns_canonicalize_hostname = false
 udp_preference_limit = 1
[realms]
 {REALM} = {{
  kdc = 127.0.0.1:{self.port}
 }}
""")
        (folder / "kdc.conf").write_text(f"""[kdcdefaults]
 kdc_listen = ""
 kdc_tcp_listen = 127.0.0.1:{self.port}
[realms]
 {REALM} = {{
  database_name = {folder}/principal
  key_stash_file = {folder}/stash
  acl_file = {folder}/acl
 }}
""")
        self.environment = {
            **os.environ,
            "PATH": f"{os.environ['PATH']}:/usr/sbin",
            "KRB5_CONFIG": f"{folder}/krb5.conf",
            "KRB5_KDC_PROFILE": f"{folder}/kdc.conf",
            "KRB5CCNAME": "MEMORY:tests",
        }
        self._run("kdb5_util", "-r", REALM, "-P", "master", "create", "-s", "-W")
        self._process = subprocess.Popen(
            ["krb5kdc", "-n", "-r", REALM], env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        deadline = time.monotonic() + 10
        while True:
            with socket.socket() as sock:
                if sock.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            assert time.monotonic() < deadline
            time.sleep(0.05)

    def keytab(self, principal: str) -> str:
        """Return the path of a keytab with new keys of a principal, which is created if needed."""
        path = self.folder / f"{principal.replace('/', '_')}.keytab"
        self._run("kadmin.local", "-r", REALM, "-q", f"addprinc -randkey {principal}")
        self._run("kadmin.local", "-r", REALM, "-q", f"ktadd -k {path} {principal}")
        assert path.exists()
        return str(path)

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(10)

    def _run(self, *command: str) -> None:
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
