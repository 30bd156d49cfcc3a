"""The running kernel with all that can be asked beside its files, each imported when it is first asked."""

from .sources import Sources
from .tree import Tree


def local_sources() -> Sources:
    """Return the sources of this machine."""
    return Sources(
        tree=Tree("/"), netlink=_netlink, ethtool=_ethtool, features=_features, udev=_udev, hostnamed=_hostnamed
    )


def _netlink(name: str) -> bytes:
    from .netlink.dump_socket import dump

    return dump(name)


def _ethtool(link: str, command: int, size: int) -> bytes:
    from .ethtool import answer

    return answer(link, command, size)


def _features(link: str) -> dict[str, int]:
    from .ethtool import features

    return features(link)


def _udev(path: str) -> dict[str, str]:
    from .udev import properties

    return properties(path)


def _hostnamed(member: str) -> str:
    from .hostnamed import ask

    return ask(member)
