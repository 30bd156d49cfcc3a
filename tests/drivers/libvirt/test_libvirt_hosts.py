"""Hosts that libvirt describes in part: offline CPUs, IDs that repeat, nodes with holes, calls that a driver lacks."""

import json
import time
from pathlib import Path

import pytest

import hostinfo
from tests.corpora.grouping import assert_groups_agree
from tests.support.trees import write_tree

INFO = ["x86_64", 8192, 7, 2400, 1, 1, 7, 1]
CELL = '<cell id="{}"><memory unit="KiB">1048576</memory><cpus>{}</cpus></cell>'


def cpu_row(number: int, socket: int, core: int, siblings: str = "", **others: int) -> str:
    attributes = {"id": number, "socket_id": socket, "die_id": 0, "core_id": core, **others}
    text = " ".join(f'{name}="{value}"' for name, value in attributes.items())
    return f'<cpu {text} siblings="{siblings or number}"/>'


def open_host(
    tmp_path: Path, cells: dict[int, list[str]], architecture: str = "x86_64", **calls: object
) -> hostinfo.HostInfo:
    listed = "".join(CELL.format(number, "".join(rows)) for number, rows in cells.items())
    document = (
        f"<capabilities><host><cpu><arch>{architecture}</arch></cpu><topology><cells>{listed}</cells></topology></host>"
        "</capabilities>"
    )
    files = {"machine.toml": "format = 1\n", "libvirt/uri": "qemu+ssh://node/system"}
    files["libvirt/capabilities.xml"] = document
    for name, result in {"type": "QEMU", "info": INFO, **calls}.items():
        files[f"libvirt/{name.replace('_', '-')}.json"] = json.dumps(result)
    return hostinfo.open(f"recorded:{write_tree(tmp_path, files)}")


def test_a_cpu_without_a_location_is_offline(tmp_path: Path) -> None:
    # libvirt writes no socket_id for an offline CPU: src/conf/capabilities.c
    rows = [cpu_row(n, 0, n) if n != 1 else '<cpu id="1"/>' for n in range(8)]
    with open_host(tmp_path, {0: rows}) as host:
        cpu = host.cpu().value
    assert (cpu.threads, cpu.cores, cpu.sockets) == (7, 7, 1)
    assert [one.number for one in cpu.processors if not one.is_online] == [1]
    assert cpu.processors[1].numa_node is None
    assert_groups_agree(cpu)


