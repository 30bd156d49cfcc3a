"""What a transport is told: a plain value that a configuration file or a command line fills."""

from dataclasses import dataclass

from ..qmf.wire.addresses import DEFAULT_DOMAIN

ADDRESS_SCHEMES = ("auto", "qpidd", "rabbitmq-3", "rabbitmq-4", "plain")


@dataclass(frozen=True, slots=True, kw_only=True)
class TransportOptions:
    """Where to connect or to listen, and how to prove who one is."""

    urls: tuple[str, ...] = ()
    """Brokers, `amqp://HOST[:PORT]` or `amqps://…`, taken in turn. Without any, and without `listen`, DNS is asked."""
    listen: str | None = None
    """`amqp://ADDRESS:PORT` or `amqps://…`: carry the exchanges in this process, no broker needed."""
    domain: str = DEFAULT_DOMAIN
    """QMF domain: the exchanges are qmf.DOMAIN.topic and qmf.DOMAIN.direct."""
    dns_domain: str | None = None
    """Whose SRV records _amqps._tcp and _amqp._tcp name the brokers; None: the domain of this host's name."""
    address_scheme: str = "auto"
    """How addresses are written, one of ADDRESS_SCHEMES; `auto` goes by what the peer calls itself."""
    name: str = "hostinfo"
    """Beginning of the AMQP container id; a unique tail is added."""

    ca: str | None = None
    """PEM file of the authorities to check peers against; None: the system's to connect, and to listen nobody."""
    certificate: str | None = None
    """Own PEM certificate, with its chain."""
    key: str | None = None
    """Its private key; None: it stands in the certificate's file."""
    verify_name: bool = True
    """Check that a broker's certificate is for the host that was asked for."""

    mechanisms: tuple[str, ...] = ()
    """SASL mechanisms that may be used; () takes the safe ones of what else is configured."""
    user: str | None = None
    """Name for SCRAM-SHA-256 and PLAIN; with GSSAPI the principal, where the broker wants it in messages."""
    password_file: str | None = None
    """File with the password alone; only its owner may read it."""
    keytab: str | None = None
    """Kerberos keys: the client's to connect, the service's (amqp/HOST) to listen."""
    users: str | None = None
    """Listening: a Cyrus SASL database (saslpasswd2 -f) of names for SCRAM-SHA-256 and PLAIN."""
    realm: str | None = None
    """Listening: the realm of the names in `users`; None: the host's name."""
    allow_anonymous: bool = False
    """Take peers and brokers without authentication also where it is not loopback."""
    allow_cleartext: bool = False
    """Go without TLS also where it is not loopback; then still no password is sent in clear."""

    heartbeat_seconds: float = 30.0
    """The peer is gone when it is silent twice as long."""
    retry_seconds: float = 30.0
    """Longest wait between two tries to connect; each wait is drawn evenly from zero to the present longest."""
    retry_refused_seconds: float = 1.2
    """The same, where the host of the broker answers that nobody listens on the port."""
    max_connections: int = 1_024
    """Listening: peers at once."""
    max_links: int = 64
    """Listening: links of one peer."""
    max_message_bytes: int = 1 << 20
    """Listening: larger messages end their link."""
    max_queue_bytes: int = 32 << 20
    """Listening: what waits for one consumer; beyond it the oldest goes."""
    max_queue_messages: int = 10_000
    """Listening: the same in messages."""
    max_total_bytes: int = 256 << 20
    """Listening: what waits for all consumers together."""
