"""The phones and boards of pytorch/cpuinfo's tests, against the counts that those tests expect."""

import re
from pathlib import Path

import pytest

import hostinfo

from .comparison import check_failures, compare
from .exceptions import FAILURES, PHONES
from .machines import files_of, members, unpack_member

_LINE = re.compile(r"(\S+): packages (\S+), clusters \S+, cores (\S+), processors (\S+); core kinds \[(.*)\]")
_NAMES = {"cortex_a53": "Cortex-A53", "cortex_a57": "Cortex-A57", "cortex_a72": "Cortex-A72"}


def expectations() -> dict[str, dict[str, object]]:
    """Return the published values by machine; "?": not published."""
    text = next((path.read_text() for path in files_of("phones") if path.name == "expected.txt"), "")
    found: dict[str, dict[str, object]] = {}
    for name, packages, cores, processors, kinds in _LINE.findall(text):
        values = {"sockets": packages, "cores": cores, "processors": processors}
        found[name] = {key: int(value) for key, value in values.items() if value != "?"}
        if kinds:
            found[name]["core names"] = tuple(_NAMES[kind.strip(" '")] for kind in kinds.split(","))
    return found


MISSING = pytest.param("", marks=pytest.mark.skip("no third-party machines in HOSTINFO_CORPORA/phones"))


@pytest.mark.parametrize("name", members("phones", "phones") or [MISSING])
def test_phones_have_the_counts_that_their_tests_publish(name: str, unpack_dir: Path) -> None:
    root = unpack_member("phones", "phones", name, unpack_dir)
    name = name.removesuffix("-ARM64")
    with hostinfo.open(f"sysfs://{root}") as host:
        cpu = host.cpu().value
    names = {each.model_name for each in cpu.processors if each.model_name is not None}
    found: dict[str, object] = {
        "sockets": cpu.sockets,
        "cores": cpu.cores,
        "processors": len(cpu.processors),
        "core names": tuple(sorted(names)),
    }
    published = expectations()[name]
    if not all(each.is_online for each in cpu.processors):
        published.pop("cores", None)  # those of offline CPUs are counted there, and not reported by the kernel
    compare(name, found, published, PHONES.get(name, {}))
    check_failures(name, root, FAILURES)
