"""Authentication with OpenSSL's certificates and Cyrus SASL's database; the agent runs in its own process."""

import os
import pwd
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hostinfo import Unavailable
from hostinfo.agent.transport import ConnectionState, TransportOptions, open_transport
from tests.support.certificates import SAN, Authority
from tests.support.echo_agent import echo_agent
from tests.support.transport_helpers import TOPIC, Peer, embedded_agent, host_and_port, request

pytest.importorskip("proton")
REALM = "TESTS.EXAMPLE"


def user_seen_by(url: str, **options: Any) -> str | None:
    """Connect, send a request, and return the user that the agent received it from."""
    with Peer(TransportOptions(urls=(url,), **options), (TOPIC, "r.1")).connected() as console:
        console.transport.send(request(console.transport, "r.1"))
        console.wait(lambda: len(console.messages) == 1)
        body: Any = console.messages[0].body
        user: str | None = body["user"]
        return user


def refusal(url: str, **options: Any) -> str:
    """Try to connect twice, and return the state and reason of the refusal."""
    with Peer(TransportOptions(urls=(url,), retry_seconds=0.1, **options), (TOPIC, "r.1")) as console:
        console.wait(lambda: len(console.states) >= 2)
        assert all(state is not ConnectionState.CONNECTED for state, _ in console.states)
        return f"{console.states[0][0].value}: {console.states[0][1]}"


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
    certificate, key = authority.sign("console", common_name="console 1")
    assert user_seen_by(tls_agent, ca=str(authority.ca), certificate=certificate, key=key) == "CN=console 1"


def test_a_client_without_a_certificate_is_refused_where_one_is_required(tls_agent: str, authority: Authority) -> None:
    assert "certificate" in refusal(tls_agent, ca=str(authority.ca), allow_anonymous=True)


def test_an_expired_certificate_is_refused(tls_agent: str, authority: Authority) -> None:
    certificate, key = authority.sign("late", days=-1)
    assert "expired" in refusal(tls_agent, ca=str(authority.ca), certificate=certificate, key=key)


def test_a_client_certificate_of_an_unknown_authority_is_refused(
    tls_agent: str, authority: Authority, tmp_path: Path
) -> None:
    certificate, key = Authority(tmp_path, "unknown").sign("stranger", common_name="console 1")
    reason = refusal(tls_agent, ca=str(authority.ca), certificate=certificate, key=key)
    assert "unknown ca" in reason or "certificate" in reason


def test_a_listener_certificate_of_an_unknown_authority_is_refused(
    tls_agent: str, authority: Authority, tmp_path: Path
) -> None:
    certificate, key = authority.sign("console2")
    unknown = Authority(tmp_path, "unknown")
    assert "verify failed" in refusal(tls_agent, ca=str(unknown.ca), certificate=certificate, key=key)


def test_a_listener_certificate_for_another_host_is_refused(authority: Authority, folder: Path) -> None:
    certificate, key = authority.sign("elsewhere", extension="subjectAltName=DNS:elsewhere.example")
    with echo_agent(listen="amqps://localhost:0", certificate=certificate, key=key, allow_anonymous=True) as url:
        assert "certificate" in refusal(url, ca=str(authority.ca))
        assert user_seen_by(url, ca=str(authority.ca), verify_name=False) is None


@pytest.mark.parametrize("mechanism", ["SCRAM-SHA-256", "PLAIN"])
def test_a_password_names_its_owner(password_agent: str, authority: Authority, password: str, mechanism: str) -> None:
    found = user_seen_by(
        password_agent,
        ca=str(authority.ca),
        user=f"joe@{REALM}",
        password_file=password,
        mechanisms=(mechanism,),
    )
    assert found == f"joe@{REALM}"


@pytest.mark.parametrize("user", ["ann", "unknown"])
def test_a_wrong_password_is_refused_and_retried(
    password_agent: str, authority: Authority, password: str, user: str
) -> None:
    reason = refusal(password_agent, ca=str(authority.ca), user=f"{user}@{REALM}", password_file=password)
    assert reason.startswith("refused:")


def test_a_failed_login_is_audited(
    server: dict[str, str], users: str, authority: Authority, password: str, caplog: pytest.LogCaptureFixture
) -> None:
    with (
        caplog.at_level("WARNING", logger="hostinfo"),
        embedded_agent(**server, users=users, realm=REALM) as agent,
    ):
        refusal(agent.url, ca=str(authority.ca), user=f"ann@{REALM}", password_file=password)
    record = next(record for record in caplog.records if "call=login" in record.getMessage())
    fields = vars(record)["fields"]
    assert (fields["method"], fields["result"]) == ("login", "refused: SCRAM-SHA-256 login failed")
    assert fields["address"] in record.getMessage()


