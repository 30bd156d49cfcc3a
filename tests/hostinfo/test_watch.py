"""Change notifications of the sources, and a watch without any."""

import os
import threading
from pathlib import Path

import pytest

import hostinfo
from hostinfo.driver import Driver
from hostinfo.errors import ReadError
from hostinfo.watch import Watch

UEVENT = Path("/sys/devices/system/cpu/cpu0/uevent")


@pytest.mark.root
@pytest.mark.skipif(
    not os.access(UEVENT, os.W_OK), reason=f"needs to write {UEVENT}, which makes the kernel send a notification"
)
def test_the_kernel_notifies_processor_changes() -> None:
    with hostinfo.open() as host, host.watch() as watch:
        assert watch.has_monitors
        UEVENT.write_text("change")
        assert "cpu" in watch.wait(10)


def test_a_watch_without_monitors_waits_and_can_be_woken() -> None:
    with Watch() as watch:
        assert not watch.has_monitors
        threading.Timer(0.1, watch.wake).start()
        assert watch.wait(30) == frozenset()
        assert watch.wait(0.01) == frozenset()


def test_a_monitor_that_fails_is_a_problem_and_is_closed() -> None:
    reading, writing = os.pipe()

    class Pipe:
        def fileno(self) -> int:
            return reading

        def receive(self) -> list[str]:
            if os.read(reading, 100) == b"fail":
                raise ReadError("pipe", "broken")
            return ["memory"]

        def close(self) -> None:
            os.close(reading)

    def refuse() -> Pipe:
        raise ReadError("netlink", "Operation not permitted", 1)

    with Watch([Driver(name="test", monitors=(refuse, Pipe))]) as watch:
        assert [str(one.error) for one in watch.problems] == ["netlink: Operation not permitted"]
        os.write(writing, b"change")
        assert watch.wait(5, debounce=0) == {"memory"}
        os.write(writing, b"fail")
        assert watch.wait(5) == frozenset()
        assert [str(one.error) for one in watch.problems][1:] == ["pipe: broken"]
        assert not watch.has_monitors
    os.close(writing)
