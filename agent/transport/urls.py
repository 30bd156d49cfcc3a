"""URLs of brokers and listeners: `amqp://` in clear on port 5672, `amqps://` with TLS on port 5671."""

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

from hostinfo import Unavailable

PORTS = {"amqp": 5672, "amqps": 5671}


@dataclass(frozen=True, slots=True)
class Url:
    """One place to connect to or to listen on."""

    host: str
    port: int
    is_tls: bool

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'amqps' if self.is_tls else 'amqp'}://{host}:{self.port}"

    @property
    def is_loopback(self) -> bool:
        """Tell whether nobody but this host can be at the other end."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False


def parse_url(text: str) -> Url:
    """Read a URL; Unavailable says what is wrong with it."""
    try:
        split = urlsplit(text if "//" in text else f"amqp://{text}")
        host, port = split.hostname, split.port
    except ValueError as error:
        raise Unavailable(text, f"no URL of AMQP ({error})") from None
    if split.password is not None or split.username is not None:
        raise Unavailable(f"{split.scheme}://{host}", "names and passwords do not belong into a URL: others see it")
    if split.scheme not in PORTS or not host:
        raise Unavailable(text, "no URL of AMQP: amqp://HOST[:PORT] or amqps://HOST[:PORT]")
    return Url(host, PORTS[split.scheme] if port is None else port, split.scheme == "amqps")
