"""Errors of the codec."""


class DecodeError(ValueError):
    """The bytes are not a valid AMQP value or message."""


class EncodeError(ValueError):
    """A value has no AMQP type, is out of its type's range, or is nested too deeply."""
