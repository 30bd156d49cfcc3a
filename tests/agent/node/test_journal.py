"""Audit records in the journal."""

import socket
import struct
from pathlib import Path

from hostinfo.agent.node import Journal


def test_a_user_name_cannot_forge_a_field_of_an_audit_record(tmp_path: Path) -> None:
    path = str(tmp_path / "journal")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
        end.bind(path)
        end.settimeout(5)
        journal = Journal(path, is_service=True)
        arguments = {"body": "x", "password": "geheim"}
        journal.audit("eve\nHOSTINFO_RESULT=ok", "ovirtNode.echo", "node", arguments, "forbidden")
        fields = _fields(end.recv(65536))
        journal.close()
    assert fields["HOSTINFO_USER"] == "eve\nHOSTINFO_RESULT=ok"
    assert (fields["HOSTINFO_METHOD"], fields["HOSTINFO_OBJECT"]) == ("ovirtNode.echo", "node")
    assert fields["HOSTINFO_RESULT"] == "forbidden"
    assert fields["PRIORITY"] == "5"
    assert "geheim" not in str(fields)


def _fields(data: bytes) -> dict[str, str]:
    """Parse the journal's native protocol by its specification: name, newline, length, value, newline."""
    found: dict[str, str] = {}
    while data:
        name, _, rest = data.partition(b"\n")
        (length,) = struct.unpack("<Q", rest[:8])
        assert rest[8 + length : 9 + length] == b"\n"
        assert name.decode() not in found
        found[name.decode()] = rest[8 : 8 + length].decode()
        data = rest[9 + length :]
    return found
