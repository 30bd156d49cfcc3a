"""GSSAPI with real tickets: a KDC, an agent with the service's keytab, consoles with keytabs and without kinit."""

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support import kerberos
from tests.support.echo_agent import echo_agent
from tests.support.echo_console import run_echo_console
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


def connect_console(kdc: Kdc, url: str, keytab: str) -> dict[str, Any]:
    return run_echo_console(kdc.environment, urls=[url], keytab=keytab, allow_cleartext=True)


def test_a_keytab_is_enough_to_log_in_and_the_agent_knows_the_principal(kdc: Kdc, url: str) -> None:
    assert connect_console(kdc, url, kdc.keytab("node1"))["body"]["user"] == f"node1@{REALM}"


def test_a_principal_with_a_host_keeps_its_instance(kdc: Kdc, url: str) -> None:
    assert connect_console(kdc, url, kdc.keytab("console/host1"))["body"]["user"] == f"console/host1@{REALM}"


def test_a_keytab_with_old_keys_is_refused(kdc: Kdc, url: str) -> None:
    current = Path(kdc.keytab("renewed"))
    outdated = current.rename(current.with_suffix(".old"))
    kdc.keytab("renewed")
    outcome = connect_console(kdc, url, str(outdated))
    assert outcome.get("state") == "refused", outcome


def test_a_service_that_is_unknown_to_the_realm_is_refused(kdc: Kdc, url: str) -> None:
    outcome = connect_console(kdc, url.replace(HOST, "localhost"), kdc.keytab("node2"))
    assert outcome.get("state") == "refused", outcome
