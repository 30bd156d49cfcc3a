"""The objects of a running agent, compared with what other programs report about this machine."""

import json
import os
import platform
import shutil
import socket
import subprocess
import sys
import time
import xml.etree.ElementTree as ET

import psutil
import pytest

from hostinfo.agent.qmf import DataObject, ObjectId, Query
from tests.support.agent_process import Console, name_of, until

pytest.importorskip("proton", reason="needs python-qpid-proton")


def output_of(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True, env=os.environ | {"LC_ALL": "C"}).stdout


@pytest.mark.skipif(shutil.which("lscpu") is None, reason="needs lscpu as the oracle")
def test_processors_are_those_that_lscpu_lists(console: Console) -> None:
    rows = json.loads(output_of("lscpu", "-J", "-e=CPU,CORE,SOCKET,ONLINE"))["cpus"]
    published = {int(str(one.values["number"])): one.values for one in console.get("{class:processor}")}
    assert set(published) == {row["cpu"] for row in rows}
    fields = {entry["field"].rstrip(":"): entry["data"] for entry in json.loads(output_of("lscpu", "-J"))["lscpu"]}
    for row in rows:
        one = published[row["cpu"]]
        assert one["isOnline"] is row["online"]
        assert one.get("packageId") == row["socket"]
        if "Vendor ID" in fields:
            assert one["vendorId"] == fields["Vendor ID"]
        if fields.get("Flags"):
            assert sorted(map(str, one["flags"] if isinstance(one["flags"], list) else ())) == sorted(
                fields["Flags"].split()
            )
        assert one["node"] == ObjectId("ovirtNode:node", console.seen.agent).to_map()


@pytest.mark.skipif(shutil.which("ip") is None, reason="needs iproute2 as the oracle")
def test_links_and_addresses_are_those_that_ip_lists(console: Console) -> None:
    rows = json.loads(output_of("ip", "-j", "addr"))
    links = {str(one.values["interfaceName"]): one.values for one in console.get("{class:networkInterface}")}
    assert set(links) == {row["ifname"] for row in rows}
    for row in rows:
        assert links[row["ifname"]]["mtu"] == row["mtu"]
        assert links[row["ifname"]]["interfaceIndex"] == row["ifindex"]
        if row["link_type"] == "ether":
            assert links[row["ifname"]]["mac"] == row["address"]
            assert links[row["ifname"]]["macaddr"] == int(row["address"].replace(":", ""), 16)
    expected = {(row["ifname"], one["local"], one["prefixlen"]) for row in rows for one in row["addr_info"]}
    addresses = console.get("{class:networkAddress}")
    published = {(a.values["interfaceName"], a.values["address"], a.values["prefixLength"]) for a in addresses}
    assert published == expected
    for one in addresses:
        to = one.values["interface"]
        assert isinstance(to, dict)
        assert to["_object_name"] == f"networkInterface:{one.values['interfaceName']}"


def test_the_node_is_this_machine(console: Console) -> None:
    (node,) = console.get("{class:ovirtNode}")
    assert node.values["hostname"] == socket.gethostname()
    assert node.values["architecture"] == platform.machine()
    assert node.values["cpus"] == os.cpu_count()
    if node.values["hypervisorRole"] not in ("xen-dom0", "xen-domu"):
        assert node.values["memory"] == psutil.virtual_memory().total
    attributes = console.seen.attributes
    assert (attributes["hostname"], attributes["architecture"]) == (socket.gethostname(), platform.machine())
    assert attributes["_heartbeat_interval"] == 10


def test_a_predicate_selects_objects(console: Console) -> None:
    (one,) = console.get("{class:networkInterface, where:[eq, interfaceName, [quote, lo]]}")
    assert name_of(one) == "networkInterface:lo"


def test_every_value_has_the_type_of_the_schema_that_the_command_line_prints(console: Console) -> None:
    text = subprocess.run(
        [sys.executable, "-m", "hostinfo", "schema", "--qmf"], check=True, capture_output=True, text=True
    ).stdout
    root = ET.fromstring(text)
    assert root.get("package") == "com.redhat.ovirtNode"
    classes = {
        entry.get("name"): {item.get("name"): item.get("type") for item in entry if item.tag != "method"}
        for entry in root.iter("class")
    }
    kinds: dict[str | None, type | tuple[type, ...]] = {
        "uint64": int, "uint32": int, "double": float, "bool": bool, "list": list, "map": dict, "objId": dict,
        "lstr": str, "sstr": str,
    }  # fmt: skip
    objects = console.get("{package:'com.redhat.ovirtNode'}")
    assert {_class(one) for one in objects} >= {"ovirtNode", "processor", "networkInterface", "hostStatistics"}
    for one in objects:
        for name, value in one.values.items():
            assert isinstance(value, kinds[classes[_class(one)][name]]), f"{_class(one)}.{name}: {value!r}"


def test_statistics_are_published_every_interval_and_increase(console: Console) -> None:
    until(lambda: len(console.objects("hostStatistics")) >= 3, 10)
    first, *_, last = console.objects("hostStatistics")
    assert float(str(last.values["uptime"])) > float(str(first.values["uptime"]))
    assert abs(float(str(last.values["uptime"])) - (time.time() - psutil.boot_time())) < 5
    assert last.update_ts > first.update_ts
    assert last.create_ts == first.create_ts


def test_a_subscriber_gets_all_objects_first_and_then_only_changed_ones(console: Console) -> None:
    query = Query.from_text("{package:'com.redhat.ovirtNode'}")
    console.responses(console.requests.subscribe(console.seen.agent, query, "sub", interval_ms=1000), "sub")

    def mine() -> list[DataObject]:
        return [item for one in console.received() if getattr(one, "correlation", "") == "sub"
                for item in getattr(one, "items", ())]  # fmt: skip

    until(lambda: sum(name_of(one) == "hostStatistics:host" for one in mine()) >= 3, 10)
    times = [name_of(one) for one in mine()].count
    assert times("networkInterface:lo") == 1
    assert times("ovirtNode:node") == 1


def _class(one: DataObject) -> str:
    assert one.schema_id is not None
    return one.schema_id.name
