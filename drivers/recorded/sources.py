"""The kernel that is recorded, and the one that is replayed: the sysfs driver's input with a tape between."""

from functools import partial

from hostinfo.driver import DriverFactory

from ..sources.recorded.recording import Recording
from ..sources.recorded.reply_store import Tape
from ..sources.recorded.trees import ListeningTree, RecordedTree
from ..sources.sources import Sources
from ..sysfs import GROUPS, open_driver
from .folder import root_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def listening(sources: Sources, recording: Recording, tape: Tape) -> Sources:
    """The same kernel, each answer written down."""
    return Sources(
        tree=ListeningTree(recording, sources.tree),
        netlink=_keep_netlink(tape, sources.netlink) if sources.netlink else None,
        ethtool=_keep_ethtool(tape, sources.ethtool) if sources.ethtool else None,
        features=_keep_features(tape, sources.features) if sources.features else None,
        udev=_keep_udev(tape, sources.udev) if sources.udev else None,
        hostnamed=_keep_hostnamed(tape, sources.hostnamed) if sources.hostnamed else None,
        clock=lambda: recording.clock,
    )


def recorded(recording: Recording, directory: str) -> Sources:
    """The kernel of a recorded machine."""
    tape = Tape(recording, directory)
    return Sources(
        tree=RecordedTree(recording, root_of(directory)),
        netlink=(lambda name: tape.answer(f"netlink/{name}.bin")) if tape.holds("netlink") else None,
        ethtool=partial(_ethtool, tape) if tape.holds("ethtool") else None,
        features=partial(_features, tape) if tape.holds("features") else None,
        udev=partial(_udev, tape) if tape.holds("udev") else None,
        hostnamed=partial(_hostnamed, tape) if tape.holds("hostnamed") else None,
        clock=lambda: recording.clock,
    )


def factory(sources: Sources) -> DriverFactory:
    """The sysfs driver over a kernel that is listened to or replayed."""
    return DriverFactory(name="sysfs", open=partial(open_driver, sources), groups=frozenset(GROUPS))


def _keep_netlink(tape: Tape, ask: "Callable[[str], bytes]") -> "Callable[[str], bytes]":
    return lambda name: tape.keep(f"netlink/{name}.bin", partial(ask, name))


def _keep_ethtool(tape: Tape, ask: "Callable[[str, int, int], bytes]") -> "Callable[[str, int, int], bytes]":
    return lambda link, command, size: tape.keep(
        f"ethtool/{link}/{command:02x}-{size}.bin", partial(ask, link, command, size)
    )


def _ethtool(tape: Tape, link: str, command: int, size: int) -> bytes:
    return tape.answer(f"ethtool/{link}/{command:02x}-{size}.bin")


def _keep_features(tape: Tape, ask: "Callable[[str], dict[str, int]]") -> "Callable[[str], dict[str, int]]":
    def listen(link: str) -> dict[str, int]:
        return _numbers(tape.keep(f"features/{link}", lambda: _lines(ask(link))))

    return listen


def _features(tape: Tape, link: str) -> dict[str, int]:
    return _numbers(tape.answer(f"features/{link}"))


def _keep_udev(tape: Tape, ask: "Callable[[str], dict[str, str]]") -> "Callable[[str], dict[str, str]]":
    def listen(path: str) -> dict[str, str]:
        return _properties(tape.keep(f"udev/{path.lstrip('/')}", lambda: _lines(ask(path))))

    return listen


def _udev(tape: Tape, path: str) -> dict[str, str]:
    return _properties(tape.answer(f"udev/{path.lstrip('/')}"))


def _lines(found: "Mapping[str, str | int]") -> bytes:
    return "".join(f"{key}={value}\n" for key, value in sorted(found.items())).encode("utf-8", "surrogateescape")


def _numbers(content: bytes) -> dict[str, int]:
    found = _properties(content).items()
    return {key: int(value) for key, value in found if value.removeprefix("-").isdecimal() and len(value) < 32}


def _properties(content: bytes) -> dict[str, str]:
    lines = content.decode("utf-8", "replace").splitlines()
    return {key: value for key, found, value in (line.partition("=") for line in lines) if found}


def _keep_hostnamed(tape: Tape, ask: "Callable[[str], str]") -> "Callable[[str], str]":
    def listen(name: str) -> str:
        return tape.keep(f"hostnamed/{name}", lambda: ask(name).encode("utf-8", "surrogateescape")).decode(
            "utf-8", "replace"
        )

    return listen


def _hostnamed(tape: Tape, name: str) -> str:
    return tape.answer(f"hostnamed/{name}").decode("utf-8", "replace")
