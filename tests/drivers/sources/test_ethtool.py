"""ethtool replies: layouts of linux/ethtool.h."""

import errno
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hostinfo.drivers.sources import ethtool
from hostinfo.errors import ReadError


def test_ethtool_on_a_missing_link_is_a_read_error() -> None:
    with pytest.raises(ReadError) as caught:
        ethtool.read_reply("no-such-link", ethtool.ETHTOOL_GDRVINFO, ethtool.DRIVER_INFO_BYTES)
    assert caught.value.errno == errno.ENODEV


def test_link_settings_of_a_gigabit_port() -> None:
    # struct ethtool_link_settings: command, speed, duplex, port, phy, autoneg, …
    data = struct.pack("=IIBBBB", 0x4C, 1000, 1, 3, 0, 1) + bytes(36)
    assert ethtool.parse_settings(data, has_carrier=True) == {
        "speed_mbps": 1000, "duplex": "full", "autonegotiation": True, "port_type": "fibre"}  # fmt: skip
    assert ethtool.parse_settings(data, has_carrier=False)["speed_mbps"] is None


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300))
def test_any_ethtool_reply_is_parsed_without_an_error(data: bytes) -> None:
    assert set(ethtool.parse_driver_info(data)) == {"driver", "driver_version", "firmware", "bus_address"}
    assert ethtool.parse_settings(data, has_carrier=True).keys() <= {
        "speed_mbps", "duplex", "autonegotiation", "port_type"}  # fmt: skip
    permanent = ethtool.parse_permanent(data)
    assert permanent is None or len(permanent) <= 32 * 3 - 1
