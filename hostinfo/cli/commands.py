"""The table of commands: one module per command, imported when the command runs.

The module of a command has ``DESCRIPTION``, ``EXAMPLES`` (pairs of a command line and what it does),
``add_arguments(parser)`` and ``run(options) -> exit code``. To add a command, add its file to this folder and its row
to ``COMMANDS``.
"""

from __future__ import annotations

import sys
from types import ModuleType

COMMANDS: tuple[tuple[str, str, str], ...] = (
    # name, one line of help, module in this folder
    ("dump", "show host facts: all of them, or selected ones", "dump"),
    ("record", "record this host in a folder, to read its facts elsewhere", "record"),
    ("diff", "compare two hosts, recordings or dumps", "diff"),
    ("watch", "report changes as they happen", "watch"),
    ("network", "show and change the configuration of the network, with rollback", "network"),
    ("actions", "run the service that makes changes for users who are not root", "actions"),
    ("agent", "publish the facts of this host over AMQP (QMF v2)", "agent"),
    ("support", "show which driver provides which facts on this host", "support"),
    ("doctor", "check what hostinfo can use here, and how to get the rest", "doctor"),
    ("schema", "print the JSON Schema of the dump", "schema"),
    ("console", "query the agents of many nodes over AMQP", "console"),
    ("completion", "print a completion script for bash, zsh or fish", "completion"),
    ("man", "print the manual pages", "man"),
)

LONG_RUNNING = frozenset({"actions", "agent", "console", "watch"})
"""Commands that run until they are stopped."""


def command_module(name: str) -> ModuleType:
    """Return the module of a command; it is imported on the first call."""
    __import__(MODULES[name])
    return sys.modules[MODULES[name]]


MODULES = {name: f"{__package__}.{file}" for name, _, file in COMMANDS}
