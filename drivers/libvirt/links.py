"""Network links of a remote host, from its node devices."""

from xml.etree.ElementTree import Element

from hostinfo.driver import RequestedFields
from hostinfo.fact import FactBuilder, GroupResult
from hostinfo.model.network import Link, Network

from ..sources.libvirt.xml import number, parse, text
from .host import Host

_NO_SPEED = 0xFFFFFFFF
"""libvirt passes the kernel's -1 on as an unsigned number: the device has no speed."""


def read_network(host: Host, fields: RequestedFields) -> GroupResult[Network]:
    """Links with name, address, state and speed; libvirt tells no addresses and no routes."""
    builder = FactBuilder(host.name, fields)
    documents = host.ask("net-devices") if builder.needs("links") else []
    links = [
        link
        for document in (documents if isinstance(documents, list) else [])
        if (link := _link(parse(document, "device", f"{host.name} node device"))) is not None
    ]
    for field in ("addresses", "routes", "dns"):
        if builder.needs(field):
            builder.unsupported(field, "libvirt", "it tells a remote host's links only")
    builder.record_source("libvirt node devices", "links")
    return builder.build(Network(links=tuple(sorted(links, key=lambda link: link.name))))


def _link(device: Element) -> Link | None:
    capability = next((element for element in device.findall("capability") if element.get("type") == "net"), None)
    name = text(capability, "interface")
    if capability is None or name is None:
        return None
    state = capability.find("link")
    speed = number(state, "speed")
    word = state.get("state") if state is not None else None
    has_speed = speed not in (None, 0, _NO_SPEED) and word == "up"
    return Link(
        name=name,
        mac=text(capability, "address"),
        state=word if word != "unknown" else None,
        speed_mbps=speed if has_speed else None,
        driver=text(device, "driver/name"),
    )
