"""Which files a change of the state writes and removes, and what forbids that."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from posixpath import basename

from hostinfo.model.network_state import Interface, NetworkState
from hostinfo.record import record

from ..backend import Fault
from ..owners import NETWORKD
from ..stack import CREATED_TYPES
from .bond_keys import unsupported_options
from .configuration import ETC, PREFIX, RUN, Configuration, LinkFile, etc_path, generator_of, is_ours, run_path
from .netdev_file import netdev_sections
from .network_text import network_sections
from .setups import complete, desired_dns, link_setups, present_dns
from .unit_text import Setting, format_unit

RUN_COMMENT = "Written by hostinfo; in force until the next boot. Then a file in /etc/systemd/network is."
ETC_COMMENT = (
    "Written by hostinfo. Where /run/systemd/network/{} exists, that is in force until the next boot: remove it\n"
    "after you have edited this file, then run networkctl reload."
)
NEVER = "[Match]\nKernelCommandLine=hostinfo.deleted\n"
"""A drop-in with which networkd ignores the file of a link that was deleted, until the next boot."""


@record
class FilePlan:
    """The files of one change."""

    links: tuple[str, ...]
    """Links whose configuration changes, and that will exist."""
    run: Mapping[str, str | None]
    """Path in /run -> content while the change is in force; None: the file is removed."""
    etc: Mapping[str, str | None]
    """Path -> content after ``persist``, for the next boot; None: the file is removed."""
    faults: tuple[Fault, ...]
    """What forbids the change."""

    @property
    def temporary(self) -> tuple[str, ...]:
        """Files in /run that ``persist`` removes."""
        return tuple(path for path, text in self.run.items() if text == NEVER)


def plan_files(
    current: NetworkState, desired: NetworkState, configuration: Configuration, macs: Mapping[str, str]
) -> FilePlan:
    """Return the files of a change; ``macs``: hardware addresses of links that are created."""
    return _Planner(current, complete(current, desired), configuration, macs).plan()


class _Planner:
    def __init__(
        self, current: NetworkState, desired: NetworkState, configuration: Configuration, macs: Mapping[str, str]
    ) -> None:
        self.configuration, self.macs = configuration, macs
        present = present_dns(configuration)
        wanted = desired_dns(present, current, desired)
        self.has_dns_link = wanted is not None
        self.old, self.new = link_setups(current, present), link_setups(desired, wanted or {})
        self.changed = sorted(name for name, setup in self.new.items() if self.old.get(name) != setup)
        self.deleted = sorted(set(self.old) - set(self.new))
        owners = [owner for name in configuration.links if (owner := configuration.owner(name)) is not None]
        self.generator = next((owner.generator for owner in owners if owner.service == NETWORKD), None)
        self.run: dict[str, str | None] = {}
        self.etc: dict[str, str | None] = {}
        self.faults: list[Fault] = []

    def plan(self) -> FilePlan:
        if not self.has_dns_link:
            self._fault("dns-resolver", "no interface has addresses, and networkd has name servers per interface")
        for name in self.changed:
            self._network(name)
        for name in sorted({*self.changed, *(self.new[name].controller or name for name in self.changed)}):
            if self.new[name].link.type in CREATED_TYPES:
                self._device(name)
        for name in self.deleted:
            self._delete(name)
        return FilePlan(links=tuple(self.changed), run=self.run, etc=self.etc, faults=tuple(self.faults))

    def _fault(self, path: str, message: str) -> None:
        self.faults.append(Fault(path=path, message=message))

    def _write(self, name: str, suffix: str, run: str, etc: str) -> None:
        self.run[run_path(name, suffix)] = f"# {RUN_COMMENT}\n\n{run}"
        comment = "".join(f"# {line}\n" for line in ETC_COMMENT.format(basename(run_path(name, suffix))).splitlines())
        self.etc[etc_path(name, suffix)] = f"{comment}\n{etc}"

    def _network(self, name: str) -> None:
        setup = self.new[name]
        file = self.configuration.file_of(name) if name in self.old else None
        if file is not None:
            self._replace(name, file)
        elif self.generator is not None:
            message = f"{self.generator} writes the files of systemd-networkd; change the network with {self.generator}"
            self._fault(f"interfaces[{name}]", message)
        self._earlier_files(name, file)
        content = file.content if file is not None else None
        match: tuple[Setting, ...] = (("Name", name),)
        if file is not None and content is not None and file.is_exclusive and not is_ours(file.path):
            match = content.match
            if "MACAddress" in dict(match) and "Type" not in dict(match):
                match = (*match, ("Type", "ether"))  # a bridge or VLAN on the NIC has the same address
        elif content is not None and is_ours(file.path if file is not None else ""):
            match = content.match
        texts = [
            format_unit(network_sections(
                setup, match, content.kept if content is not None else (), self._mtu(name, file), self._mac(name, file),
                joins_bond=joins_bond,
            ))
            for joins_bond in (False, True)
        ]  # fmt: skip
        self._write(name, "network", *texts)

    def _replace(self, name: str, file: LinkFile) -> None:
        """Check that a file can be replaced, and remove it if it is for this link only."""
        path = f"interfaces[{name}]"
        if file.content is None:
            self._fault(path, f"{file.path} cannot be read; run networkctl reload if it was removed")
            return
        owner = self.configuration.owner(name)
        generator = (owner.generator if owner is not None else None) or generator_of(file.path)
        if generator is not None:
            self._fault(path, f"{generator} writes {file.path} again; change the network with {generator}")
        for setting in file.content.unknown:
            self._fault(path, f"{file.path} has {setting}, which hostinfo cannot write; remove it or change it there")
        for other in self.configuration.drop_ins(file.path):
            self._fault(path, f"{other} adds to {file.path}; merge it into that file first")
        if file.path.startswith(f"{ETC}/") and file.is_exclusive and file.path != etc_path(name, "network"):
            self.etc[file.path] = None
        elif not is_ours(file.path) and basename(file.path) < basename(etc_path(name, "network")):
            self._fault(path, f"{file.path} is for other links too and comes before {PREFIX}{name}; rename it to 20-…")

    def _earlier_files(self, name: str, file: LinkFile | None) -> None:
        ours = basename(etc_path(name, "network"))
        for other, path in self.configuration.network_files.items():
            is_other = other < ours and not is_ours(path) and (file is None or path != file.path)
            if is_other and self.configuration.may_match(path, name) is not False:
                message = f"{path} may match it and comes before {ours}; rename it to 20-…"
                self._fault(f"interfaces[{name}]", message)

    def _mtu(self, name: str, file: LinkFile | None) -> int | None:
        """Return the MTU to write: one that was written before, or that is not what the link has by itself."""
        link = self.new[name].link
        base = self.new.get((link.vlan.base_iface or "") if link.vlan is not None else "")
        natural = base.link.mtu if base is not None else 1500
        had = file is not None and file.content is not None and file.content.mtu is not None
        is_bonded = self.new[name].controller_type == "bond"
        return link.mtu if had or (link.mtu != natural and not is_bonded) else None

    def _mac(self, name: str, file: LinkFile | None) -> str | None:
        setup = self.new[name]
        mac = setup.link.mac_address
        if mac is None or setup.link.type in ("bond", "linux-bridge") or setup.controller_type == "bond":
            return None  # in the .netdev file; or that of the bond
        fact = self.configuration.links.get(name)
        if setup.link.type == "ethernet" and fact is not None and fact.permanent_mac is not None:
            return mac if mac != fact.permanent_mac else None
        had = file is not None and file.content is not None and file.content.mac_address is not None
        before = self.old[name].link.mac_address if name in self.old else None
        return mac if had or (before is not None and mac != before) else None

    def _device(self, name: str) -> None:
        link, device = self.new[name].link, self.configuration.devices.get(name)
        text = self._device_text(link)
        before = self._device_text(self.old[name].link) if name in self.old else None
        if device is not None and before == text:
            return
        self._check_options(link)
        if device is not None and not is_ours(device.path):
            for setting in device.content.unknown:
                self._fault(
                    f"interfaces[{name}]", f"{device.path} has {setting}, which hostinfo cannot write; remove it"
                )
            self._remove_device(name, device.path)
        self._write(name, "netdev", text, text)

    def _device_text(self, link: Interface) -> str:
        device = self.configuration.devices.get(link.name)
        mac = link.mac_address or self.macs.get(link.name) if link.type in ("bond", "linux-bridge") else None
        return format_unit(netdev_sections(link, mac, device.content.kept if device is not None else ()))

    def _check_options(self, link: Interface) -> None:
        bond = link.link_aggregation
        for option in unsupported_options(bond.options or {}) if bond is not None else ():
            path = f"interfaces[{link.name}].link-aggregation.options.{option}"
            self._fault(path, "systemd-networkd has no setting for it; leave it out")
        tree = link.bridge.options.stp if link.bridge is not None and link.bridge.options is not None else None
        if tree is not None and tree.priority == 0:
            path = f"interfaces[{link.name}].bridge.options.stp.priority"
            self._fault(path, "systemd-networkd cannot set 0; give 1 or more")

    def _remove_device(self, name: str, path: str) -> None:
        if not path.startswith(f"{ETC}/"):
            self._fault(f"interfaces[{name}]", f"{path} creates it, which hostinfo does not change; mask or remove it")
        if generator := generator_of(path):
            self._fault(f"interfaces[{name}]", f"{generator} writes {path} again; change the network with {generator}")
        self.etc[path] = None

    def _delete(self, name: str) -> None:
        """Remove the files of a link that is deleted; until then networkd must not create it again."""
        for suffix in ("network", "netdev"):
            self.run[run_path(name, suffix)] = None
            self.etc[etc_path(name, suffix)] = None
        file = self.configuration.file_of(name)
        if file is not None and file.is_exclusive and file.path.startswith(f"{ETC}/"):
            self.etc[file.path] = None
        for path in self._devices_in_etc(name):
            if not is_ours(path):
                self._remove_device(name, path)
            self.run[f"{RUN}/{basename(path)}.d/hostinfo-deleted.conf"] = NEVER

    def _devices_in_etc(self, name: str) -> Iterator[str]:
        device = self.configuration.devices.get(name)
        if device is not None and not device.path.startswith(f"{RUN}/00-hostinfo-"):
            yield device.path
        elif self.configuration.text(etc_path(name, "netdev")) is not None:
            yield etc_path(name, "netdev")


def dns_needs_resolved(current: NetworkState, desired: NetworkState) -> bool:
    """Whether name servers change; networkd gives them to systemd-resolved only."""
    wanted = desired.dns_resolver.config if desired.dns_resolver is not None else None
    present = current.dns_resolver.config if current.dns_resolver is not None else None
    return wanted is not None and wanted != present and bool(wanted.servers or wanted.search)
