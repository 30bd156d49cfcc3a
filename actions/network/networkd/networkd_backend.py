"""The back end for links that systemd-networkd configures.

rtnetlink changes the links at once, as without a service; then networkd reads files in /run that agree with that, and
keeps it so. The next boot reads /etc, which is written when the change is confirmed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from hostinfo.drivers.sources.tree import Tree
from hostinfo.errors import ActionFailed
from hostinfo.model.network import Network
from hostinfo.model.network_state import Interface, NetworkState
from hostinfo.record import replace

from .. import kernel_backend
from ..backend import Backend, Fault, OnStep, PlannedStep, Service
from ..clock import boot_id
from ..document import digest
from ..foreign_routes import check_foreign_routes, describe
from ..kernel_backend import read_network, read_state
from ..kernel_plan import plan_kernel
from ..kernel_steps import KernelSteps
from ..kernel_steps import describe as describe_step
from ..owners import NETWORKD, is_running
from ..stack import by_name, controllers, ports_of
from ..steps import CreateBond, CreateBridge, CreateVlan, DeleteLink, KernelStep, SetIpv6
from . import service
from .configuration import EARLY_PREFIX, RUN, Configuration, is_ours, run_path
from .file_plan import FilePlan, dns_needs_resolved, plan_files
from .file_store import read_file, remove_file, restore_file, set_file, write_file
from .state import add_configuration, configured_state

MANIFEST = "/run/hostinfo/networkd.json"
"""What ``persist`` writes, and what it wrote in this boot."""
KEPT_ROUTES = ("kernel", "ra", "redirect", "dhcp")
"""Protocols of routes that the kernel or networkd adds again by itself."""
OUR_ROUTES = ("static", "boot")


def read() -> NetworkState:
    """Return the state in force."""
    network = read_network()
    return add_configuration(read_state(network), network)


def _steps(current: NetworkState, desired: NetworkState) -> tuple[KernelStep, ...]:
    """Return the steps of the kernel; router advertisements and disabling IPv6 are left to networkd."""
    steps: list[KernelStep] = []
    for step in plan_kernel(current, desired):
        if isinstance(step, SetIpv6):
            if step.enabled:
                steps.append(SetIpv6(link=step.link, enabled=True))
        elif isinstance(step, CreateBond) and step.mac is None and step.options.get("fail_over_mac") in (None, "none"):
            steps.append(replace(step, mac=_first_mac(step.link, current, desired)))
        else:
            steps.append(step)
    return tuple(steps)


def _first_mac(bond: str, current: NetworkState, desired: NetworkState) -> str | None:
    """Return the hardware address of a bond's first port: after a boot the bond must have the same one."""
    old = by_name(current)
    macs = [old[port].mac_address for port in ports_of(by_name(desired)[bond]) if port in old]
    return macs[0] if macs else None


def _files(current: NetworkState, desired: NetworkState, configuration: Configuration) -> FilePlan:
    created = (step for step in _steps(current, desired) if isinstance(step, CreateBond | CreateBridge | CreateVlan))
    return plan_files(current, desired, configuration, {step.link: step.mac for step in created if step.mac})


def check(current: NetworkState, desired: NetworkState) -> tuple[Fault, ...]:
    """Return what networkd cannot do, and what would be lost in its files."""
    network = read_network()
    configuration = Configuration(network)
    files = _files(current, desired, configuration)
    faults = list(files.faults)
    if not service.has_dbus():
        message = "systemd-networkd is called over D-Bus: install dbus-python (pip install hostinfo[dbus])"
        faults.append(Fault(path="interfaces", message=message))
    if dns_needs_resolved(current, desired) and not is_running(Tree("/"), "systemd-resolved.service"):
        message = "systemd-networkd gives name servers to systemd-resolved only, which does not run; start it"
        faults.append(Fault(path="dns-resolver", message=message))
    others = tuple(route for route in network.routes if route.protocol != "dhcp")
    faults += check_foreign_routes(current, desired, replace(network, routes=others), _steps(current, desired))
    faults += _lost_routes(files, network, configuration)
    faults += _edited(files, configuration)
    return tuple(dict.fromkeys(faults))


