"""TLS settings are made once per state of their files."""

import os
from pathlib import Path

import pytest

from hostinfo.agent.transport.options import TransportOptions
from hostinfo.agent.transport.security.domain_cache import DomainCache
from tests.support.certificates import SAN, Authority
from tests.support.transport_helpers import Peer, embedded_agent

pytest.importorskip("proton")


def test_the_settings_are_made_again_only_when_a_file_changed(tmp_path: Path) -> None:
    path = tmp_path / "a.pem"
    path.write_text("1")
    cache = DomainCache(object, lambda: [str(path)])
    first = cache.get()
    assert cache.get() is first
    status = path.stat()
    (tmp_path / "new").write_text("2")  # the same size and times, as `cp -p` leaves them
    os.utime(tmp_path / "new", ns=(status.st_atime_ns, status.st_mtime_ns))
    (tmp_path / "new").replace(path)
    second = cache.get()
    assert second is not first
    path.unlink()
    assert cache.get() is not second


def test_a_failure_is_raised_until_the_file_is_right(tmp_path: Path) -> None:
    path = tmp_path / "a.pem"

    def make() -> str:
        return path.read_text()

    cache = DomainCache(make, lambda: [str(path)])
    for _ in range(2):
        with pytest.raises(FileNotFoundError):
            cache.get()
    path.write_text("right")
    assert cache.get() == "right"


def test_a_renewed_certificate_is_used_at_the_next_connection(tmp_path: Path) -> None:
    for name in ("old", "new"):
        (tmp_path / name).mkdir()
    old, new = Authority(tmp_path / "old", "old"), Authority(tmp_path / "new", "new")
    certificate, key = old.sign("server", extension=SAN)
    with embedded_agent(listen="amqps://localhost:0", certificate=certificate, key=key, allow_anonymous=True) as agent:
        with Peer(TransportOptions(urls=(agent.url,), ca=str(old.ca), allow_anonymous=True)) as console:
            console.connected()
        renewed, renewed_key = new.sign("server", extension=SAN)
        Path(renewed_key).replace(key)
        Path(renewed).replace(certificate)
        with Peer(TransportOptions(urls=(agent.url,), ca=str(new.ca), allow_anonymous=True)) as console:
            console.connected()
