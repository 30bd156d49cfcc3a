"""Who may talk to whom: TLS and SASL for both ends of a connection, by proton's SSLDomain and SASL.

| mechanism | offered or tried when | name in messages (user-id) |
|---|---|---|
| EXTERNAL | TLS and a client certificate | `CN=` and the common name |
| GSSAPI | a keytab is given | `user@REALM` |
| SCRAM-SHA-256 | names and passwords are given | `user@REALM` of the listener, to a broker the bare name |
| PLAIN | the same, and inside TLS | the same |
| ANONYMOUS | on loopback where nothing else is given, or asked for | none |
"""

import os
import stat
from typing import Any

from hostinfo import Unavailable

from ..amqp.proton_library import load
from ..options import TransportOptions
from ..urls import Url
from .sasl_config import ServerSasl

SECRET_BYTES = 4_096
PASSWORD_MECHANISMS = ("SCRAM-SHA-256", "PLAIN")


class ClientSecurity:
    """How this peer proves who it is to a broker, and checks the broker."""

    def __init__(self, options: TransportOptions) -> None:
        self._options = options
        if (options.user is None) != (options.password_file is None) and options.keytab is None:
            raise Unavailable("user", "a user and a password_file belong together")
        if options.password_file is not None:
            read_secret(options.password_file)
        if options.certificate is not None:
            _client_domain(options)
        if options.keytab is not None:
            _readable(options.keytab)
            os.environ["KRB5_CLIENT_KTNAME"] = f"FILE:{options.keytab}"
            os.environ.setdefault("KRB5CCNAME", "MEMORY:hostinfo")

    def prepare(self, transport: Any, connection: Any, url: Url) -> str | None:
        """Set up a connection that is about to start; gives the user-id that messages carry, None for none.

        Certificates and passwords are read anew each time: they may have been renewed.
        """
        options = self._options
        mechanisms = self.check(url)
        sasl = transport.sasl()
        sasl.allow_insecure_mechs = False
        sasl.allowed_mechs(" ".join(mechanisms))
        named = options.user is not None and any(name in mechanisms for name in PASSWORD_MECHANISMS)
        if named and options.password_file is not None:
            connection.user = options.user
            connection.password = read_secret(options.password_file)
        if url.is_tls:
            ssl = load().SSL(transport, _client_domain(options))
            ssl.peer_hostname = url.host
        return options.user if named or "GSSAPI" in mechanisms else None

    def check(self, url: Url) -> tuple[str, ...]:
        """Name the mechanisms that are tried with this broker; Unavailable when none is safe."""
        options = self._options
        if not url.is_tls and not url.is_loopback and not options.allow_cleartext:
            raise Unavailable(str(url), "others could read along: use amqps://, or allow_cleartext where that is known")
        able = []
        if url.is_tls and options.certificate is not None:
            able.append("EXTERNAL")
        if options.keytab is not None:
            able.append("GSSAPI")
        if options.password_file is not None:
            able += ["SCRAM-SHA-256", "PLAIN"] if url.is_tls else ["SCRAM-SHA-256"]
        if options.allow_anonymous or (url.is_loopback and not able):
            able.append("ANONYMOUS")
        return _chosen(options, able, str(url))


class ServerSecurity:
    """What a listener asks of its peers."""

    def __init__(self, options: TransportOptions, url: Url) -> None:
        if not url.is_tls and not url.is_loopback and not options.allow_cleartext:
            raise Unavailable(str(url), "others could read along: use amqps://, or allow_cleartext where that is known")
        self._options, self._url = options, url
        self._mechanisms = self._able()
        self._sasl = ServerSasl(options)
        if url.is_tls:
            _server_domain(options)

    def prepare(self, transport: Any) -> None:
        """Set up an accepted connection."""
        if self._url.is_tls:
            load().SSL(transport, _server_domain(self._options))
        sasl = transport.sasl()
        self._sasl.prepare(sasl)
        sasl.allow_insecure_mechs = False
        sasl.allowed_mechs(" ".join(self._mechanisms))
        transport.require_auth("ANONYMOUS" not in self._mechanisms)

    def user_of(self, transport: Any) -> str | None:
        """Name the authenticated user; None for an anonymous one."""
        user, mechanism = transport.user, transport.sasl().mech
        if not user or mechanism in (None, "ANONYMOUS"):
            return None
        if mechanism == "EXTERNAL":
            name = load().SSL(transport, None).get_cert_common_name()
            return f"CN={name}" if name else str(user)
        return str(user) if "@" in user else f"{user}@{self._sasl.realm}"

    def close(self) -> None:
        """Take temporary files away."""
        self._sasl.close()

    def _able(self) -> tuple[str, ...]:
        options = self._options
        able = []
        if self._url.is_tls and options.ca is not None:
            able.append("EXTERNAL")
        if options.keytab is not None:
            able.append("GSSAPI")
        if options.users is not None:
            able += ["SCRAM-SHA-256", "PLAIN"] if self._url.is_tls else ["SCRAM-SHA-256"]
        if options.allow_anonymous or (self._url.is_loopback and not able):
            able.append("ANONYMOUS")
        return _chosen(options, able, str(self._url))


