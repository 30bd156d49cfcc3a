"""Files of network services that others wrote: whole, or refused with the reason."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from hostinfo.actions.network.config_file import LIMIT, read_config_file
from hostinfo.errors import ActionFailed


def make_symlink(path: Path) -> None:
    path.symlink_to("/etc/hostname")


def make_long(path: Path) -> None:
    path.write_bytes(b"#" * (LIMIT + 1))


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (os.mkfifo, "is no regular file"),
        (Path.mkdir, "is no regular file"),
        (make_symlink, "is a symbolic link"),
        (make_long, f"longer than {LIMIT} bytes"),
    ],
)
def test_what_could_not_be_put_back_is_refused(tmp_path: Path, make: Callable[[Path], None], reason: str) -> None:
    path = tmp_path / "20-lan.network"
    make(path)
    with pytest.raises(ActionFailed, match=f"{path}: .*{reason}"):
        read_config_file(str(path))


def test_a_file_is_read_with_its_status_and_with_bytes_that_are_no_text(tmp_path: Path) -> None:
    path = tmp_path / "lan.nmconnection"
    assert read_config_file(str(path)) is None
    path.write_bytes(b"id=\xff\r\n")
    path.chmod(0o600)
    found = read_config_file(str(path))
    assert found is not None
    assert found[0].encode("utf-8", "surrogateescape") == b"id=\xff\r\n"
    assert found[1].st_mode & 0o777 == 0o600
