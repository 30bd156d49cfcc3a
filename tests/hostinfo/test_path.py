import pytest
from hypothesis import given
from hypothesis import strategies as st

from hostinfo import GROUPS, introspect
from hostinfo.path import NoSuchItem, Path, PathError
from tests.support.sample_driver import CPU, NETWORK, WHOLE


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("cpu.model_name", CPU.model_name),
        ("cpu", CPU),
        ("cpu.processors[9].core_id", 0),  # CPU 9 is the second thread of core 0 of socket 1
        ("cpu.processors[10].core_id", 1),
        ("cpu.mitigations.mds", "Vulnerable"),
        ("cpu.mitigations[mds]", "Vulnerable"),
        ("cpu.flags[1]", "vme"),
        ("network.links[bond0.100].vlan.id", 100),
        ('network.links["bond0.100"].vlan.id', 100),
        ("network.links[0].name", "lo"),
        ("network.links.name", ("lo", "eth0", "eth1", "bond0", "bond0.100", "br100")),
        ("network.links[lo].bond.mode", None),
        ("network.routes.next_hops.gateway", ((),)),
        ("numa.nodes[3].number", 3),
    ],
)
def test_a_path_selects_what_it_names(text: str, value: object) -> None:
    path = Path(text)
    assert path.resolve(WHOLE[path.group]) == value


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("", "a name is missing"),
        ("cup", "cpu"),
        ("cpu.modelname", "model_name"),
        ("cpu.model_name.first", "single value"),
        ("cpu.flags.first", "single values"),
        ("cpu[0]", "not a list"),
        ("cpu.model_name[0]", "not a list"),
        ("network.links[eth0", "missing ]"),
        ("network.links[eth0]mac", "expected . or ["),
        ("network..links", "a name is missing"),
        ("network.", "a name is missing"),
        ("x" * 5000, "longer"),
    ],
)
def test_an_invalid_path_is_refused_with_similar_names(text: str, hint: str) -> None:
    with pytest.raises(PathError) as refused:
        Path(text)
    assert hint in str(refused.value)


@pytest.mark.parametrize("text", ["network.links[eth9]", "cpu.processors[16]", "numa.nodes[1]", "cpu.mitigations.foo"])
def test_a_missing_item_is_reported_with_the_existing_ones(text: str) -> None:
    path = Path(text)
    with pytest.raises(NoSuchItem, match=r"it has|there are|did you mean"):
        path.resolve(WHOLE[path.group])


def test_a_number_is_never_used_as_a_position() -> None:
    nodes = Path("numa.nodes[1]")  # the nodes are 0 and 3
    with pytest.raises(NoSuchItem):
        nodes.resolve(WHOLE["numa"])


@pytest.mark.parametrize("text", introspect.paths(4))
def test_every_offered_path_is_valid(text: str) -> None:
    assert Path(text).text == text


def test_paths_include_nested_fields() -> None:
    paths = introspect.paths(4)
    assert {"cpu.caches.size_bytes", "network.links.bond.mode", "statistics.control_domain"} <= set(paths)


@given(st.text(alphabet=st.sampled_from(list('cpu.memory[]"0_ \x00\udcff')), max_size=40) | st.text(max_size=40))
def test_any_text_is_a_path_or_refused(text: str) -> None:
    text_of_error = ""
    try:
        path = Path(text)
        path.resolve(WHOLE[path.group])
    except (PathError, NoSuchItem) as refused:
        text_of_error = str(refused)
    assert text_of_error.isprintable()


def test_keys_identify_links_processors_and_addresses() -> None:
    for model, items in (("Link", NETWORK.links), ("Processor", CPU.processors), ("Address", NETWORK.addresses)):
        keys = [tuple(getattr(item, name) for name in introspect.ITEM_KEYS[model]) for item in items]
        assert len(set(keys)) == len(items)


def test_every_key_is_a_field_of_its_class() -> None:
    seen = set()
    todo = [introspect.group_class(group) for group in GROUPS]
    while todo:
        model = todo.pop()
        if model in seen:
            continue
        seen.add(model)
        fields = introspect.fields(model)
        assert set(introspect.ITEM_KEYS.get(model.__name__, ())) <= set(fields)
        todo += [inner for kind in fields.values() if (inner := introspect.model(kind)) is not None]
    assert set(introspect.ITEM_KEYS) <= {model.__name__ for model in seen}


@pytest.mark.parametrize("position", ["-1", "-0", "٠", "+0", " 0"])  # noqa: RUF001 - digits of another script
def test_positions_count_from_0(position: str) -> None:
    with pytest.raises(NoSuchItem, match="has no item"):
        Path(f"network.routes[{position}]").resolve(WHOLE["network"])
