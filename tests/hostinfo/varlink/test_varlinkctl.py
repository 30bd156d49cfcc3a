"""systemd's varlinkctl works with the server."""

from __future__ import annotations

from pathlib import Path

import pytest

from hostinfo.varlink.interface_text import parse_interface
from tests.support.varlink_example import INTERFACE, NAME, serve
from tests.support.varlinkctl import Varlinkctl, require_varlinkctl

pytestmark = [pytest.mark.root, pytest.mark.slow]


def test_varlinkctl_reads_the_interface_and_calls_its_methods(tmp_path: Path) -> None:
    root = require_varlinkctl()
    (tmp_path / "own").mkdir()
    with serve(tmp_path / "own") as served:
        varlinkctl = Varlinkctl(root, Path(served.path))
        assert "Product: test" in varlinkctl.run("info").stdout
        assert varlinkctl.run("list-interfaces").stdout.split() == [NAME, "org.varlink.service"]
        introspected = varlinkctl.run("introspect", NAME)
        assert introspected.returncode == 0, introspected.stderr
        assert parse_interface(introspected.stdout).method("Echo") == INTERFACE.method("Echo")
        names = {one.name for one in parse_interface(introspected.stdout).definitions}
        assert names == {one.name for one in INTERFACE.definitions}
        parameters = {"text": "a\N{SNOWMAN}", "points": [{"x": 1}], "color": "green", "number": 0.5}
        assert varlinkctl.call(f"{NAME}.Echo", parameters) == parameters
        assert "Failed" in varlinkctl.error(f"{NAME}.Fail")
        assert "InvalidParameter" in varlinkctl.error(f"{NAME}.Echo", {"text": 1})
        assert "MethodNotFound" in varlinkctl.error(f"{NAME}.Nothing")
        count = ("call", f"{NAME}.Count", '{"number":3,"bytes":1}')
        replies = varlinkctl.run(*count, options=("--more", "--json=short"))
        assert replies.stdout.count('"number"') == 3
        assert "ExpectedMore" in varlinkctl.run(*count).stderr
