"""TLS and SASL of a connection to a broker, by proton's SSLDomain and SASL."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from hostinfo import Unavailable

from ..amqp.proton_library import load_proton
from .files import check_readable, read_password
from .mechanisms import PASSWORD_MECHANISMS, usable_mechanisms
from .tls import client_domains

if TYPE_CHECKING:
    from ..options import TransportOptions
    from ..urls import Url


class ClientSecurity:
    """How this process authenticates to a broker, and verifies the broker."""

    def __init__(self, options: TransportOptions) -> None:
        """Raise Unavailable when a file is missing, unreadable or readable by others."""
        self._options = options
        self._domains = client_domains(options)
        if (options.user is None) != (options.password_file is None) and options.keytab is None:
            raise Unavailable("user", "user and password_file are needed together")
        if options.password_file is not None:
            read_password(options.password_file)
        if options.certificate is not None:
            self._domains.get()
        if options.keytab is not None:
            check_readable(options.keytab)
            os.environ["KRB5_CLIENT_KTNAME"] = f"FILE:{options.keytab}"
            os.environ.setdefault("KRB5CCNAME", "MEMORY:hostinfo")

    def mechanisms_for(self, url: Url) -> tuple[str, ...]:
        """Return the SASL mechanisms to try with this broker; raise Unavailable when none is secure."""
        options = self._options
        return usable_mechanisms(
            options,
            url,
            has_certificates=options.certificate is not None,
            has_passwords=options.password_file is not None,
        )

    def prepare(self, transport: Any, connection: Any, url: Url) -> str | None:
        """Set up a connection before it starts; return the user-id for its messages, None for none.

        Renewed certificates and passwords are used from the next connection on.
        """
        options = self._options
        mechanisms = self.mechanisms_for(url)
        sasl = transport.sasl()
        sasl.allow_insecure_mechs = False
        sasl.allowed_mechs(" ".join(mechanisms))
        has_user = options.user is not None and any(name in mechanisms for name in PASSWORD_MECHANISMS)
        if has_user and options.password_file is not None:
            connection.user = options.user
            connection.password = read_password(options.password_file)
        if url.is_tls:
            ssl = load_proton().SSL(transport, self._domains.get())
            ssl.peer_hostname = url.host
        return options.user if has_user or "GSSAPI" in mechanisms else None
