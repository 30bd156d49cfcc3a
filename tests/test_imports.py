"""Imports go one way: no two modules import each other, not even in functions, for types or by name.

``.importlinter`` has the rules between folders.
"""

import pytest

from tests.support.import_graph import Graph, cycles, read_graph


@pytest.fixture(scope="module")
def graph() -> Graph:
    return read_graph()


def test_the_graph_has_the_imports_that_are_checked(graph: Graph) -> None:
    assert "hostinfo.registry" in graph.written["hostinfo.facade"]
    assert "hostinfo.drivers.sources.libvirt.client" in graph.written["hostinfo.drivers.libvirt.kvm"]  # in a function
    assert "hostinfo.watch" in graph.written["hostinfo.facade"]  # for type checkers
    assert "hostinfo.drivers.dom0.libvirt" in graph.at_run_time["hostinfo.registry"]  # by name
    assert cycles({"a": {"b"}, "b": {"c"}, "c": {"a", "d"}, "d": set()}) == [["a", "b", "c"]]


def test_no_modules_import_each_other_at_run_time(graph: Graph) -> None:
    assert cycles(graph.at_run_time) == []


def test_no_modules_import_each_other_for_types(graph: Graph) -> None:
    assert cycles(graph.written) == []


def test_drivers_import_by_name_within_their_own_package_only(graph: Graph) -> None:
    """A computed name is invisible to ``.importlinter``."""
    for module, names in graph.computed.items():
        if module.startswith("hostinfo.drivers."):
            assert all(name.startswith("f'.{") for name in names), (module, names)
            assert "hostinfo.drivers" not in "".join(graph.at_run_time[module] - graph.written[module]), module