def _lost_routes(files: FilePlan, network: Network, configuration: Configuration) -> Iterator[Fault]:
    """Yield a fault for each route of others that networkd would delete when it configures a link again."""
    if not configuration.manages_foreign_routes():
        return
    from ..running_state import is_expressible

    for route in network.routes:
        is_foreign = route.protocol not in KEPT_ROUTES and not is_expressible(route) and route.type == "unicast"
        if is_foreign and route.link in files.links:
            message = (
                f"systemd-networkd would delete the route {describe(route)}; set ManageForeignRoutes=no in "
                "/etc/systemd/networkd.conf and restart it, or delete the route first"
            )
            yield Fault(path=f"interfaces[{route.link}]", message=message)


def _edited(files: FilePlan, configuration: Configuration) -> Iterator[Fault]:
    """Yield a fault for each of our files in /etc that was edited since it was written, and is not in force."""
    written = _manifest().get("written", {})
    for path in files.etc:
        text = configuration.text(path) if is_ours(path) else None
        in_force = path.replace("/etc/systemd/network/10-", "/run/systemd/network/00-")
        if text is not None and configuration.text(in_force) is not None and text != written.get(path, text):
            message = f"{path} was edited and is not in force; remove {in_force} and run networkctl reload first"
            yield Fault(path="interfaces", message=message)


def _manifest() -> dict[str, Any]:
    found = read_file(MANIFEST)
    try:
        content = json.loads(found["text"]) if found else {}
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


def plan(current: NetworkState, desired: NetworkState) -> tuple[PlannedStep, ...]:
    """Return the steps for people; two equal ones are numbered."""
    files = _files(current, desired, Configuration(read_network()))
    steps = [PlannedStep(name=f"{_file_step(text)} {path}", target=path) for path, text in files.run.items()]
    if _leaves_bridge(current, desired):
        steps.append(PlannedStep(name="reload before ports leave", target="systemd-networkd"))
    steps += _planned(_steps(current, desired))
    return (*steps, PlannedStep(name="reload", target="systemd-networkd"))


def _planned(steps: Iterable[KernelStep]) -> list[PlannedStep]:
    seen: dict[str, int] = {}
    found = []
    for step in steps:
        name = describe_step(step)
        seen[name] = seen.get(name, 0) + 1
        again = f" ({seen[name]})" if seen[name] > 1 else ""
        found.append(PlannedStep(name=f"{name}{again}", target=getattr(step, "link", "")))
    return found


def _file_step(text: str | None) -> str:
    return "remove" if text is None else "write"


def apply(current: NetworkState, desired: NetworkState, on_step: OnStep) -> None:
    """Write the files in /run, change the links, and let networkd read the files.

    Where a port leaves a bridge, networkd reads the files first. It takes such a link for a new one (the kernel reports
    a port as deleted), and would make it a port of the bridge again.
    """
    files = _files(current, desired, Configuration(read_network()))
    write_file(MANIFEST, _manifest_text(files, desired), 0o600, gid=0)
    for path, text in files.run.items():
        on_step(f"{_file_step(text)} {path}", path)
        set_file(path, text)
    paths = {name: run_path(name, "network") for name in files.links}
    if _leaves_bridge(current, desired):
        on_step("reload before ports leave", "systemd-networkd")
        service.reload()
        service.wait_until_used({name: path for name, path in paths.items() if name in by_name(current)})
        current = read()
    network = read_network()
    steps = _steps(current, desired)
    kernel = KernelSteps()
    try:
        for step, planned in zip(steps, _planned(steps), strict=True):
            on_step(planned.name, planned.target)
            kernel.apply(step)
    finally:
        kernel.close()
    on_step("reload", "systemd-networkd")
    indexes = {link.name: link.index or 0 for link in network.links}
    deleted = {indexes[step.link] for step in steps if isinstance(step, DeleteLink) and step.link in indexes}
    created = {step.link for step in steps if isinstance(step, CreateBond | CreateBridge | CreateVlan)}
    service.wait_until_seen(deleted, created)
    service.reload()
    service.wait_until_configured(paths, _dynamic(desired))


def _leaves_bridge(current: NetworkState, desired: NetworkState) -> bool:
    old = controllers(link for link in current.interfaces if link.bridge is not None)
    new = controllers(desired.interfaces)
    return any(new.get(port) != bridge for port, bridge in old.items())


def _dynamic(state: NetworkState) -> set[str]:
    """Return the links that may wait for a DHCP server or a router."""
    ips = ((link.name, ip) for link in state.interfaces for ip in (link.ipv4, link.ipv6) if ip is not None)
    return {name for name, ip in ips if ip.dhcp or ip.autoconf}


