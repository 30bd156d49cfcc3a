import errno
import os
import threading
from pathlib import Path

import pytest

from hostinfo import ReadError, Unavailable
from hostinfo.lowlevel.bounded_file import read_descriptor, read_file


def test_a_file_of_exactly_the_limit_is_read_and_a_longer_one_is_not(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"x" * 100)
    assert read_file(str(path), 100) == b"x" * 100
    with pytest.raises(ReadError, match=f"{path}: longer than 99 bytes") as caught:
        read_file(str(path), 99)
    assert caught.value.errno == errno.EFBIG


def test_what_is_no_regular_file_is_named_and_never_blocks(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    for path, reason in (
        (tmp_path / "fifo", "not a regular file"),
        (Path("/dev/zero"), "not a regular file"),
        (tmp_path, "Is a directory"),
        (tmp_path / "none", "No such file or directory"),
    ):
        with pytest.raises(ReadError, match=f"{path}: {reason}"):
            read_file(str(path), 100)
    with pytest.raises(ReadError, match="null"):
        read_file("/a\0b", 100)


def test_a_pipe_is_read_to_its_end_where_that_is_asked_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    content = b"0123456789" * 50_000

    def write() -> None:
        (tmp_path / "fifo").write_bytes(content)

    writer = threading.Thread(target=write)
    writer.start()
    assert read_file(str(tmp_path / "fifo"), 1 << 20, regular_only=False) == content
    writer.join()
    with pytest.raises(ReadError, match="longer than 1000 bytes"):
        read_file("/dev/zero", 1000, regular_only=False)


def test_the_check_sees_the_open_file_and_may_refuse_it(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("password")
    path.chmod(0o644)

    def private(status: os.stat_result) -> None:
        if status.st_mode & 0o077:
            raise Unavailable(str(path), "readable by others")

    with pytest.raises(Unavailable, match="readable by others"):
        read_file(str(path), 100, check=private)
    path.chmod(0o600)
    assert read_file(str(path), 100, check=private) == b"password"


def test_an_error_of_an_open_file_names_its_source(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"0123456789")
    with path.open("rb") as file:
        assert read_descriptor(file.fileno(), 10, "standard input") == b"0123456789"
    with path.open("rb") as file, pytest.raises(ReadError, match="standard input: longer than 9 bytes"):
        read_descriptor(file.fileno(), 9, "standard input")
    with pytest.raises(ReadError, match="standard input: Bad file descriptor"):
        read_descriptor(-1, 9, "standard input")
