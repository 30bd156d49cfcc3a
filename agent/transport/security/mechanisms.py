"""Which SASL mechanisms may be used for a URL, by the options that were set.

| mechanism | condition | user-id in messages |
|---|---|---|
| EXTERNAL | TLS, and a client certificate (`certificate`; listening: `ca`) | `CN=` and the common name |
| GSSAPI | `keytab` | `user@REALM` |
| SCRAM-SHA-256 | a password (`password_file`; listening: `users`) | `user@REALM`; connecting, the bare name |
| PLAIN | the same, and TLS | the same |
| ANONYMOUS | loopback without any of the above, or `allow_anonymous` | none |
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hostinfo import Unavailable

if TYPE_CHECKING:
    from ..options import TransportOptions
    from ..urls import Url

PASSWORD_MECHANISMS = ("SCRAM-SHA-256", "PLAIN")


def usable_mechanisms(
    options: TransportOptions, url: Url, *, has_certificates: bool, has_passwords: bool
) -> tuple[str, ...]:
    """Return the mechanisms that may be used; raise Unavailable when no secure one is left, or TLS is missing."""
    if not url.is_tls and not url.is_loopback and not options.allow_cleartext:
        raise Unavailable(
            str(url), "the connection would not be encrypted; use amqps://, or allow_cleartext in a trusted network"
        )
    possible = []
    if url.is_tls and has_certificates:
        possible.append("EXTERNAL")
    if options.keytab is not None:
        possible.append("GSSAPI")
    if has_passwords:
        possible += PASSWORD_MECHANISMS if url.is_tls else ["SCRAM-SHA-256"]
    if options.allow_anonymous or (url.is_loopback and not possible):
        possible.append("ANONYMOUS")
    usable = tuple(name for name in possible if not options.mechanisms or name in options.mechanisms)
    if not usable:
        allowed, known = ", ".join(options.mechanisms) or "any", ", ".join(possible) or "none"
        raise Unavailable(str(url), f"no way to authenticate (allowed: {allowed}; possible here: {known})")
    return usable
