"""Authentication with real parts: OpenSSL's certificates, Cyrus SASL's database; the agent in a process of its own."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hostinfo import Unavailable
from hostinfo.agent.transport import ConnectionState, TransportOptions, open_transport
from tests.support.certificates import SAN, Authority
from tests.support.echo_agent import echo_agent
from tests.support.transport_helpers import TOPIC, End, request

pytest.importorskip("proton")
REALM = "TESTS.EXAMPLE"


def taken_for(url: str, **options: Any) -> str | None:
    """Connect, ask, and give who the agent took us for."""
    with End(TransportOptions(urls=(url,), **options), (TOPIC, "r.1")).connected() as end:
        end.transport.send(request(end.transport, "r.1"))
        end.wait(lambda: len(end.messages) == 1)
        body: Any = end.messages[0].body
        user: str | None = body["user"]
        return user


def refusal(url: str, **options: Any) -> str:
    """Connect, be refused twice (it is tried again), and give the reason."""
    with End(TransportOptions(urls=(url,), retry_seconds=0.1, **options), (TOPIC, "r.1")) as end:
        end.wait(lambda: len(end.states) >= 2)
        assert all(state is not ConnectionState.CONNECTED for state, _ in end.states)
        return f"{end.states[0][0].value}: {end.states[0][1]}"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("security")


@pytest.fixture(scope="module")
def authority(folder: Path) -> Authority:
    return Authority(folder, "test")


@pytest.fixture(scope="module")
def server(authority: Authority) -> dict[str, str]:
    certificate, key = authority.sign("server", extension=SAN)
    return {"listen": "amqps://localhost:0", "certificate": certificate, "key": key}


@pytest.fixture(scope="module")
def users(folder: Path) -> str:
    if shutil.which("saslpasswd2") is None:
        pytest.skip("saslpasswd2 is not installed (Debian: sasl2-bin)")
    path = folder / "users.db"
    for name, password in (("joe", "secret"), ("ann", "other")):
        subprocess.run(
            ["saslpasswd2", "-p", "-c", "-f", path, "-u", REALM, name], input=password, text=True, check=True
        )
    return str(path)


@pytest.fixture(scope="module")
def password(folder: Path) -> str:
    path = folder / "password"
    path.write_text("secret\n")
    path.chmod(0o600)
    return str(path)


@pytest.fixture(scope="module")
def tls_agent(server: dict[str, str], authority: Authority) -> Iterator[str]:
    with echo_agent(None, (), **server, ca=str(authority.ca)) as url:
        yield url


@pytest.fixture(scope="module")
def password_agent(server: dict[str, str], users: str) -> Iterator[str]:
    with echo_agent(None, (), **server, users=users, realm=REALM) as url:
        yield url


def test_a_client_certificate_names_its_owner(tls_agent: str, authority: Authority) -> None:
    certificate, key = authority.sign("console", common="console 1")
    assert taken_for(tls_agent, ca=str(authority.ca), certificate=certificate, key=key) == "CN=console 1"


def test_without_a_certificate_nobody_comes_in_where_one_is_asked_for(tls_agent: str, authority: Authority) -> None:
    assert "certificate" in refusal(tls_agent, ca=str(authority.ca), allow_anonymous=True)


def test_an_expired_certificate_is_refused(tls_agent: str, authority: Authority) -> None:
    certificate, key = authority.sign("late", days=-1)
    assert "expired" in refusal(tls_agent, ca=str(authority.ca), certificate=certificate, key=key)


def test_the_certificate_of_a_foreign_authority_is_refused(
    tls_agent: str, authority: Authority, tmp_path: Path
) -> None:
    certificate, key = Authority(tmp_path, "foreign").sign("stranger", common="console 1")
    told = refusal(tls_agent, ca=str(authority.ca), certificate=certificate, key=key)
    assert "unknown ca" in told or "certificate" in told


def test_a_listener_of_a_foreign_authority_is_not_trusted(tls_agent: str, authority: Authority, tmp_path: Path) -> None:
    certificate, key = authority.sign("console2")
    foreign = Authority(tmp_path, "foreign")
    assert "verify failed" in refusal(tls_agent, ca=str(foreign.ca), certificate=certificate, key=key)


def test_a_listener_with_the_certificate_of_another_host_is_not_trusted(authority: Authority, folder: Path) -> None:
    certificate, key = authority.sign("elsewhere", extension="subjectAltName=DNS:elsewhere.example")
    with echo_agent(listen="amqps://localhost:0", certificate=certificate, key=key, allow_anonymous=True) as url:
        assert "certificate" in refusal(url, ca=str(authority.ca))
        assert taken_for(url, ca=str(authority.ca), verify_name=False) is None


@pytest.mark.parametrize("mechanism", ["SCRAM-SHA-256", "PLAIN"])
def test_a_password_names_its_owner(password_agent: str, authority: Authority, password: str, mechanism: str) -> None:
    found = taken_for(
        password_agent,
        ca=str(authority.ca),
        user=f"joe@{REALM}",
        password_file=password,
        mechanisms=(mechanism,),
    )
    assert found == f"joe@{REALM}"


@pytest.mark.parametrize("user", ["ann", "nobody"])
def test_a_wrong_password_is_refused_and_tried_again(
    password_agent: str, authority: Authority, password: str, user: str
) -> None:
    told = refusal(password_agent, ca=str(authority.ca), user=f"{user}@{REALM}", password_file=password)
    assert told.startswith("refused:")


def test_a_password_that_becomes_right_is_taken_without_a_restart(
    password_agent: str, authority: Authority, tmp_path: Path
) -> None:
    path = tmp_path / "password"
    path.write_text("wrong")
    path.chmod(0o600)
    options = TransportOptions(
        urls=(password_agent,), ca=str(authority.ca), user=f"joe@{REALM}", password_file=str(path), retry_seconds=0.2
    )
    with End(options) as end:
        end.wait(lambda: end.state is ConnectionState.REFUSED)
        path.write_text("secret")
        end.connected()


def test_nobody_is_anonymous_where_passwords_are_asked_for(password_agent: str, authority: Authority) -> None:
    assert refusal(password_agent, ca=str(authority.ca), allow_anonymous=True).startswith("refused:")


def test_scram_works_in_clear_on_loopback_and_plain_does_not(users: str, password: str) -> None:
    with echo_agent(listen="amqp://127.0.0.1:0", users=users, realm=REALM) as url:
        assert taken_for(url, user=f"joe@{REALM}", password_file=password) == f"joe@{REALM}"
        with pytest.raises(Unavailable, match="no way to authenticate"):
            open_transport(TransportOptions(urls=(url,), user="joe", password_file=password, mechanisms=("PLAIN",)))


def test_a_client_in_clear_does_not_get_into_a_listener_with_tls(password_agent: str, password: str) -> None:
    clear = password_agent.replace("amqps", "amqp")
    refusal(clear, user=f"joe@{REALM}", password_file=password)


def test_a_password_that_others_may_read_is_not_used(tmp_path: Path) -> None:
    path = tmp_path / "password"
    path.write_text("secret")
    path.chmod(0o640)
    with pytest.raises(Unavailable, match="0600"):
        open_transport(TransportOptions(urls=("amqps://h",), user="joe", password_file=str(path)))


def test_a_key_that_everybody_may_read_is_not_used(authority: Authority) -> None:
    certificate, key = authority.sign("open")
    Path(key).chmod(0o644)
    with pytest.raises(Unavailable, match="chmod"):
        open_transport(TransportOptions(urls=("amqps://h",), certificate=certificate, key=key))


def test_other_hosts_are_not_talked_to_in_clear() -> None:
    with pytest.raises(Unavailable, match="amqps"):
        open_transport(TransportOptions(urls=("amqp://192.0.2.1",)))


def test_a_listener_for_others_needs_a_way_to_know_them(server: dict[str, str]) -> None:
    with pytest.raises(Unavailable, match="no way to authenticate"):
        open_transport(TransportOptions(**{**server, "listen": "amqps://0.0.0.0:0"}))  # type: ignore[arg-type]
