"""The console's side of the protocol: requests out, messages of agents in, and the state of both."""
