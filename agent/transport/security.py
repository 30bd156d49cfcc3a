"""Who may talk to whom: TLS and SASL for both ends of a connection, by proton's SSLDomain and SASL."""

from typing import Any

from hostinfo import Unavailable

from .options import TransportOptions
from .urls import Url


class ServerSecurity:
    """What a listener asks of its peers."""

    def __init__(self, options: TransportOptions, url: Url) -> None:
        if not url.is_tls and not url.is_loopback and not options.allow_clear:
            raise Unavailable(str(url), "others could read along: use amqps://, or allow_clear where that is known")
        self._allows_anonymous = url.is_loopback or options.allow_anonymous

    def prepare(self, transport: Any) -> None:
        """Set up an accepted connection."""
        transport.sasl().allowed_mechs("ANONYMOUS")

    def user_of(self, transport: Any) -> str | None:
        """Name the authenticated user; None for an anonymous one."""
        user = transport.user
        return None if not user or user == "anonymous" else str(user)

    def close(self) -> None:
        """Take temporary files away."""


class ClientSecurity:
    """How this peer proves who it is to a broker, and checks the broker."""

    def __init__(self, options: TransportOptions) -> None:
        self._options = options

    def prepare(self, transport: Any, connection: Any, url: Url) -> str | None:
        """Set up a connection that is about to start; gives the user-id that messages carry, None for none."""
        if not url.is_tls and not url.is_loopback and not self._options.allow_clear:
            raise Unavailable(str(url), "others could read along: use amqps://, or allow_clear where that is known")
        connection.user = None
        transport.sasl().allowed_mechs("ANONYMOUS")
        return None
