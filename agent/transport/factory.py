"""From options to a transport."""

from . import Transport
from .amqp import BrokerTransport
from .embedded import EmbeddedTransport
from .options import TransportOptions


def open_transport(options: TransportOptions) -> Transport:
    """Make the transport that the options describe; Unavailable says what is wrong with them, or what is missing."""
    return EmbeddedTransport(options) if options.listen is not None else BrokerTransport(options)