def test_failed_logins_slow_the_next_connection_and_a_right_one_succeeds(
    server: dict[str, str], users: str, authority: Authority, password: str
) -> None:
    with echo_agent(None, (), **server, users=users, realm=REALM) as url:
        for _ in range(2):
            refusal(url, ca=str(authority.ca), user=f"ann@{REALM}", password_file=password)
        context = ssl.create_default_context(cafile=str(authority.ca))
        with socket.create_connection(host_and_port(url.replace("amqps:", "amqp:")), 5) as sock:
            sock.settimeout(0.3)
            with pytest.raises(TimeoutError):
                context.wrap_socket(sock, server_hostname="localhost")
        assert user_seen_by(url, ca=str(authority.ca), user=f"joe@{REALM}", password_file=password) == f"joe@{REALM}"


def test_a_corrected_password_is_used_without_a_restart(
    password_agent: str, authority: Authority, tmp_path: Path
) -> None:
    path = tmp_path / "password"
    path.write_text("wrong")
    path.chmod(0o600)
    options = TransportOptions(
        urls=(password_agent,), ca=str(authority.ca), user=f"joe@{REALM}", password_file=str(path), retry_seconds=0.2
    )
    with Peer(options) as console:
        console.wait(lambda: console.state is ConnectionState.REFUSED)
        path.write_text("secret")
        console.connected()


def test_an_anonymous_client_is_refused_where_a_password_is_required(password_agent: str, authority: Authority) -> None:
    assert refusal(password_agent, ca=str(authority.ca), allow_anonymous=True).startswith("refused:")


def test_scram_is_allowed_without_tls_on_loopback_and_plain_is_not(users: str, password: str) -> None:
    with echo_agent(listen="amqp://127.0.0.1:0", users=users, realm=REALM) as url:
        assert user_seen_by(url, user=f"joe@{REALM}", password_file=password) == f"joe@{REALM}"
        with pytest.raises(Unavailable, match="no way to authenticate"):
            open_transport(TransportOptions(urls=(url,), user="joe", password_file=password, mechanisms=("PLAIN",)))


def test_a_client_without_tls_is_refused_by_a_listener_with_tls(password_agent: str, password: str) -> None:
    refusal(password_agent.replace("amqps", "amqp"), user=f"joe@{REALM}", password_file=password)


@pytest.mark.root
@pytest.mark.parametrize("options", [{"key": "FILE", "certificate": "FILE"}, {"keytab": "FILE"}, {"password": "FILE"}])
def test_a_secret_that_the_agents_user_may_not_read_is_reported_with_the_user(
    tmp_path: Path, options: dict[str, str]
) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root: the file of another user")
    path = tmp_path / "secret"
    path.write_text("secret")
    path.chmod(0o600)
    user = pwd.getpwnam("nobody")
    named = {"password_file" if name == "password" else name: str(path) for name in options}
    named |= {"user": "joe"} if "password" in options else {}
    os.seteuid(user.pw_uid)
    try:
        with pytest.raises(Unavailable, match=f"{path}: .*denied; the user {user.pw_name} must have read permission"):
            open_transport(TransportOptions(urls=("amqps://h",), **named))  # type: ignore[arg-type]
    finally:
        os.seteuid(0)


def test_a_password_file_that_others_may_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "password"
    path.write_text("secret")
    path.chmod(0o640)
    with pytest.raises(Unavailable, match="0600"):
        open_transport(TransportOptions(urls=("amqps://h",), user="joe", password_file=str(path)))


def test_a_private_key_that_all_users_may_read_is_refused(authority: Authority) -> None:
    certificate, key = authority.sign("open")
    Path(key).chmod(0o644)
    with pytest.raises(Unavailable, match="chmod"):
        open_transport(TransportOptions(urls=("amqps://h",), certificate=certificate, key=key))


def test_connecting_without_tls_is_refused_except_on_loopback() -> None:
    with pytest.raises(Unavailable, match="amqps"):
        open_transport(TransportOptions(urls=("amqp://192.0.2.1",)))


def test_a_listener_for_other_hosts_needs_a_login(server: dict[str, str]) -> None:
    with pytest.raises(Unavailable, match="no way to authenticate"):
        open_transport(TransportOptions(**{**server, "listen": "amqps://0.0.0.0:0"}))  # type: ignore[arg-type]
