"""A connection to a libvirt daemon: calls with a deadline, events, and the XML that it returns."""
