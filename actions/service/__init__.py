"""The service that makes changes for users who are not root, and the client that uses it.

It speaks Varlink on a Unix socket (``org.ovirt.hostinfo.actions.varlink``), allows what its policy file allows to the
user whom the kernel reports (SO_PEERCRED), and writes one audit record per call.
"""

SOCKET = "/run/hostinfo/actions"
"""Where the service listens: hostinfo-actions.socket."""
POLICY = "/etc/hostinfo/actions.toml"
"""Who may do what."""
UNIT = "hostinfo-actions.socket"
INTERFACE = "org.ovirt.hostinfo.actions"
"""Name of its interface, and of the file next to this one."""
