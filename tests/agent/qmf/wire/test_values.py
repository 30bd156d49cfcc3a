import math
from enum import Enum
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hostinfo.agent.qmf.wire.errors import Malformed, TooLarge
from hostinfo.agent.qmf.wire.limits import MAX_KEY_BYTES, MAX_STRING_BYTES, Limits
from hostinfo.agent.qmf.wire.sanitise import encoded_size, sanitise, sanitise_map
from hostinfo.agent.qmf.wire.types import AMQP_NAMES, Byte, UByte, UInt, ULong, Value
from hostinfo.agent.qmf.wire.validation import validate

LIMITS = Limits(depth=8, nodes=1_000, size=1 << 20)

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(st.characters())
    | st.binary()
    | st.uuids()
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=300), inner, max_size=4),
    max_leaves=20,
)


def strings_and_keys(value: Value) -> list[tuple[str, int]]:
    if isinstance(value, str):
        return [(value, MAX_STRING_BYTES)]
    if isinstance(value, dict):
        return [(key, MAX_KEY_BYTES) for key in value] + [
            pair for item in value.values() for pair in strings_and_keys(item)
        ]
    return [pair for item in value for pair in strings_and_keys(item)] if isinstance(value, list) else []


@given(values)
def test_nothing_emitted_holds_a_string_or_key_that_kills_consoles(value: object) -> None:
    for text, limit in strings_and_keys(sanitise(value)):
        assert len(text.encode()) <= limit


@pytest.mark.parametrize("text", ["x" * 65_536, "é" * 40_000, "x" * 70_000])
def test_a_string_that_is_too_long_goes_as_binary_and_is_read_back_whole(text: str) -> None:
    sent = sanitise({"cmdline": text})
    assert isinstance(sent, dict)
    assert sent["cmdline"] == text.encode()
    assert validate(sent, LIMITS) == {"cmdline": text}


def test_the_longest_string_that_passes_stays_a_string() -> None:
    assert sanitise("x" * 65_535) == "x" * 65_535
    assert sanitise("é" * 32_767 + "x") == "é" * 32_767 + "x"


def test_an_entry_with_too_long_a_key_is_kept_under_another() -> None:
    sent = sanitise_map({"a": 1, "k" * 256: 2, "é" * 128: 3, "k" * 255: 4})
    assert sent == {"a": 1, "k" * 255: 4, "_long_keys": [["k" * 256, 2], ["é" * 128, 3]]}


def test_bytes_that_are_no_utf_8_travel_as_they_are() -> None:
    name = b"eth\xff".decode("utf-8", "surrogateescape")
    assert sanitise(name) == b"eth\xff"
    assert validate(b"eth\xff", LIMITS) == b"eth\xff"


def test_integers_keep_their_width_or_get_one_that_holds_them() -> None:
    assert type(sanitise(UByte(3))) is UByte
    assert type(sanitise(7)) is int
    assert type(sanitise(2**63)) is ULong
    assert sanitise(2**64) == str(2**64)
    assert sanitise(-(2**63)) == -(2**63)
    assert isinstance(sanitise(10**5000), str)


@pytest.mark.parametrize(("width", "value"), [(UByte, 256), (UByte, -1), (Byte, 128), (UInt, 2**32), (ULong, -1)])
def test_a_width_refuses_what_it_cannot_hold(width: type[UByte], value: int) -> None:
    with pytest.raises(ValueError, match="does not fit"):
        width(value)


def test_python_containers_and_enums_become_plain_ones() -> None:
    class Scope(Enum):
        HOST = "host"

    assert sanitise({"a": (1, 2), "b": {"y", "x"}, "c": Scope.HOST}) == {"a": [1, 2], "b": ["x", "y"], "c": "host"}


def test_what_has_no_form_or_is_too_deep_is_refused_before_it_is_sent() -> None:
    with pytest.raises(Malformed):
        sanitise({"a": object()})
    deep: object = 1
    for _ in range(10_000):
        deep = [deep]
    with pytest.raises(TooLarge):
        sanitise(deep)


def test_peers_text_is_read_whether_string_or_binary() -> None:
    assert validate({b"_what": b"OBJECT", "x": [memoryview(b"caf\xc3\xa9"), bytearray(b"a")]}, LIMITS) == {
        "_what": "OBJECT",
        "x": ["café", "a"],
    }


@pytest.mark.parametrize("body", [{1: 2}, {None: 1}, {b"\xff": 1}, {("a",): 1}, {"k" * 2_000: 1}, object(), 1j, {1, 2}])
def test_what_no_peer_means_is_malformed(body: object) -> None:
    with pytest.raises(Malformed):
        validate(body, LIMITS)


def test_the_bounds_of_a_body_hold() -> None:
    deep: object = 1
    for _ in range(10_000):
        deep = {"a": deep}
    for body in (deep, [1] * 1_001, [[1] * 400] * 3, "x" * (1 << 20) + "x", {"a": b"\xff" * (1 << 21)}):
        with pytest.raises(TooLarge):
            validate(body, LIMITS)


@given(values)
def test_what_is_sent_is_what_is_read(value: object) -> None:
    sent = sanitise(value)
    try:
        received = validate(sent, LIMITS)
    except TooLarge:
        return
    assert same(received, sent)


def same(received: Value, sent: Value) -> bool:
    if isinstance(sent, bytes):  # binary that is UTF-8 is text to the reader
        return received == sent or (isinstance(received, str) and received.encode() == sent)
    if isinstance(sent, float) and isinstance(received, float):
        return received == sent or (math.isnan(received) and math.isnan(sent))
    if isinstance(sent, list) and isinstance(received, list):
        return len(sent) == len(received) and all(map(same, received, sent))
    if isinstance(sent, dict) and isinstance(received, dict):
        return list(sent) == list(received) and all(map(same, received.values(), sent.values()))
    return received == sent


def test_widths_survive_real_amqp() -> None:
    """Encode and decode by proton, as the transport will: the wire keeps each width and each value."""
    proton = pytest.importorskip("proton")
    widths = {name: getattr(proton, name) if name != "long" else int for name in AMQP_NAMES.values()}
    for width, name in AMQP_NAMES.items():
        message = proton.Message(body={"x": widths[name](width(1))})
        received = proton.Message()
        received.decode(message.encode())
        assert received.body == {"x": 1}
        assert type(received.body["x"]).__name__ == ("int" if name == "long" else name)
        assert validate(received.body, LIMITS) == {"x": 1}
    message = proton.Message(body={"u": UUID(int=7), "b": b"\xff", "t": "é", "n": None, "l": [True, 1.5]})
    received = proton.Message()
    received.decode(message.encode())
    assert validate(received.body, LIMITS) == {"u": UUID(int=7), "b": b"\xff", "t": "é", "n": None, "l": [True, 1.5]}


def test_the_size_estimate_is_never_under_what_proton_writes() -> None:
    proton = pytest.importorskip("proton")
    body: Value = {"a" * 200: ["é" * 300, 1, 2.5, None, True, {"x": b"y" * 70_000}], "u": UUID(int=1)}
    message = proton.Message(body=body)
    envelope = len(proton.Message(body={}).encode())
    assert 0 <= encoded_size(body) - (len(message.encode()) - envelope) < 100
