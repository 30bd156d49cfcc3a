"""The options of a transport: a plain value that a configuration file or a command line fills."""

from dataclasses import dataclass

from ..qmf.wire.addresses import DEFAULT_DOMAIN

ADDRESS_SCHEMES = ("auto", "qpidd", "rabbitmq-3", "rabbitmq-4", "plain")


@dataclass(frozen=True, slots=True, kw_only=True)
class TransportOptions:
    """Where to connect or to listen, and how to authenticate."""

    urls: tuple[str, ...] = ()
    """Brokers, `amqp://HOST[:PORT]` or `amqps://…`, tried in turn. Empty, without `listen`: the SRV records in DNS."""
    listen: str | None = None
    """`amqp://ADDRESS:PORT` or `amqps://…`: run the exchanges in this process instead of using a broker."""
    domain: str = DEFAULT_DOMAIN
    """QMF domain: the exchanges are qmf.DOMAIN.topic and qmf.DOMAIN.direct."""
    dns_domain: str | None = None
    """DNS domain whose SRV records _amqps._tcp and _amqp._tcp name the brokers; None: this host's."""
    address_scheme: str = "auto"
    """How the broker writes addresses, one of ADDRESS_SCHEMES; `auto`: by the product that the broker reports."""
    name: str = "hostinfo"
    """Prefix of the AMQP container id; a unique suffix is added."""

    queue: str | None = None
    """Only receive from this queue or stream of the broker, instead of subscribing; it must exist. Each message stays
    there until it is settled (streams keep them in any case)."""
    queue_offset: str | int | None = None
    """Where to begin in a stream: first, last, next, or the number of a message; None: next. A queue has none."""

    ca: str | None = None
    """PEM file of the authorities that sign the peers' certificates. None: connecting, the system's; listening, none
    and no client certificates."""
    certificate: str | None = None
    """PEM file of the local certificate and its chain."""
    key: str | None = None
    """PEM file of the certificate's private key; None: it is in the certificate's file."""
    verify_name: bool = True
    """Whether the broker's certificate must be for the host name in its URL."""

    mechanisms: tuple[str, ...] = ()
    """SASL mechanisms that may be used; empty: every secure one that the other options allow."""
    user: str | None = None
    """User for SCRAM-SHA-256 and PLAIN; with GSSAPI the principal, if the broker requires it in messages."""
    password_file: str | None = None
    """File that holds only the password; only its owner may read it."""
    keytab: str | None = None
    """Kerberos keytab: the client's to connect, the service's (amqp/HOST) to listen."""
    users: str | None = None
    """Listening: a Cyrus SASL database (saslpasswd2 -f) of users for SCRAM-SHA-256 and PLAIN."""
    realm: str | None = None
    """Listening: the realm of the names in `users`; None: the host's name."""
    allow_anonymous: bool = False
    """Whether connections without authentication are allowed to and from other hosts too."""
    allow_cleartext: bool = False
    """Whether connections without TLS are allowed to and from other hosts too; passwords are never sent in clear."""

    heartbeat_seconds: float = 30.0
    """A peer that is silent for twice as long is disconnected."""
    retry_seconds: float = 30.0
    """Upper limit of the time between two attempts to connect; each is random, from zero to a doubling limit."""
    retry_refused_seconds: float = 1.2
    """The same limit while nothing accepts the connection."""
    spread_seconds: float = 0.0
    """Upper limit of the random time between a broker's return after an outage and the login, so that a fleet does not
    return all at once; never longer than a quarter of the outage, or two seconds. 0: at once."""
    max_connections: int = 1_024
    """Listening: clients at a time."""
    max_links: int = 64
    """Listening: links per client."""
    max_message_bytes: int = 1 << 20
    """Listening: a larger message closes its link."""
    max_queue_bytes: int = 32 << 20
    """Listening: size of the messages queued per consumer; beyond it the oldest are dropped."""
    max_queue_messages: int = 10_000
    """Listening: number of the messages queued per consumer."""
    max_total_bytes: int = 24 << 20
    """Listening: memory of the messages queued for all clients together; beyond it the client that holds the most loses
    its oldest."""
