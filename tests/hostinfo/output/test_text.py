"""The page: drawings of any network, topology, units."""

from hypothesis import given
from hypothesis import strategies as st

from hostinfo.model.cpu import Cpu, Processor
from hostinfo.model.network import Address, Link, Network, Vlan
from hostinfo.output.document import GroupReport
from hostinfo.output.text import network
from hostinfo.output.text.cpu import describe_topology
from hostinfo.output.text.link_tree import find_parents
from hostinfo.output.text.style import Style, wrap
from hostinfo.output.text.units import bit_rate, duration, frequency, ranges, size
from tests.support.sample_driver import CPU, NETWORK

NAMES = st.sampled_from([f"l{number}" for number in range(8)])
LINKS = st.lists(
    st.builds(
        lambda name, controller, lower: Link(name=name, controller=controller, lower=tuple(lower)),
        NAMES,
        st.none() | NAMES,
        st.lists(NAMES, max_size=3),
    ),
    unique_by=lambda link: link.name,
)


def draw(value: Network) -> list[str]:
    report = GroupReport("network", is_available=True, value=value, sources={}, problems=())
    return network.render(Style(), {"network": report})


@given(LINKS)
def test_any_network_is_drawn_with_each_link_once(links: list[Link]) -> None:
    drawn = [line.lstrip(" ├└│─|`-").split(" ")[0].rstrip() for line in draw(Network(links=tuple(links)))[1:]]
    assert sorted(drawn) == sorted(link.name for link in links)


@given(LINKS)
def test_no_link_is_drawn_below_itself(links: list[Link]) -> None:
    parent = find_parents(links)
    for name in parent:
        seen = {name}
        at = name
        while at in parent:
            at = parent[at]
            assert at not in seen
            seen.add(at)


def test_the_stack_is_one_tree_from_the_bridge_to_its_nics() -> None:
    lines = draw(NETWORK)
    depth = {line.lstrip(" ├└│─").split(" ")[0]: len(line) - len(line.lstrip(" ├└│─")) for line in lines}
    assert depth["br100"] < depth["bond0.100"] < depth["bond0"] < depth["eth0"] == depth["eth1"]
    at = [next(n for n, line in enumerate(lines) if text in line) for text in ("br100", "192.0.2.5/24", "bond0.100")]
    assert at == sorted(at)  # the addresses of a link are drawn before the links below it


def test_a_bond_with_several_vlans_is_drawn_once_and_they_name_it() -> None:
    links = (
        Link(name="bond0", kind="bond"),
        *(Link(name=f"bond0.{n}", kind="vlan", lower=("bond0",), vlan=Vlan(id=n, protocol="802.1Q")) for n in (1, 2)),
    )
    lines = draw(Network(links=links))
    assert sum("on bond0" in line for line in lines) == 2


def test_a_stack_of_a_thousand_is_drawn() -> None:
    links = [Link(name="v0"), *(Link(name=f"v{n}", lower=(f"v{n - 1}",)) for n in range(1, 1000))]
    lines = draw(Network(links=tuple(links)))
    assert len(lines) == 1001
    assert max(len(line) for line in lines) < 120


def test_an_address_of_a_removed_link_is_shown() -> None:
    address = Address(link="gone0", index=9, family="ipv4", address="192.0.2.9", prefix_length=24)
    assert any("gone0: 192.0.2.9/24" in line for line in draw(Network(addresses=(address,))))


def test_a_regular_topology_is_shown_as_a_product_any_other_as_totals() -> None:
    style = Style()
    times = style.times
    assert describe_topology(CPU, style) == f"2 sockets {times} 4 cores {times} 2 threads = 16 CPUs"
    # A hybrid: two cores of two threads and two of one.
    hybrid = tuple(Processor(number=n, socket_id=0, core_id=core) for n, core in enumerate((0, 0, 1, 1, 2, 3)))
    assert (
        describe_topology(Cpu(sockets=1, cores=4, threads=6, processors=hybrid), style) == "1 socket, 4 cores, 6 CPUs"
    )


def test_numbers_have_readable_units() -> None:
    assert [size(n) for n in (0, 512, 1024, 1536, 16 << 30, 33_000_000_000)] == [
        "0 B", "512 B", "1 KiB", "1.5 KiB", "16 GiB", "30.7 GiB",
    ]  # fmt: skip
    assert [frequency(n) for n in (800_000_000, 2_400_000_000, 2_450_000_000)] == ["800 MHz", "2.4 GHz", "2.45 GHz"]
    assert [bit_rate(n) for n in (100, 1000, 2500)] == ["100 Mb/s", "1 Gb/s", "2.5 Gb/s"]
    assert [duration(n) for n in (0, 59, 3661, 90061)] == ["0 s", "59 s", "1 h 1 min", "1 d 1 h"]


@given(st.sets(st.integers(0, 300)))
def test_ranges_name_each_number_once(numbers: set[int]) -> None:
    named: list[int] = []
    for part in ranges(list(numbers)).split(",") if numbers else []:
        first, _, last = part.partition("-")
        named += range(int(first), int(last or first) + 1)
    assert named == sorted(numbers)


@given(st.text(alphabet="ab ", max_size=60), st.integers(1, 20))
def test_wrapping_loses_no_word(text: str, width: int) -> None:
    lines = wrap(text, width)
    assert " ".join(lines).split() == text.split()
    assert all(len(line) <= width or " " not in line.strip() for line in lines)
