"""The files that networkd reads on this host, and which of them is in force for which link.

Files of the same name in /etc replace those in /run, and these those in /usr/lib. Of all .network files that match a
link the first by name is in force; networkd writes its path to /run/systemd/netif/links/INDEX.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from posixpath import basename

from hostinfo.drivers.sources.tree import Tree
from hostinfo.errors import DriverError
from hostinfo.model.network import Link, Network
from hostinfo.record import record

from ..owners import NETWORKD, Owner, Owners
from .netdev_file import NetdevFile, read_netdev_file
from .network_file import NetworkFile, read_network_file
from .unit_text import parse_unit

FOLDERS = ("etc/systemd/network", "run/systemd/network", "usr/local/lib/systemd/network", "usr/lib/systemd/network")
ETC, RUN = "/etc/systemd/network", "/run/systemd/network"
LINKS = "run/systemd/netif/links"
PREFIX = "10-hostinfo-"
"""Our files in /etc."""
EARLY_PREFIX = "00-hostinfo-"
"""Our files in /run, which come before those in /etc."""
GENERATED = {"10-netplan-": "netplan", "10-cloud-init-": "cloud-init"}


def etc_path(link: str, suffix: str) -> str:
    """Return the path of our file that the next boot reads."""
    return f"{ETC}/{PREFIX}{link}.{suffix}"


def run_path(link: str, suffix: str) -> str:
    """Return the path of our file that is in force until then."""
    return f"{RUN}/{EARLY_PREFIX}{link}.{suffix}"


def is_ours(path: str) -> bool:
    """Whether hostinfo wrote a file."""
    return basename(path).startswith((PREFIX, EARLY_PREFIX))


@record
class LinkFile:
    """The .network file that is in force for a link."""

    path: str
    """Its path."""
    content: NetworkFile | None
    """What it configures; None: it cannot be read."""
    is_exclusive: bool
    """Whether it can match this link only."""


@record
class DeviceFile:
    """The .netdev file that creates a link."""

    path: str
    """Its path."""
    content: NetdevFile
    """What it creates."""


class Configuration:
    """The files of networkd; each is read once."""

    def __init__(self, network: Network, root: str = "/") -> None:
        self.tree = Tree(root)
        self.owners = Owners(self.tree)
        self.links = {link.name: link for link in network.links}
        self.network_files = self._names("network")
        self._paths = {name: self._path(link) for name, link in self.links.items()}
        self.devices = self._devices()

    def owner(self, name: str) -> Owner | None:
        """Return the service that configures a link; None: none does, or there is no such link."""
        return self.owners.owner(self.links[name]) if name in self.links else None

    def is_owned(self, name: str) -> bool:
        """Whether networkd configures a link."""
        owner = self.owner(name)
        return owner is not None and owner.service == NETWORKD

    def text(self, path: str) -> str | None:
        """Return the text of a file; None: it cannot be read, or is masked by /dev/null."""
        try:
            return self.tree.optional(path.lstrip("/"))
        except DriverError:
            return None

    def _names(self, suffix: str) -> dict[str, str]:
        """Return name -> path of the files of one kind that are not empty, as networkd sorts them."""
        found: dict[str, str] = {}
        for folder in FOLDERS:
            if self.tree.is_dir(folder):
                for name in self.tree.names(folder):
                    if name.endswith(f".{suffix}"):
                        found.setdefault(name, f"/{folder}/{name}")
        return {name: path for name, path in sorted(found.items()) if (self.text(path) or "").strip()}

    def _path(self, link: Link) -> str | None:
        for line in self.tree.try_text(f"{LINKS}/{link.index}").splitlines():
            if line.startswith("NETWORK_FILE="):
                path = line.partition("=")[2]
                return f"/usr{path}" if path.startswith("/lib/") else path
        return None

    def file_of(self, name: str) -> LinkFile | None:
        """Return the file that is in force for a link; None: there is none."""
        path = self._paths.get(name)
        return None if path is None else self._link_file(name, path)

    def next_file_of(self, name: str) -> LinkFile | None:
        """Return the file that the next boot takes for a link, as far as its name decides that."""
        path = self._paths.get(name)
        if path is None or not path.startswith(f"{RUN}/{EARLY_PREFIX}"):
            return self.file_of(name)
        for candidate in self.network_files.values():
            if not candidate.startswith("/run/") and self.may_match(candidate, name) is True:
                return self._link_file(name, candidate)
        return None

    def _link_file(self, name: str, path: str) -> LinkFile:
        text = self.text(path)
        content = None if text is None else read_network_file(parse_unit(text))
        return LinkFile(path=path, content=content, is_exclusive=content is not None and self._is_exclusive(name, path))

    def _is_exclusive(self, name: str, path: str) -> bool:
        if any(other != name and used == path for other, used in self._paths.items()):
            return False
        match = dict(read_network_file(parse_unit(self.text(path) or "")).match)
        return match.get("Name") == name or bool(
            {"MACAddress", "PermanentMACAddress", "Path"} & match.keys()
            and not set("*?[ ") & set("".join(match.values()))
        )

    def may_match(self, path: str, name: str) -> bool | None:
        """Whether a .network file matches a link by its name; None: something else decides."""
        match = dict(read_network_file(parse_unit(self.text(path) or "")).match)
        patterns = match.get("Name", "").split()
        if patterns and not any(pattern.startswith("!") for pattern in patterns):
            if not any(fnmatchcase(name, pattern) for pattern in patterns):
                return False
            return True if match.keys() == {"Name"} else None
        return None

    def _devices(self) -> dict[str, DeviceFile]:
        found: dict[str, DeviceFile] = {}
        for path in self._names("netdev").values():
            text = self.text(path)
            content = None if text is None else read_netdev_file(parse_unit(text))
            if content is not None:
                found.setdefault(content.name, DeviceFile(path=path, content=content))
        return found

    def drop_ins(self, path: str) -> list[str]:
        """Return the files that change settings of another one, NAME.network.d/*.conf."""
        folders = [f"{folder}/{basename(path)}.d" for folder in FOLDERS]
        return [
            f"/{folder}/{name}"
            for folder in folders
            if self.tree.is_dir(folder)
            for name in self.tree.names(folder)
            if name.endswith(".conf")
        ]

    def manages_foreign_routes(self) -> bool:
        """Whether networkd deletes routes of others when it configures a link again, networkd.conf(5)."""
        folders = ["etc/systemd/networkd.conf.d", "run/systemd/networkd.conf.d", "usr/lib/systemd/networkd.conf.d"]
        paths = {name: f"{folder}/{name}" for folder in reversed(folders) if self.tree.is_dir(folder)
                 for name in self.tree.names(folder) if name.endswith(".conf")}  # fmt: skip
        answer = True
        for path in ("etc/systemd/networkd.conf", *(paths[name] for name in sorted(paths))):
            for section in parse_unit(self.tree.try_text(path)):
                for key, value in section.settings:
                    if section.name == "Network" and key == "ManageForeignRoutes":
                        answer = value.lower() not in ("0", "no", "n", "false", "f", "off")
        return answer


def generator_of(path: str) -> str | None:
    """Return the program that writes a file again, by the file's name; None: none is known."""
    for prefix, program in GENERATED.items():
        if basename(path).startswith(prefix):
            return program
    return None
