import os
import select
import threading

from hostinfo.lowlevel.wakeable_queue import WakeableQueue
from hostinfo.lowlevel.wakeup import Wakeup


def is_readable(descriptor: int) -> bool:
    return bool(select.select([descriptor], [], [], 0)[0])


def test_the_descriptor_is_readable_while_the_queue_holds_items() -> None:
    queue: WakeableQueue[int] = WakeableQueue()
    assert not is_readable(queue.fileno())
    assert queue.put(1, 2)
    assert queue.put(3)
    assert is_readable(queue.fileno())
    assert queue.take() == [1, 2, 3]
    assert not is_readable(queue.fileno())
    assert queue.take() == []
    queue.close()


def test_a_closed_queue_returns_what_is_left_and_takes_nothing_more() -> None:
    queue: WakeableQueue[str] = WakeableQueue()
    queue.put("a")
    descriptor = queue.fileno()
    assert queue.close() == ["a"]
    assert not queue.put("b")
    assert queue.close() == []
    assert queue.fileno() == -1
    try:
        os.fstat(descriptor)
    except OSError:
        return
    raise AssertionError("the descriptor is still open")


def test_items_of_many_threads_arrive_once_each_and_in_the_order_of_their_thread() -> None:
    queue: WakeableQueue[tuple[int, int]] = WakeableQueue()

    def fill(thread: int) -> None:
        for number in range(500):
            queue.put((thread, number))

    threads = [threading.Thread(target=fill, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    received: list[tuple[int, int]] = []
    poll = select.poll()
    poll.register(queue, select.POLLIN)
    while len(received) < 2000:
        assert poll.poll(10_000), "items without a wake-up"
        received += queue.take()
    for thread in threads:
        thread.join()
    for number in range(4):
        assert [item for item in received if item[0] == number] == [(number, n) for n in range(500)]
    queue.close()


def test_a_wakeup_stays_readable_until_it_is_cleared() -> None:
    wakeup = Wakeup()
    wakeup.clear()
    wakeup.wake()
    wakeup.wake()
    assert is_readable(wakeup.fileno())
    wakeup.clear()
    assert not is_readable(wakeup.fileno())
    wakeup.close()


def test_a_wakeup_after_close_writes_to_no_file_that_got_the_same_number() -> None:
    reader, writer = os.pipe()
    wakeup = Wakeup()
    number = wakeup.fileno()
    wakeup.close()
    try:
        os.dup2(writer, number)
        wakeup.wake()
        wakeup.clear()
        wakeup.close()
        assert not is_readable(reader)
    finally:
        for descriptor in (reader, writer, number):
            os.close(descriptor)
