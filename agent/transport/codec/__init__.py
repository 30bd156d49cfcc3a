"""QMF messages to and from AMQP 1.0's bytes, without proton."""
