"""``Sources`` whose results are recorded, and ``Sources`` of a recorded machine."""

from __future__ import annotations

from functools import partial

from ..sources import Sources
from .folder_reader import root_of
from .reply_store import ReplyStore
from .trees import RecordedTree, RecordingTree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .recording import Recording


def record_sources(sources: Sources, recording: Recording, store: ReplyStore) -> Sources:
    """Return the same sources with every result recorded."""
    return Sources(
        tree=RecordingTree(recording, sources.tree),
        netlink=_record_netlink(store, sources.netlink) if sources.netlink else None,
        ethtool=_record_ethtool(store, sources.ethtool) if sources.ethtool else None,
        link_name=_record_link_name(store, sources.link_name) if sources.link_name else None,
        features=_record_features(store, sources.features) if sources.features else None,
        udev=_record_udev(store, sources.udev) if sources.udev else None,
        hostnamed=_record_hostnamed(store, sources.hostnamed) if sources.hostnamed else None,
        clock=lambda: recording.clock,
    )


def replay_sources(recording: Recording, directory: str) -> Sources:
    """Return the sources of the machine recorded in the directory."""
    store = ReplyStore(recording, directory)
    return Sources(
        tree=RecordedTree(recording, root_of(directory)),
        netlink=(lambda name: store.replay(f"netlink/{name}.bin")) if store.has("netlink") else None,
        ethtool=partial(_replay_ethtool, store) if store.has("ethtool") else None,
        link_name=partial(_replay_link_name, store) if store.has("link_name") else None,
        features=partial(_replay_features, store) if store.has("features") else None,
        udev=partial(_replay_udev, store) if store.has("udev") else None,
        hostnamed=partial(_replay_hostnamed, store) if store.has("hostnamed") else None,
        clock=lambda: recording.clock,
    )


def _record_netlink(store: ReplyStore, dump: Callable[[str], bytes]) -> Callable[[str], bytes]:
    return lambda name: store.record(f"netlink/{name}.bin", partial(dump, name))


def _record_ethtool(store: ReplyStore, call: Callable[[str, int, int], bytes]) -> Callable[[str, int, int], bytes]:
    return lambda link, command, size: store.record(
        f"ethtool/{link}/{command:02x}-{size}.bin", partial(call, link, command, size)
    )


def _replay_ethtool(store: ReplyStore, link: str, command: int, size: int) -> bytes:
    return store.replay(f"ethtool/{link}/{command:02x}-{size}.bin")


def _record_link_name(store: ReplyStore, read: Callable[[int], str | None]) -> Callable[[int], str | None]:
    return lambda index: _parse_name(
        store.record(f"link_name/{index}", lambda: (read(index) or "").encode("utf-8", "surrogateescape"))
    )


def _replay_link_name(store: ReplyStore, index: int) -> str | None:
    return _parse_name(store.replay(f"link_name/{index}"))


def _parse_name(reply: bytes) -> str | None:
    return reply.decode("utf-8", "surrogateescape") or None


def _record_features(store: ReplyStore, read: Callable[[str], dict[str, int]]) -> Callable[[str], dict[str, int]]:
    return lambda link: _parse_numbers(store.record(f"features/{link}", lambda: _to_lines(read(link))))


def _replay_features(store: ReplyStore, link: str) -> dict[str, int]:
    return _parse_numbers(store.replay(f"features/{link}"))


def _record_udev(store: ReplyStore, read: Callable[[str], dict[str, str]]) -> Callable[[str], dict[str, str]]:
    return lambda path: _parse_lines(store.record(f"udev/{path.lstrip('/')}", lambda: _to_lines(read(path))))


def _replay_udev(store: ReplyStore, path: str) -> dict[str, str]:
    return _parse_lines(store.replay(f"udev/{path.lstrip('/')}"))


def _record_hostnamed(store: ReplyStore, read: Callable[[str], str]) -> Callable[[str], str]:
    def call(name: str) -> str:
        reply = store.record(f"hostnamed/{name}", lambda: read(name).encode("utf-8", "surrogateescape"))
        return reply.decode("utf-8", "replace")

    return call


def _replay_hostnamed(store: ReplyStore, name: str) -> str:
    return store.replay(f"hostnamed/{name}").decode("utf-8", "replace")


def _to_lines(values: Mapping[str, str | int]) -> bytes:
    return "".join(f"{key}={value}\n" for key, value in sorted(values.items())).encode("utf-8", "surrogateescape")


def _parse_lines(content: bytes) -> dict[str, str]:
    lines = content.decode("utf-8", "replace").splitlines()
    return {key: value for key, equals, value in (line.partition("=") for line in lines) if equals}


def _parse_numbers(content: bytes) -> dict[str, int]:
    lines = _parse_lines(content).items()
    return {key: int(value) for key, value in lines if value.removeprefix("-").isdecimal() and len(value) < 32}
