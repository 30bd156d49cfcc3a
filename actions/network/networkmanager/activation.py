"""Bring profiles into force, and wait until NetworkManager is done with them."""

from __future__ import annotations

import time
from collections.abc import Iterable
from contextlib import suppress

from hostinfo.errors import ActionFailed

from .. import steps
from ..kernel_steps import KernelSteps, link_index
from ..system_bus import Gone
from .bus import MANAGER, Bus
from .client import Client

IP_CONFIG, SECONDARIES, ACTIVATED, FAILED = 70, 90, 100, 120
DISCONNECTED = 30
SETTLE_SECONDS = 20.0
"""A bond or bridge with ports is configured within two seconds; on a busy host it takes ten times as long."""
DELETE_SECONDS = 5.0
INTERVAL_SECONDS = 0.1


def activate(client: Client, uuid: str, link: str) -> None:
    """Begin to activate a profile."""
    client.activate(client.profiles[uuid].path, link)


def reapply(client: Client, uuid: str, link: str) -> None:
    """Bring a device to its profile; activate the profile where that does not suffice."""
    try:
        client.reapply(link)
    except Gone:
        raise
    except ActionFailed:
        activate(client, uuid, link)


def deactivate(client: Client, link: str) -> None:
    """Take the profile from a device; nothing, if none is active."""
    device = client.devices.get(link)
    if device is None or device.active is None:
        return
    with suppress(Gone):
        client.bus.call(MANAGER, "DeactivateConnection", "o", device.active)


def delete_link(client: Client, link: str) -> None:
    """Delete a bond, VLAN or bridge. NetworkManager deletes those that it made; others are deleted here."""
    try:
        deactivate(client, link)
    except ActionFailed as error:
        if "is not active" not in str(error):
            raise
    deadline = time.monotonic() + DELETE_SECONDS if link in client.devices else 0.0
    while _exists(link) and time.monotonic() < deadline:
        time.sleep(INTERVAL_SECONDS)
    if _exists(link):
        _kernel(steps.DeleteLink(link=link))


def set_down(client: Client, link: str) -> None:
    """Take the profile from a NIC, and set it down: NetworkManager leaves it up."""
    deactivate(client, link)
    deadline = time.monotonic() + DELETE_SECONDS
    while time.monotonic() < deadline:
        device = Client(client.bus).devices.get(link)
        if device is None or device.state <= DISCONNECTED:
            break
        time.sleep(INTERVAL_SECONDS)
    _kernel(steps.SetDown(link=link))


def _kernel(step: steps.KernelStep) -> None:
    kernel = KernelSteps()
    try:
        kernel.apply(step)
    finally:
        kernel.close()


def _exists(link: str) -> bool:
    try:
        link_index(link)
    except OSError:
        return False
    return True


def settle(bus: Bus, wanted: Iterable[tuple[str, str]], seconds: float = SETTLE_SECONDS) -> list[str]:
    """Wait until these profiles are in force: activated, or waiting for a lease. Return what is not.

    ``wanted`` are links and the UUIDs of their profiles.
    """
    pairs = list(wanted)
    deadline = time.monotonic() + seconds
    while True:
        devices = Client(bus).devices
        left = []
        for link, uuid in pairs:
            device = devices.get(link)
            if device is None or device.profile != uuid or not IP_CONFIG <= device.state <= ACTIVATED:
                left.append(f"{link} is {'absent' if device is None else f'in device state {device.state}'}")
        if not left or time.monotonic() >= deadline:
            return left
        time.sleep(INTERVAL_SECONDS)
