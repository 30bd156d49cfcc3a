"""Brokers of a DNS domain: SRV records _amqps._tcp, then _amqp._tcp (RFC 2782), by dnspython."""

from __future__ import annotations

import random
import socket
from typing import Any

from hostinfo import Unavailable

from ..urls import Url

TIMEOUT_SECONDS = 10.0


def find_brokers(domain: str | None) -> list[Url]:
    """Return the brokers of a domain (None: this host's), best first; raise Unavailable when DNS names none."""
    if domain is None:
        domain = socket.getfqdn().partition(".")[2]
    if not domain:
        raise Unavailable("DNS", "this host's name has no domain to look for brokers in; give a broker's URL")
    try:
        import dns.exception
        import dns.resolver
    except ImportError as error:
        raise Unavailable("DNS", f"SRV records need dnspython ({error}); install it or give a broker's URL") from error
    found: list[Url] = []
    for service, is_tls in (("_amqps._tcp", True), ("_amqp._tcp", False)):
        try:
            records = dns.resolver.resolve(f"{service}.{domain}", "SRV", lifetime=TIMEOUT_SECONDS)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            continue
        except dns.exception.DNSException as error:
            raise Unavailable("DNS", f"{service}.{domain}: {error}") from error
        found += sort_by_preference(list(records), is_tls=is_tls)
    if not found:
        raise Unavailable("DNS", f"neither _amqps._tcp.{domain} nor _amqp._tcp.{domain} names a broker")
    return found


def sort_by_preference(records: list[Any], *, is_tls: bool) -> list[Url]:
    """Return SRV records by priority, within one at random by weight; the target `.` means: no service, no entry."""

    def rank(record: Any) -> tuple[int, float]:
        return record.priority, -(random.random() ** (1 / max(record.weight, 0.01)))  # noqa: S311

    targets = ((str(record.target).rstrip("."), record.port) for record in sorted(records, key=rank))
    return [Url(host, port, is_tls) for host, port in targets if host]
