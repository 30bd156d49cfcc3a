"""Brokers of a DNS domain: SRV records _amqps._tcp, then _amqp._tcp (RFC 2782), by dnspython."""

import socket
from typing import Any

from hostinfo import Unavailable

from ..urls import Url

SECONDS = 10.0


def find_brokers(domain: str | None) -> list[Url]:
    """Ask DNS for the brokers of a domain (None: this host's), best first; Unavailable when there are none."""
    if domain is None:
        domain = socket.getfqdn().partition(".")[2]
    if not domain:
        raise Unavailable("DNS", "no broker was named, and this host's name has no domain to ask for one")
    try:
        import dns.exception
        import dns.resolver
    except ImportError as error:
        raise Unavailable("DNS", f"no broker was named, and SRV records need dnspython ({error})") from error
    found: list[Url] = []
    for service, is_tls in (("_amqps._tcp", True), ("_amqp._tcp", False)):
        try:
            answer = dns.resolver.resolve(f"{service}.{domain}", "SRV", lifetime=SECONDS)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            continue
        except dns.exception.DNSException as error:
            raise Unavailable("DNS", f"{service}.{domain}: {error}") from error
        found += order(list(answer), is_tls=is_tls)
    if not found:
        raise Unavailable("DNS", f"neither _amqps._tcp.{domain} nor _amqp._tcp.{domain} names a broker")
    return found


def order(records: list[Any], *, is_tls: bool) -> list[Url]:
    """Sort SRV records by priority, within one by a draw after their weights; `.` means that there is no service."""
    import random

    drawn = sorted(records, key=lambda record: (record.priority, -(random.random() ** (1 / max(record.weight, 0.01)))))  # noqa: S311
    targets = ((str(record.target).rstrip("."), record.port) for record in drawn)
    return [Url(host, port, is_tls) for host, port in targets if host]
