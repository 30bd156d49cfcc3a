"""The listener's end of SASL: a configuration for Cyrus SASL that belongs to this process alone.

Cyrus reads it once a process (cyrusimap.org, "Options for Cyrus SASL"); without a folder of our own it would go by
/etc/sasl2, or by defaults that depend on which plugins are installed.
"""

import os
import shutil
import socket
import tempfile
from typing import Any

from hostinfo import Unavailable

from ..options import TransportOptions

CONFIG_NAME = "hostinfo-agent"


class ServerSasl:
    """Where names, passwords and service keys come from."""

    def __init__(self, options: TransportOptions) -> None:
        self.realm = options.realm or socket.gethostname()
        for path in (options.users, options.keytab):
            if path is not None and not os.access(path, os.R_OK):
                raise Unavailable(path, "cannot be read")
        lines = ["log_level: 2"]
        if options.users is not None:
            lines += ["pwcheck_method: auxprop", "auxprop_plugin: sasldb", f"sasldb_path: {_plain(options.users)}"]
        if options.keytab is not None:
            lines.append(f"keytab: {_plain(options.keytab)}")
            os.environ["KRB5_KTNAME"] = f"FILE:{options.keytab}"
        self._folder = tempfile.mkdtemp(prefix="hostinfo-sasl-")
        with open(f"{self._folder}/{CONFIG_NAME}.conf", "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")

    def prepare(self, sasl: Any) -> None:
        """Point an accepted connection to it."""
        sasl.config_path(self._folder)
        sasl.config_name(CONFIG_NAME)

    def close(self) -> None:
        """Take it away."""
        shutil.rmtree(self._folder, ignore_errors=True)


def _plain(path: str) -> str:
    if not path.isprintable():
        raise Unavailable(repr(path), "no path for a configuration file")
    return os.path.abspath(path)
