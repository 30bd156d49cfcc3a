import select
from pathlib import Path

from hostinfo.lowlevel.inotify import PathWatch


def has_event(watch: PathWatch) -> bool:
    return bool(select.select([watch], [], [], 0)[0])


def test_a_socket_that_is_created_is_notified(tmp_path: Path) -> None:
    watch = PathWatch((str(tmp_path / "daemon.sock"),))
    assert not has_event(watch)
    (tmp_path / "daemon.sock").touch()
    assert has_event(watch)
    watch.rearm()
    assert not has_event(watch)
    watch.close()
    watch.close()


def test_a_missing_directory_is_notified_when_it_is_created_and_then_watched(tmp_path: Path) -> None:
    watch = PathWatch((str(tmp_path / "run" / "libvirt" / "sock"),))
    (tmp_path / "run").mkdir()
    assert has_event(watch)
    watch.rearm()
    (tmp_path / "run" / "libvirt").mkdir()
    assert has_event(watch)
    watch.rearm()
    (tmp_path / "run" / "libvirt" / "sock").touch()
    assert has_event(watch)
    watch.close()
