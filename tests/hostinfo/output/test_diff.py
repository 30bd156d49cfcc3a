"""Differences of documents: matching of items, order, documents that were edited."""

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hostinfo.facade import HostInfo
from hostinfo.output.diff import ABSENT, VOLATILE, differences
from hostinfo.output.document import read_document
from hostinfo.path import Path as FactPath
from tests.support import sample_factory

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["name", "links", "x"]), inner, max_size=3)
    ),
    max_leaves=8,
)


def read_sample(name: str) -> dict[str, object]:
    with HostInfo(sample_factory.factories(f"sample:{name}")) as host:
        document: dict[str, object] = read_document(host)
    return document


@given(PLAIN, st.sampled_from(["cpu", "network", "memory"]))
def test_a_dump_that_was_edited_is_compared_without_an_error(garbage: object, group: str) -> None:
    old = read_sample("whole")
    for new in ({**old, group: garbage}, {**old, group: {"links": garbage, "processors": garbage, "dimms": garbage}}):
        assert all(one.path.startswith(group) for one in differences(old, new))
        assert [one.path for one in differences(new, copy.deepcopy(new))] == []


@given(st.permutations(range(6)))
def test_the_order_of_links_is_not_a_difference(order: list[int]) -> None:
    old, new = read_sample("whole"), read_sample("whole")
    links = new["network"]["links"]  # type: ignore[index]
    new["network"]["links"] = [links[at] for at in order]  # type: ignore[index]
    assert list(differences(old, new)) == []


def test_two_items_with_one_key_are_both_compared() -> None:
    old, new = read_sample("whole"), read_sample("whole")
    routes = new["network"]["routes"]  # type: ignore[index]
    routes.append(copy.deepcopy(routes[0]))
    found = list(differences(old, new))
    assert [(one.path, one.old) for one in found] == [("network.routes[254 default br100 192.0.2.1#2]", ABSENT)]


@pytest.mark.parametrize("path", sorted(VOLATILE))
def test_every_volatile_field_is_a_field(path: str) -> None:
    assert FactPath(path).text == path
