"""GSSAPI with real tickets: a KDC of our own, an agent with the service's keytab, consoles with theirs and no kinit."""

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support import kerberos
from tests.support.echo_agent import echo_agent
from tests.support.kerberos import REALM, Kdc

pytest.importorskip("proton")
pytestmark = [pytest.mark.slow, pytest.mark.skipif(not kerberos.is_installed(), reason="krb5-kdc is not installed")]
HOST = socket.gethostname()


@pytest.fixture(scope="module")
def kdc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kdc]:
    found = Kdc(tmp_path_factory.mktemp("kdc"))
    yield found
    found.stop()


@pytest.fixture(scope="module")
def url(kdc: Kdc) -> Iterator[str]:
    try:
        socket.getaddrinfo(HOST, None)
    except OSError:
        pytest.skip("this host's name has no address, and tickets are for names")
    service = kdc.keytab(f"amqp/{HOST}")
    with echo_agent(kdc.environment, listen="amqp://127.0.0.1:0", keytab=service, realm=REALM) as found:
        yield found.replace("127.0.0.1", HOST)


def console(kdc: Kdc, url: str, keytab: str, **options: Any) -> dict[str, Any]:
    told = {"urls": [url], "keytab": keytab, "allow_cleartext": True, **options}
    command = [sys.executable, "-m", "tests.support.echo_console", json.dumps(told)]
    done = subprocess.run(
        command, env=kdc.environment, cwd=Path(__file__).parents[4], capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_a_keytab_alone_is_enough_and_the_agent_knows_the_principal(kdc: Kdc, url: str) -> None:
    assert console(kdc, url, kdc.keytab("node1"))["body"]["user"] == f"node1@{REALM}"


def test_a_principal_with_a_host_keeps_its_instance(kdc: Kdc, url: str) -> None:
    assert console(kdc, url, kdc.keytab("console/host1"))["body"]["user"] == f"console/host1@{REALM}"


def test_a_keytab_with_old_keys_is_refused(kdc: Kdc, url: str) -> None:
    old = Path(kdc.keytab("renewed"))
    kept = old.rename(old.with_suffix(".old"))
    kdc.keytab("renewed")
    told = console(kdc, url, str(kept))
    assert told.get("state") == "refused", told


def test_a_service_that_the_realm_does_not_know_is_not_talked_to(kdc: Kdc, url: str) -> None:
    other = url.replace(HOST, "localhost")
    told = console(kdc, other, kdc.keytab("node2"))
    assert told.get("state") == "refused", told
