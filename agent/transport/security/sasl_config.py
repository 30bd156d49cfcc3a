"""The listener's configuration of Cyrus SASL: a folder that only this process uses.

Cyrus reads it once per process (cyrusimap.org, "Options for Cyrus SASL"). Without a folder of its own the listener
would use /etc/sasl2, or defaults that depend on the installed plugins.
"""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
from typing import TYPE_CHECKING, Any

from hostinfo import Unavailable

from .files import check_readable

if TYPE_CHECKING:
    from ..options import TransportOptions

CONFIG_NAME = "hostinfo-agent"


class SaslConfig:
    """Where Cyrus SASL finds users, passwords and service keys."""

    def __init__(self, options: TransportOptions) -> None:
        """Raise Unavailable for a file that cannot be read, or whose path cannot be configured."""
        self.realm = options.realm or socket.gethostname()
        for path in (options.users, options.keytab):
            if path is not None:
                check_readable(path)
        self._lines = ["log_level: 2"]
        if options.users is not None:
            users = _one_line(options.users)
            self._lines += ["pwcheck_method: auxprop", "auxprop_plugin: sasldb", f"sasldb_path: {users}"]
        if options.keytab is not None:
            self._lines.append(f"keytab: {_one_line(options.keytab)}")
        self._keytab = options.keytab
        self._folder: str | None = None

    def write(self) -> None:
        """Write the configuration to a temporary folder."""
        if self._keytab is not None:
            os.environ["KRB5_KTNAME"] = f"FILE:{self._keytab}"
        self._folder = tempfile.mkdtemp(prefix="hostinfo-sasl-")
        with open(f"{self._folder}/{CONFIG_NAME}.conf", "w", encoding="utf-8") as file:
            file.write("\n".join(self._lines) + "\n")

    def prepare(self, sasl: Any) -> None:
        """Make an accepted connection use this configuration."""
        sasl.config_path(self._folder)
        sasl.config_name(CONFIG_NAME)

    def close(self) -> None:
        """Remove the folder."""
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)


def _one_line(path: str) -> str:
    if not path.isprintable():
        raise Unavailable(repr(path), "the path cannot be written to a configuration file")
    return os.path.abspath(path)
