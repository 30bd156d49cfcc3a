"""Documents with nmstate's keys, read strictly."""

from __future__ import annotations

import json
import time

import pytest

from hostinfo import ActionRefused
from hostinfo.actions.network.document import parse_state, read_state, to_document

# From nmstate's documentation of its YAML API, https://nmstate.io/devel/yaml_api.html and its examples.
NMSTATE_EXAMPLES = {
    "linux-bridge": """
---
interfaces:
- name: linux-br0
  type: linux-bridge
  state: up
  bridge:
    options:
      group-forward-mask: 0
      mac-ageing-time: 300
      multicast-snooping: true
      stp:
        enabled: true
        forward-delay: 15
        hello-time: 2
        max-age: 20
        priority: 32768
    port:
      - name: eth1
        stp-hairpin-mode: false
        stp-path-cost: 100
        stp-priority: 32
""",
    "bond": """
interfaces:
- name: bond99
  type: bond
  state: up
  ipv4:
    address:
    - ip: 192.0.2.0
      prefix-length: 24
    enabled: true
  link-aggregation:
    mode: balance-rr
    options:
      all_slaves_active: dropped
      arp_all_targets: any
    port:
    - eth1
    - eth2
""",
    "vlan": """
interfaces:
  - name: eth1.101
    type: vlan
    state: up
    vlan:
      base-iface: eth1
      id: 101
""",
    "static": """
interfaces:
- name: eth1
  type: ethernet
  state: up
  mtu: 1500
  ipv4:
    dhcp: false
    address:
    - ip: 192.0.2.251
      prefix-length: 24
    enabled: true
  ipv6:
    enabled: true
    dhcp: false
    autoconf: false
    address:
    - ip: 2001:db8:1::1
      prefix-length: 64
routes:
  config:
  - destination: 198.51.100.0/24
    metric: 150
    next-hop-address: 192.0.2.1
    next-hop-interface: eth1
    table-id: 254
dns-resolver:
  config:
    search: [example.com, example.org]
    server: [2001:4860:4860::8888, 8.8.8.8]
""",
    "dhcp": """
interfaces:
- name: eth1
  type: ethernet
  state: up
  ipv4: {auto-dns: true, auto-gateway: true, auto-routes: true, dhcp: true, enabled: true}
  ipv6: {auto-dns: true, auto-gateway: true, auto-routes: true, autoconf: true, dhcp: true, enabled: true}
""",
}


@pytest.mark.parametrize("name", NMSTATE_EXAMPLES)
def test_documents_of_nmstate_are_read_unchanged(name: str) -> None:
    state = read_state(NMSTATE_EXAMPLES[name], name)
    assert state.interfaces
    assert parse_state(to_document(state), name) == state
    assert read_state(json.dumps(to_document(state)), name) == state


def faults(text: str) -> list[str]:
    with pytest.raises(ActionRefused) as refused:
        read_state(text, "file")
    return [line.strip() for line in str(refused.value).removeprefix("file: ").splitlines()]


def test_every_fault_is_reported_at_once_with_its_path() -> None:
    found = faults("""
interfaces:
- name: bond0
  typ: bond
  mtu: large
  vlan: {id: [], base-ifac: x}
  ipv4: {address: [{ip: 1.2.3.4}, {ip: 1.2.3.4, prefix-length: 40}, {ip: "::1", prefix-length: 64}]}
  ethtool: {}
- type: dummy
- 7
routs: 3
""")
    assert found[0] == "12 faults"
    assert "interfaces[bond0].typ: unknown key; did you mean type?" in found
    assert "interfaces[bond0].mtu: 'large' is no number" in found
    assert "interfaces[bond0].vlan.base-ifac: unknown key; did you mean base-iface?" in found
    assert "interfaces[bond0].ipv4.address[0].prefix-length: missing" in found
    assert "interfaces[bond0].ipv4.address: ::1 is no IPv4 address" in found
    assert "interfaces[bond0].ethtool: not supported by hostinfo; remove it" in found
    assert "interfaces[1].name: missing" in found
    assert "interfaces[2]: 7 is no mapping" in found
    assert "routs: unknown key; did you mean routes?" in found


def test_a_netmask_is_read_as_a_prefix_and_a_derived_broadcast_address_is_dropped() -> None:
    state = read_state(
        "interfaces: [{name: eth0, ipv4: {address: ["
        "{ip: 192.0.2.5, netmask: 255.255.255.0, broadcast: 192.0.2.255},"
        "{ip: 198.51.100.5/25, broadcast: 198.51.100.1}]}}]",
        "file",
    )
    ipv4 = state.interfaces[0].ipv4
    assert ipv4 is not None
    assert ipv4.addresses is not None
    assert [(one.ip, one.prefix_length, one.broadcast) for one in ipv4.addresses] == [
        ("192.0.2.5", 24, None),
        ("198.51.100.5", 25, "198.51.100.1"),
    ]


def test_hardware_addresses_and_words_are_strings_as_in_yaml_1_2() -> None:
    state = read_state("interfaces: [{name: on, mac-address: 52:54:00:12:34:56}, {name: '010'}]", "file")
    assert [link.name for link in state.interfaces] == ["on", "010"]
    assert state.interfaces[0].mac_address == "52:54:00:12:34:56"


def test_an_interface_to_ignore_is_left_out() -> None:
    assert read_state("interfaces: [{name: vnet0, state: ignore}]", "file").interfaces == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\na: 2", "given twice"),
        ('{"a": 1, "a": 2}', "given twice"),
        ("1: 2", "no string"),
        ("a: !!python/object:os.system {}", "not YAML"),
        ("{'a': 1", "not JSON"),
        ("--- a\n--- b", "single document"),
        ("a: " + "[" * 100_000, "nesting"),
        ("[" * 100_000, "nested deeper"),
        ("a: " + "{b: " * 30 + "1" + "}" * 30, "nested deeper"),
        ("x" * 2_000_000, "longer than"),
        ("a: &a\n- *a", "recursive"),
        ("x0: &x0 [1, 1, 1, 1]\n" + "".join(f"x{n}: &x{n} [{', '.join([f'*x{n - 1}'] * 9)}]\n" for n in range(1, 12)),
         "more than 200000 keys"),
        ("[1]", "no mapping"),
        ("interfaces: 7", "no list"),
    ],
)  # fmt: skip
def test_hostile_documents_are_refused_with_one_message(text: str, message: str) -> None:
    assert message in "\n".join(faults(text))


def test_a_document_full_of_faults_is_refused_in_bounded_time_and_space() -> None:
    start = time.process_time()
    found = faults(json.dumps({"interfaces": [{f"key{number}": 1 for number in range(60_000)}]}))
    assert len(found) < 60
    assert found[0] == "60001 faults"
    assert time.process_time() - start < 10  # half a second; comparing each key with all known ones took minutes
