"""Ways to read a host: files, sockets, services and calls. No groups; each driver combines what it needs."""
