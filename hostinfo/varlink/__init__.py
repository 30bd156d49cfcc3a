"""Varlink (https://varlink.org): calls in JSON over a Unix socket, described by an interface file.

- ``interface`` and ``interface_text`` parse and print interface files; ``parameters`` checks values against them.
- ``service`` is a set of interfaces with the functions that carry out their methods.
- ``server`` serves it to clients that may be hostile; ``activation`` takes its sockets from systemd.
- ``client`` calls methods of any service.
"""
