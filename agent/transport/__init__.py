"""Transports of QMF messages: over AMQP 1.0 to a broker, or with exchanges that run in this process.

The agent and the console use this interface only; proton is hidden behind it. `open_transport(TransportOptions(…))`
returns one::

    transport = open_transport(TransportOptions(listen="amqp://127.0.0.1:5672"))     # no broker needed
    transport = open_transport(TransportOptions(urls=("amqps://broker1", "amqps://broker2"), ca="/etc/…/ca.pem"))
    transport.subscribe(direct_exchange(), str(name))
    transport.start(on_message, on_state)

A console connects to an agent that listens as to any broker. Wrong options raise `hostinfo.Unavailable`; later errors
are reported to `on_state`, and the transport connects again by itself.
"""

from .interface import ConnectionState, Transport
from .options import TransportOptions

__all__ = ["ConnectionState", "Transport", "TransportOptions", "open_transport"]


def open_transport(options: TransportOptions) -> Transport:
    """Return the transport for these options, not yet started.

    Raise Unavailable, which names the wrong option or the missing package.
    """
    if options.listen is not None:
        from .embedded.transport import EmbeddedTransport

        return EmbeddedTransport(options)
    from .broker.transport import BrokerTransport

    return BrokerTransport(options)
