"""URLs of brokers and listeners: `amqp://` without TLS on port 5672, `amqps://` with TLS on port 5671."""

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

from hostinfo import Unavailable

PORTS = {"amqp": 5672, "amqps": 5671}


@dataclass(frozen=True, slots=True)
class Url:
    """Where to connect or to listen."""

    host: str
    port: int
    is_tls: bool

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'amqps' if self.is_tls else 'amqp'}://{host}:{self.port}"

    @property
    def is_loopback(self) -> bool:
        """Whether only this host can be at the other end."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False


def parse_url(text: str) -> Url:
    """Parse a URL, whose scheme may be left out; raise Unavailable with what is wrong."""
    try:
        split = urlsplit(text if "//" in text else f"amqp://{text}")
        host, port = split.hostname, split.port
    except ValueError as error:
        raise Unavailable(text, f"not an AMQP URL ({error})") from None
    if split.password is not None or split.username is not None:
        where = f"{split.scheme}://{host}"
        raise Unavailable(where, "a URL is visible to others: set user and password_file instead of writing them in it")
    if split.scheme not in PORTS or not host:
        raise Unavailable(text, "not an AMQP URL; use amqp://HOST[:PORT] or amqps://HOST[:PORT]")
    return Url(host, PORTS[split.scheme] if port is None else port, split.scheme == "amqps")
