"""TLS and SASL of the connections that a listener accepts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..amqp.proton_library import load_proton
from .mechanisms import usable_mechanisms
from .sasl_config import SaslConfig
from .tls import server_domains

if TYPE_CHECKING:
    from ..options import TransportOptions
    from ..urls import Url


class ServerSecurity:
    """How clients must authenticate to the listener, and who they are."""

    def __init__(self, options: TransportOptions, url: Url) -> None:
        """Raise Unavailable when a file is missing or unreadable, or no secure mechanism is left."""
        self._options, self._url = options, url
        self._mechanisms = usable_mechanisms(
            options, url, has_certificates=options.ca is not None, has_passwords=options.users is not None
        )
        self._sasl = SaslConfig(options)
        self._domains = server_domains(options)
        if url.is_tls:
            self._domains.get()

    def open(self) -> None:
        """Write temporary files, before the first connection is prepared."""
        self._sasl.write()

    def prepare(self, transport: Any) -> None:
        """Set up an accepted connection before it starts."""
        if self._url.is_tls:
            load_proton().SSL(transport, self._domains.get())
        sasl = transport.sasl()
        self._sasl.prepare(sasl)
        sasl.allow_insecure_mechs = False
        sasl.allowed_mechs(" ".join(self._mechanisms))
        transport.require_auth("ANONYMOUS" not in self._mechanisms)

    def user_of(self, transport: Any) -> str | None:
        """Return the authenticated user of a connection; None for an anonymous one."""
        user, mechanism = transport.user, transport.sasl().mech
        if not user or mechanism in (None, "ANONYMOUS"):
            return None
        if mechanism == "EXTERNAL":
            name = load_proton().SSL(transport, None).get_cert_common_name()
            return f"CN={name}" if name else str(user)
        return str(user) if "@" in user else f"{user}@{self._sasl.realm}"

    def refused_mechanism(self, transport: Any) -> str | None:
        """Return the SASL mechanism of a login that was refused, all that proton has; None: none was refused."""
        sasl = transport.sasl()
        if sasl.outcome in (None, load_proton().SASL.OK):
            return None
        try:
            return str(sasl.mech or "none")
        except UnicodeDecodeError:  # a peer's bytes
            return "not readable"

    def close(self) -> None:
        """Remove temporary files."""
        self._sasl.close()
