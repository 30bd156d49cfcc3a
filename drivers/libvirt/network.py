"""Network links of a remote host, from its node devices."""

from __future__ import annotations

from hostinfo.fact import FactBuilder
from hostinfo.model.network import Link, Network

from ..sources.libvirt.xml import number, parse, text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

    from hostinfo.driver import RequestedFields
    from hostinfo.fact import GroupResult

    from .host import LibvirtHost

_NO_SPEED = 0xFFFFFFFF
"""libvirt passes the kernel's -1 (no speed) on as an unsigned number."""


def read_network(host: LibvirtHost, fields: RequestedFields) -> GroupResult[Network]:
    """Read the links with name, address, state and speed; libvirt reports no addresses and no routes."""
    builder = FactBuilder(host.driver, fields)
    documents: object = None
    if builder.needs("links"):
        documents = host.optional(builder, ("links",), lambda: host.call("net-devices"))
    links = [
        link
        for document in (documents if isinstance(documents, list) else [])
        if (link := _link(parse(document, "device", f"{host.driver} node device"))) is not None
    ]
    for field in ("addresses", "routes", "dns"):
        if builder.needs(field):
            builder.unsupported(field, "libvirt", "it reports only the links of a remote host")
    builder.record_source("libvirt node devices", "links")
    return builder.build(Network(links=tuple(sorted(links, key=lambda link: link.name))))


def _link(device: Element) -> Link | None:
    capability = next((element for element in device.findall("capability") if element.get("type") == "net"), None)
    name = text(capability, "interface")
    if capability is None or name is None:
        return None
    link = capability.find("link")
    speed = number(link, "speed")
    state = link.get("state") if link is not None else None
    has_speed = speed not in (None, 0, _NO_SPEED) and state == "up"
    return Link(
        name=name,
        mac=text(capability, "address"),
        state=state if state != "unknown" else None,
        speed_mbps=speed if has_speed else None,
        driver=text(device, "driver/name"),
    )
