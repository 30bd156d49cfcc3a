"""Responses in parts."""

from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from hostinfo.agent.qmf.wire.chunking import shrink, split
from hostinfo.agent.qmf.wire.sanitise import encoded_size
from hostinfo.agent.qmf.wire.types import Map


def maps(count: int, size: int) -> list[Map]:
    return [{"_values": {"n": n, "text": "x" * size}} for n in range(count)]


def test_twenty_objects_in_parts_of_eight_are_eight_eight_and_four() -> None:
    parts = list(split(maps(20, 1), objects=8))
    assert [(len(part), last) for part, last in parts] == [(8, False), (8, False), (4, True)]


def test_no_objects_are_one_empty_part_and_sixteen_need_no_empty_one() -> None:
    assert list(split([])) == [([], True)]
    assert [(len(part), last) for part, last in split(maps(16, 1), objects=8)] == [(8, False), (8, True)]


@given(st.integers(0, 60), st.integers(0, 3_000), st.integers(1, 100))
def test_parts_have_all_objects_in_order_within_both_limits(count: int, size: int, objects: int) -> None:
    items = maps(count, size)
    parts = list(split(items, objects=objects, size=10_000))
    assert [item for part, _ in parts for item in part] == items
    assert [last for _, last in parts] == [False] * (len(parts) - 1) + [True]
    for part, _ in parts:
        assert len(part) <= objects
        assert len(part) <= 1 or sum(map(encoded_size, part)) <= 10_000


def test_items_are_consumed_lazily() -> None:
    taken = []

    def source() -> Iterator[Map]:
        for item in maps(1_000, 1):
            taken.append(item)
            yield item

    parts = split(source(), objects=10)
    next(parts)
    assert len(taken) <= 11


def test_an_object_over_the_message_limit_lists_the_values_it_omits() -> None:
    item: Map = {"_values": {"small": 1, "huge": "x" * 2_000_000, "large": "y" * 900_000}, "_object_id": {}}
    assert shrink(item) == {
        "_values": {"small": 1, "large": "y" * 900_000, "_too_large": ["huge"]},
        "_object_id": {},
    }
    many: Map = {"_values": {f"v{n}": "x" * 60_000 for n in range(100)}}
    fitting = shrink(many)
    assert encoded_size(fitting) <= 1 << 20