def test_cores_are_sets_of_siblings_where_ids_repeat(tmp_path: Path) -> None:
    # Opteron 6100: the core IDs of both dies of a package begin with 0
    rows = [cpu_row(n, n // 8, n % 4) for n in range(16)]
    with open_host(tmp_path, {0: rows}) as host:
        cpu = host.cpu().value
    assert (cpu.cores, cpu.sockets, cpu.threads_per_core) == (16, 2, 1)
    assert_groups_agree(cpu)


def test_sets_of_siblings_without_the_cpu_itself_are_not_used(tmp_path: Path) -> None:
    rows = [cpu_row(n, 0, n // 2, siblings="9") for n in range(4)]
    with open_host(tmp_path, {0: rows}) as host:
        cpu = host.cpu().value
    assert (cpu.cores, cpu.threads_per_core) == (2, 2)
    assert_groups_agree(cpu)


def test_numa_nodes_that_are_written_as_packages_are_no_sockets(tmp_path: Path) -> None:
    cells = {node: [cpu_row(n, node, n) for n in (2 * node, 2 * node + 1)] for node in (0, 1)}
    with open_host(tmp_path, cells, "riscv64") as host:
        result = host.cpu()
    assert (result.value.sockets, result.value.cores) == (None, 4)
    assert "sockets" in {problem.path for problem in result.problems}
    assert_groups_agree(result.value)


def test_clusters_and_dies_are_named_by_their_first_cpu(tmp_path: Path) -> None:
    rows = [cpu_row(n, n // 4, n % 4, cluster_id=n % 4 // 2) for n in range(8)]
    with open_host(tmp_path, {0: rows}, "aarch64") as host:
        cpu = host.cpu().value
    assert [one.cluster_first_cpu for one in cpu.processors] == [0, 0, 2, 2, 4, 4, 6, 6]
    assert [one.die_first_cpu for one in cpu.processors] == [0] * 4 + [4] * 4


def test_many_cpus_of_one_core_are_read_in_linear_time(tmp_path: Path) -> None:
    rows = [f'<cpu id="{n}" socket_id="2" core_id="3"/>' for n in range(20_000)]
    with open_host(tmp_path, {0: rows}) as host:
        started = time.process_time()
        cpu = host.cpu().value
        assert time.process_time() - started < 10  # over 35 s where the time is quadratic
    assert (cpu.cores, cpu.threads) == (1, 20_000)


def test_free_memory_is_that_of_the_nodes_number(tmp_path: Path) -> None:
    free = [0] * 253
    free[0], free[8], free[252] = 1 << 20, 2 << 20, 3 << 20
    cells: dict[int, list[str]] = {0: [cpu_row(0, 0, 0)], 8: [cpu_row(1, 8, 0)], 252: []}
    with open_host(tmp_path, cells, cells_free_memory=free) as host:
        nodes = host.numa().value.nodes
    assert [(node.number, node.free_bytes) for node in nodes] == [(0, 1 << 20), (8, 2 << 20), (252, 3 << 20)]


def test_free_memory_of_nodes_beyond_the_list_is_absent_with_the_reason(tmp_path: Path) -> None:
    cells: dict[int, list[str]] = {0: [cpu_row(0, 0, 0)], 8: [cpu_row(1, 8, 0)]}
    with open_host(tmp_path, cells, cells_free_memory=[1 << 20, 0]) as host:
        result = host.numa()
    assert [node.free_bytes for node in result.value.nodes] == [1 << 20, None]
    assert [problem.path for problem in result.problems] == ["nodes.free_bytes"]


def test_a_host_without_a_list_of_cpus_has_the_count_of_getinfo(tmp_path: Path) -> None:
    with open_host(tmp_path, {}) as host:
        result = host.cpu(fields=["threads", "cores", "sockets", "processors"])
    assert result.value.threads == 7
    assert {problem.path for problem in result.problems} >= {"cores", "sockets", "processors"}


MOCK_NODE = """<node>
<domain type='test'><name>web</name><memory>1024</memory><os><type>hvm</type></os></domain>
<cpu><mhz>2000</mhz><nodes>1</nodes><sockets>1</sockets><cores>7</cores><threads>1</threads><active>7</active></cpu>
<memory>4194304</memory></node>
"""


@pytest.mark.parametrize("uri", ["test:///default", "test://{}/node.xml"])
def test_a_call_that_the_mock_driver_lacks_costs_its_field_only(tmp_path: Path, uri: str) -> None:
    libvirt = pytest.importorskip("libvirt", reason="hostinfo[libvirt] is not installed")
    (tmp_path / "node.xml").write_text(MOCK_NODE)
    uri = uri.format(tmp_path)
    connection = libvirt.openReadOnly(uri)
    _, mebibytes, cpus, _, *_ = connection.getInfo()
    with hostinfo.open(uri) as host:
        assert host.memory().value.total_bytes == mebibytes << 20
        assert host.cpu().value.threads == cpus
        statistics = host.statistics().value
        assert statistics.memory is not None
        assert (statistics.cpus, statistics.memory.total_bytes) == (cpus, mebibytes << 20)
        assert not [problem for problem in host.numa().problems if not isinstance(problem.error, hostinfo.Unsupported)]
    connection.close()


def test_a_real_driver_accepts_the_number_of_nodes_that_is_asked_for() -> None:
    libvirt = pytest.importorskip("libvirt", reason="hostinfo[libvirt] is not installed")
    connection = libvirt.openReadOnly("test:///default")
    with hostinfo.open("test:///default") as host:
        found = [node.free_bytes for node in host.numa().value.nodes]
    assert found == connection.getCellsFreeMemory(0, 2)
    connection.close()
