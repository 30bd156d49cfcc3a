"""systemd-networkd as a service: its method Reload, org.freedesktop.network1(5), and what it makes of each link."""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Callable, Container, Mapping
from socket import if_nametoindex

from hostinfo.drivers.sources.tree import Tree
from hostinfo.errors import ActionFailed

from ..owners import NETWORKD
from ..system_bus import SystemBus

NAME = "org.freedesktop.network1"
PATH = "/org/freedesktop/network1"
SEEN_SECONDS = 3.0
"""Until networkd has seen links that were created or deleted; 0.1 s."""
SETTLE_SECONDS = 2.5
"""Until networkd has configured a link; with duplicate address detection up to 2 s."""
POLL_SECONDS = 0.05


def has_dbus() -> bool:
    """Whether dbus-python is installed."""
    return importlib.util.find_spec("dbus") is not None


def reload() -> None:
    """Make networkd read its files, and configure links whose file changed. ActionFailed: no reply in time, refused."""
    try:
        bus = SystemBus(NAME, NETWORKD)
        try:
            bus.call_method(PATH, f"{NAME}.Manager", "Reload")
        finally:
            bus.close()
    except ActionFailed as error:
        raise ActionFailed(error.source, f"{error.detail}; see journalctl -u systemd-networkd") from error


def link_values(index: int) -> dict[str, str]:
    """Return what networkd writes about a link, such as NETWORK_FILE; empty: it does not know the link."""
    text = Tree("/").try_text(f"run/systemd/netif/links/{index}")
    return dict(line.split("=", 1) for line in text.splitlines() if "=" in line and not line.startswith("#"))


def wait_until_seen(deleted: set[int], created: set[str]) -> None:
    """Wait until networkd has noticed which links exist: Reload would confuse a new link with the old one."""

    def is_seen() -> bool:
        return not any(link_values(index) for index in deleted) and all(link_values(_index(name)) for name in created)

    _wait(is_seen, SEEN_SECONDS)


def wait_until_used(paths: Mapping[str, str]) -> None:
    """Wait until networkd uses these files for the links that exist."""
    _wait(
        lambda: all(link_values(_index(name)).get("NETWORK_FILE") == path for name, path in paths.items()), SEEN_SECONDS
    )


def wait_until_configured(paths: Mapping[str, str], dynamic: Container[str]) -> None:
    """Wait until networkd has configured links with these files; ``dynamic`` ones may wait for a lease or a router.

    ActionFailed: it uses another file for a link, or failed to configure one.
    """

    def is_done(name: str, path: str) -> bool:
        values = link_values(_index(name))
        is_used = values.get("NETWORK_FILE") == path
        return is_used and (name in dynamic or values.get("ADMIN_STATE") in ("configured", "failed"))

    _wait(lambda: all(is_done(name, path) for name, path in paths.items()), SETTLE_SECONDS)
    for name, path in paths.items():
        values = link_values(_index(name))
        if values.get("ADMIN_STATE") == "failed":
            raise ActionFailed(name, "systemd-networkd failed to configure it; see journalctl -u systemd-networkd")
        if values.get("NETWORK_FILE") != path:
            used = values.get("NETWORK_FILE") or "no file"
            raise ActionFailed(name, f"systemd-networkd uses {used} instead of {path}")


def wait_until_released(names: set[str], prefix: str) -> None:
    """Wait until networkd uses none of the files with this prefix for these links, and has configured them."""

    def is_done(name: str) -> bool:
        values = link_values(_index(name))
        is_settled = values.get("ADMIN_STATE") not in ("configuring", "pending", "initialized")
        return is_settled and not values.get("NETWORK_FILE", "").startswith(prefix)

    _wait(lambda: all(is_done(name) for name in names), SETTLE_SECONDS)


def _wait(is_done: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not is_done() and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)


def _index(name: str) -> int:
    """Return the index of a link; 0: there is none."""
    try:
        return if_nametoindex(name)
    except OSError:
        return 0