def _manifest_text(files: FilePlan, desired: NetworkState) -> str:
    content = {
        "desired": digest(desired), "write": files.etc, "end": files.temporary,
        "written": _manifest().get("written", {}),
    }  # fmt: skip
    return json.dumps(content, indent=1)


def persist(desired: NetworkState) -> None:
    """Write the files in /etc, and remove those that they replace. The files in /run stay until the next boot.

    networkd is not called: a file at another path would make it configure the links again.
    """
    manifest = _manifest()
    if manifest.get("desired") != digest(desired):
        raise ActionFailed(MANIFEST, "it is not that of this change; roll back, and apply it again")
    for path, text in sorted(manifest["write"].items(), key=lambda item: item[1] is None):
        set_file(path, text)
    for path in manifest["end"]:
        remove_file(path)
    manifest["written"] = {**manifest["written"], **manifest["write"]}
    write_file(MANIFEST, json.dumps(manifest, indent=1), 0o600, gid=0)


def snapshot(current: NetworkState, desired: NetworkState) -> Mapping[str, Any]:
    """Return the links as the kernel has them, and every file that ``apply`` and ``persist`` change."""
    network = read_network()
    configuration = Configuration(network)
    files = _files(current, desired, configuration)
    kernel = _kernel_view(read_state(network), configuration)
    wanted = _kernel_view(desired, configuration)
    contents: dict[str, list[str | None]] = {}
    for path, text in (*files.run.items(), *files.etc.items(), *((path, None) for path in files.temporary)):
        contents.setdefault(path, []).append(text)
    return {
        "boot_id": boot_id(),
        "kernel": kernel_backend.snapshot(kernel, replace(wanted, dns_resolver=None)),
        "links": sorted({*files.links, *by_name(current)} & by_name(current).keys()),
        "files": {path: {"before": read_file(path), "ours": ours} for path, ours in contents.items()},
    }


def _kernel_view(state: NetworkState, configuration: Configuration) -> NetworkState:
    """Return a state without what networkd decides: None is left as it is."""

    def view(link: Interface) -> Interface:
        four, six = link.ipv4, link.ipv6
        if four is not None:
            link = replace(link, ipv4=replace(four, dhcp=None, enabled=None))
        if six is not None:
            is_owned = configuration.is_owned(link.name)
            kept = replace(six, dhcp=None, autoconf=None if is_owned else six.autoconf, enabled=six.enabled or None)
            link = replace(link, ipv6=kept)
        return link

    return replace(state, interfaces=tuple(view(link) for link in state.interfaces), dns_resolver=None)


def restore(saved: Mapping[str, Any], on_step: OnStep) -> None:
    """Undo a change: the files, the links, and what networkd makes of them.

    After a restart of the machine only the files: networkd starts after this. ActionFailed: a file could not be
    restored, or networkd does not reply; the links are as before by then.
    """
    failures = []
    for path, file in saved["files"].items():
        on_step(f"restore {path}", path)
        try:
            restore_file(path, file["before"], file["ours"])
        except ActionFailed as error:
            failures.append(str(error))
    if saved["boot_id"] == boot_id():
        failures += _restore_running(saved, on_step)
    if failures:
        raise ActionFailed("rollback", "; ".join(failures))


def _restore_running(saved: Mapping[str, Any], on_step: OnStep) -> Iterator[str]:
    """Let networkd read the files that are back, then restore by netlink what it does not; yield what failed."""
    if is_running(Tree("/"), f"{NETWORKD}.service"):
        on_step("reload", "systemd-networkd")
        try:
            service.reload()
        except ActionFailed as error:
            yield str(error)
        else:
            before = {path for path, file in saved["files"].items() if file["before"] is not None}
            released = {name for name in saved["links"] if run_path(name, "network") not in before}
            service.wait_until_released(released, f"{RUN}/{EARLY_PREFIX}")
    try:
        kernel_backend.restore(saved["kernel"], on_step)
    except ActionFailed as error:
        yield str(error)


def networkd_backend() -> Backend:
    """Return the back end for links that systemd-networkd configures."""
    return Backend(
        name=NETWORKD,
        is_persistent=True,
        read=read,
        check=check,
        plan=plan,
        snapshot=snapshot,
        apply=apply,
        persist=persist,
        restore=restore,
    )


SERVICE = Service(open=networkd_backend, add_configuration=add_configuration, configured_state=configured_state)
