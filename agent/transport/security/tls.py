"""TLS settings of both ends, as proton's SSLDomain."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from hostinfo import Unavailable

from ..amqp.proton_library import load_proton
from .domain_cache import DomainCache
from .files import check_readable

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..options import TransportOptions


def client_domains(options: TransportOptions) -> DomainCache:
    """Return the settings to connect with, made again when their files change."""
    return DomainCache(lambda: client_domain(options), lambda: _paths(options, options.ca or _system_ca()))


def server_domains(options: TransportOptions) -> DomainCache:
    """Return the settings to listen with, made again when their files change."""
    return DomainCache(lambda: server_domain(options), lambda: _paths(options, options.ca))


def _paths(options: TransportOptions, ca: str | None) -> list[str]:
    return [path for path in (options.certificate, options.key, ca) if path is not None]


def client_domain(options: TransportOptions) -> Any:
    """Return the settings to connect with; raise Unavailable for a file that OpenSSL does not accept."""
    proton = load_proton()
    domain = proton.SSLDomain(proton.SSLDomain.MODE_CLIENT)
    ca = options.ca or _system_ca()
    _load(ca, "CA certificates", lambda: domain.set_trusted_ca_db(ca))
    domain.set_peer_authentication(
        proton.SSLDomain.VERIFY_PEER_NAME if options.verify_name else proton.SSLDomain.VERIFY_PEER
    )
    if options.certificate is not None:
        _load_credentials(domain, options.certificate, options.key)
    return domain


def server_domain(options: TransportOptions) -> Any:
    """Return the settings to listen with; raise Unavailable without a certificate, or for one OpenSSL rejects."""
    proton = load_proton()
    if options.certificate is None:
        raise Unavailable(str(options.listen), "amqps:// needs a certificate")
    domain = proton.SSLDomain(proton.SSLDomain.MODE_SERVER)
    _load_credentials(domain, options.certificate, options.key)
    if options.ca is None:
        domain.set_peer_authentication(proton.SSLDomain.ANONYMOUS_PEER)
        return domain
    ca = options.ca
    _load(ca, "CA certificates", lambda: domain.set_trusted_ca_db(ca))
    domain.set_peer_authentication(proton.SSLDomain.VERIFY_PEER, ca)
    return domain


def _load_credentials(domain: Any, certificate: str, key: str | None) -> None:
    key_path = key or certificate
    check_readable(key_path)
    if os.stat(key_path).st_mode & 0o007:
        raise Unavailable(key_path, "the private key is accessible to all users; run chmod o= on it")
    _load(certificate, "certificate and key", lambda: domain.set_credentials(certificate, key_path, None))


def _load(path: str, what: str, load: Callable[[], object]) -> None:
    check_readable(path)
    try:
        load()
    except load_proton().SSLException as error:
        raise Unavailable(path, f"OpenSSL finds no valid {what} in it ({error})") from None


def _system_ca() -> str:
    """Return the file with the authorities that the distribution trusts."""
    import ssl  # 1 MiB, and not needed when `ca` is set

    known = (
        ssl.get_default_verify_paths().cafile,
        "/etc/ssl/certs/ca-certificates.crt",
        "/etc/pki/tls/certs/ca-bundle.crt",
    )
    for path in known:
        if path and os.path.exists(path):
            return path
    raise Unavailable("TLS", "no system CA certificates to verify the broker with; set ca")
