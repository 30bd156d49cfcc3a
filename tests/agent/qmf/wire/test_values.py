"""Values that are sent, received, and both."""

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
def test_no_sent_string_or_key_is_long_enough_to_disconnect_consoles(value: object) -> None:
    for text, limit in strings_and_keys(sanitise(value)):
        assert len(text.encode()) <= limit


@pytest.mark.parametrize("text", ["x" * 65_536, "é" * 40_000, "x" * 70_000])
def test_a_string_that_is_too_long_is_sent_as_binary_and_received_as_text(text: str) -> None:
    sent = sanitise({"cmdline": text})
    assert isinstance(sent, dict)
    assert sent["cmdline"] == text.encode()
    assert validate(sent, LIMITS) == {"cmdline": text}


def test_the_longest_allowed_string_stays_a_string() -> None:
    assert sanitise("x" * 65_535) == "x" * 65_535
    assert sanitise("é" * 32_767 + "x") == "é" * 32_767 + "x"


def test_an_entry_with_too_long_a_key_is_moved_to_long_keys() -> None:
    sent = sanitise_map({"a": 1, "k" * 256: 2, "é" * 128: 3, "k" * 255: 4})
    assert sent == {"a": 1, "k" * 255: 4, "_long_keys": [["k" * 256, 2], ["é" * 128, 3]]}


def test_bytes_that_are_not_utf_8_are_sent_unchanged() -> None:
    name = b"eth\xff".decode("utf-8", "surrogateescape")
    assert sanitise(name) == b"eth\xff"
    assert validate(b"eth\xff", LIMITS) == b"eth\xff"


def test_integers_keep_their_width_or_get_a_sufficient_one() -> None:
    assert type(sanitise(UByte(3))) is UByte
    assert type(sanitise(7)) is int
    assert type(sanitise(2**63)) is ULong
    assert sanitise(2**64) == str(2**64)
    assert sanitise(-(2**63)) == -(2**63)
    assert isinstance(sanitise(10**5000), str)


@pytest.mark.parametrize(("width", "value"), [(UByte, 256), (UByte, -1), (Byte, 128), (UInt, 2**32), (ULong, -1)])
def test_a_number_that_does_not_fit_its_width_is_rejected(width: type[UByte], value: int) -> None:
    with pytest.raises(ValueError, match="does not fit"):
        width(value)


def test_python_containers_and_enums_become_plain_ones() -> None:
    class Scope(Enum):
        HOST = "host"

    assert sanitise({"a": (1, 2), "b": {"y", "x"}, "c": Scope.HOST}) == {"a": [1, 2], "b": ["x", "y"], "c": "host"}


def test_unknown_types_and_deep_nesting_are_rejected_before_sending() -> None:
    with pytest.raises(Malformed):
        sanitise({"a": object()})
    deep: object = 1
    for _ in range(10_000):
        deep = [deep]
    with pytest.raises(TooLarge):
        sanitise(deep)


def test_received_text_may_be_string_or_binary() -> None:
    assert validate({b"_what": b"OBJECT", "x": [memoryview(b"caf\xc3\xa9"), bytearray(b"a")]}, LIMITS) == {
        "_what": "OBJECT",
        "x": ["café", "a"],
    }


@pytest.mark.parametrize("body", [{1: 2}, {None: 1}, {b"\xff": 1}, {("a",): 1}, {"k" * 2_000: 1}, object(), 1j, {1, 2}])
def test_keys_and_types_outside_of_qmf_are_malformed(body: object) -> None:
    with pytest.raises(Malformed):
        validate(body, LIMITS)


def test_a_body_over_a_limit_is_too_large() -> None:
    deep: object = 1
    for _ in range(10_000):
        deep = {"a": deep}
    for body in (deep, [1] * 1_001, [[1] * 400] * 3, "x" * (1 << 20) + "x", {"a": b"\xff" * (1 << 21)}):
        with pytest.raises(TooLarge):
            validate(body, LIMITS)


@given(values)
def test_a_received_value_equals_the_sent_one(value: object) -> None:
    sent = sanitise(value)
    try:
        received = validate(sent, LIMITS)
    except TooLarge:
        return
    assert same(received, sent)


def same(received: Value, sent: Value) -> bool:
    if isinstance(sent, bytes):  # binary that is UTF-8 is received as text
        return received == sent or (isinstance(received, str) and received.encode() == sent)
    if isinstance(sent, float) and isinstance(received, float):
        return received == sent or (math.isnan(received) and math.isnan(sent))
    if isinstance(sent, list) and isinstance(received, list):
        return len(sent) == len(received) and all(map(same, received, sent))
    if isinstance(sent, dict) and isinstance(received, dict):
        return list(sent) == list(received) and all(map(same, received.values(), sent.values()))
    return received == sent


def test_widths_survive_real_amqp() -> None:
    """Encoded and decoded by proton, every number keeps its width and value."""
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


def test_the_size_estimate_is_never_below_what_proton_encodes() -> None:
    proton = pytest.importorskip("proton")
    body: Value = {"a" * 200: ["é" * 300, 1, 2.5, None, True, {"x": b"y" * 70_000}], "u": UUID(int=1)}
    message = proton.Message(body=body)
    envelope = len(proton.Message(body={}).encode())
    assert 0 <= encoded_size(body) - (len(message.encode()) - envelope) < 100