def read_secret(path: str) -> str:
    """Read a password from a file that nobody but its owner (us, or root) may read; Unavailable otherwise."""
    try:
        with open(path, "rb") as file:
            status = os.fstat(file.fileno())
            data = file.read(SECRET_BYTES + 1)
    except OSError as error:
        raise Unavailable(path, f"the password cannot be read: {error.strerror}") from error
    if not stat.S_ISREG(status.st_mode) or len(data) > SECRET_BYTES:
        raise Unavailable(path, "no file with a password")
    if status.st_mode & 0o077 or status.st_uid not in (0, os.geteuid()):
        raise Unavailable(path, "others may read the password: chmod 0600, and owned by who runs this")
    try:
        text = data.decode().rstrip("\r\n")
    except ValueError:
        raise Unavailable(path, "the password is not UTF-8") from None
    if not text or not text.isprintable():
        raise Unavailable(path, "no password, or more than its line")
    return text


def _chosen(options: TransportOptions, able: list[str], where: str) -> tuple[str, ...]:
    chosen = tuple(name for name in able if not options.mechanisms or name in options.mechanisms)
    if not chosen:
        wanted = ", ".join(options.mechanisms) or "any"
        raise Unavailable(
            where, f"no way to authenticate (allowed: {wanted}; possible here: {', '.join(able) or 'none'})"
        )
    return chosen


def _client_domain(options: TransportOptions) -> Any:
    proton = load()
    domain = proton.SSLDomain(proton.SSLDomain.MODE_CLIENT)
    ca = options.ca or _system_ca()
    _set(ca, "authorities", lambda: domain.set_trusted_ca_db(ca))
    domain.set_peer_authentication(
        proton.SSLDomain.VERIFY_PEER_NAME if options.verify_name else proton.SSLDomain.VERIFY_PEER
    )
    if options.certificate is not None:
        _credentials(domain, options.certificate, options.key)
    return domain


def _server_domain(options: TransportOptions) -> Any:
    proton = load()
    if options.certificate is None:
        raise Unavailable(str(options.listen), "amqps needs a certificate")
    domain = proton.SSLDomain(proton.SSLDomain.MODE_SERVER)
    _credentials(domain, options.certificate, options.key)
    if options.ca is None:
        domain.set_peer_authentication(proton.SSLDomain.ANONYMOUS_PEER)
        return domain
    ca = options.ca
    _set(ca, "authorities", lambda: domain.set_trusted_ca_db(ca))
    domain.set_peer_authentication(proton.SSLDomain.VERIFY_PEER, ca)
    return domain


def _credentials(domain: Any, certificate: str, key: str | None) -> None:
    path = key or certificate
    _readable(certificate)
    _readable(path)
    if os.stat(path).st_mode & 0o007:
        raise Unavailable(path, "everybody may read the private key: chmod o= it")
    _set(certificate, "certificate and key", lambda: domain.set_credentials(certificate, path, None))


def _set(path: str, what: str, call: Any) -> None:
    _readable(path)
    try:
        call()
    except load().SSLException as error:
        raise Unavailable(path, f"no {what} that OpenSSL takes ({error})") from None


def _readable(path: str) -> None:
    try:
        with open(path, "rb"):
            pass
    except OSError as error:
        raise Unavailable(path, f"cannot be read: {error.strerror}") from error


def _system_ca() -> str:
    """Find the authorities that the distribution trusts."""
    import ssl

    paths = ssl.get_default_verify_paths()
    known = (paths.cafile, "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt")
    for path in known:
        if path and os.path.exists(path):
            return path
    raise Unavailable("TLS", "no authorities to check the broker against: give a ca file")
