"""The transport whose broker is this process: a listener, two exchanges, and the clients that connect to it."""
