"""Facts of a physical link that its driver reports over ethtool."""

from __future__ import annotations

from errno import EINVAL, ENODEV, ENOTTY, EOPNOTSUPP

from hostinfo.errors import DriverError, ReadError

from ...sources import ethtool

TYPE_CHECKING = False
if TYPE_CHECKING:
    from hostinfo.fact import FactBuilder

    from ...sources.netlink.link_record import LinkRecord
    from ...sources.sources import Sources
    from .device_lookup import LinkFinder


class LinkRemoved(Exception):
    """The link was removed while it was read."""


def add_ethtool_facts(
    record: LinkRecord, name: str, finder: LinkFinder, sources: Sources, builder: FactBuilder
) -> None:
    """Add driver, link settings, permanent address, offloads and ring sizes; ``name`` is the current one.

    LinkRemoved: the link is gone. ENODEV alone does not prove that: the link may have been renamed, or its device may
    be suspended or detached.
    """
    try:
        _add_facts(record, name, sources, builder)
    except ReadError as error:
        if error.errno != ENODEV:
            raise
        new_name = finder.renamed(record)
        if new_name is None and not finder.exists(record):
            raise LinkRemoved from error
        if new_name in (None, name):
            builder.add_problem("links", error)
            return
        _add_renamed(record, str(new_name), sources, builder)


def _add_renamed(record: LinkRecord, name: str, sources: Sources, builder: FactBuilder) -> None:
    try:
        _add_facts(record, name, sources, builder)
    except ReadError as error:
        builder.add_problem("links", error)


def _add_facts(record: LinkRecord, name: str, sources: Sources, builder: FactBuilder) -> None:
    facts = record.facts
    if sources.ethtool is not None:
        info = _read_reply(sources, name, ethtool.ETHTOOL_GDRVINFO, ethtool.DRIVER_INFO_BYTES, builder)
        if info is not None:
            found = ethtool.parse_driver_info(info)
            facts.update({key: value for key, value in found.items() if value and not facts.get(key)})
            builder.record_source("ethtool driver information", "links.driver_version", "links.firmware")
        settings = _read_reply(sources, name, ethtool.ETHTOOL_GLINKSETTINGS, ethtool.SETTINGS_BYTES, builder)
        if settings is not None:
            facts.update(ethtool.parse_settings(settings, has_carrier=facts.get("has_carrier") is True))
            builder.record_source("ethtool link settings", "links.speed_mbps", "links.duplex", "links.autonegotiation",
                       "links.port_type")  # fmt: skip
        if not facts.get("permanent_mac"):  # in the netlink dump since Linux 5.6
            permanent = _read_reply(sources, name, ethtool.ETHTOOL_GPERMADDR, ethtool.PERMANENT_BYTES, builder)
            facts["permanent_mac"] = None if permanent is None else ethtool.parse_permanent(permanent)
    if sources.features is not None:
        facts.update(ethtool.parse_features(sources.features(name)))
        builder.record_source("the ethtool package", "links.offloads", "links.rx_ring_size", "links.tx_ring_size")


def _read_reply(sources: Sources, name: str, command: int, size: int, builder: FactBuilder) -> bytes | None:
    """Return the reply; None if the device does not support the command. ReadError with ENODEV: no such link."""
    assert sources.ethtool is not None  # noqa: S101 - checked by the caller
    try:
        return sources.ethtool(name, command, size)
    except DriverError as error:
        number = getattr(error, "errno", None)
        if number == ENODEV:
            raise
        if number not in (EOPNOTSUPP, EINVAL, ENOTTY):
            builder.add_problem("links", error)
        return None
