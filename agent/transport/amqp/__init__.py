"""One AMQP 1.0 connection on proton's protocol engine, and the thread that drives it; shared by both transports."""
