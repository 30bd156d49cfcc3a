"""The transport that connects to a broker."""
