"""The agent: a node's facts published over AMQP, as one more consumer of the facade."""
