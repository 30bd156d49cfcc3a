"""``hostinfo network plan`` and ``apply``, and the shorthands that build a state and apply it."""

from __future__ import annotations

import sys

from hostinfo.cli.network.access import current_state, module, network_action
from hostinfo.cli.streams import EXIT_NO_DATA, EXIT_OK, write_output
from hostinfo.errors import ActionRefused, ActionRolledBack, ReadError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from typing import Any

    from hostinfo.model.network_state import NetworkState

EXIT_CHANGES = 1
"""plan: the host is not as requested."""
SIZE_LIMIT = 1024 * 1024
"""Bytes of a state; the reader's limit in characters."""


def run(options: Namespace) -> int:
    """Plan or apply a state."""
    request = _request(options)
    action = network_action(options)
    if options.action == "plan":
        return _plan(options, action.prepare(request))
    return _apply(options, action, request)


def _request(options: Namespace) -> NetworkState:
    if options.action in ("plan", "apply"):
        state: NetworkState = module("document").read_state(_read(options.file), options.file)
        return state
    make = module("shorthands")
    found: NetworkState
    if options.action == "bond":
        found = make.bond(current_state(), options.name, options.ports, options.mode, _pairs(options.option))
    elif options.action == "bridge":
        found = make.bridge(current_state(), options.name, options.ports)
    elif options.action == "vlan":
        found = make.vlan(options.base, options.number, options.name)
    elif options.action == "delete":
        found = make.delete(options.names)
    else:
        found = make.change_addresses(
            current_state(), options.link,
            add=options.addresses if options.verb == "add" else (),
            remove=options.addresses if options.verb == "delete" else (),
        )  # fmt: skip
    return found


def _read(path: str) -> str:
    """Return the text of a file or of standard input. ActionRefused: it cannot be read."""
    from hostinfo.lowlevel.bounded_file import read_file

    try:
        if path == "-":
            data = sys.stdin.buffer.read(SIZE_LIMIT + 1)
            if len(data) > SIZE_LIMIT:
                raise ActionRefused("standard input", f"longer than {SIZE_LIMIT} bytes")
        else:
            data = read_file(path, SIZE_LIMIT, regular_only=False)
        return data.decode()
    except UnicodeDecodeError:
        raise ActionRefused(path, "not UTF-8") from None
    except ReadError as error:
        raise ActionRefused(error.source, error.detail) from error
    except OSError as error:
        raise ActionRefused(path, error.strerror or str(error)) from error


def _pairs(texts: list[str]) -> dict[str, str]:
    found = {}
    for text in texts:
        name, separator, value = text.partition("=")
        if not separator:
            raise ActionRefused(f"--option {text}", "no value; write NAME=VALUE")
        found[name] = value
    return found


def _plan(options: Namespace, prepared: Any) -> int:
    from hostinfo.output.json import to_json

    if options.json:
        wanted = {name: getattr(prepared, name) for name in ("changes", "steps", "cut_off", "affected")}
        write_output(to_json(wanted) + "\n")
    else:
        write_output("\n".join(_lines(prepared)) + "\n")
    return EXIT_CHANGES if prepared.changes else EXIT_OK


def _lines(prepared: Any) -> list[str]:
    """Return what would be done, most important first."""
    from hostinfo.cli.terminal import make_style
    from hostinfo.output.escape import escape_unprintable
    from hostinfo.output.text.style import BOLD, YELLOW, align

    if not prepared.changes:
        return ["nothing to do: the network is as requested"]
    style = make_style(with_sources=False)
    arrow = "->" if style.arrow == "<-" else "\N{RIGHTWARDS ARROW}"
    lines = []
    if prepared.cut_off:
        names = ", ".join(prepared.cut_off)
        lines.append(style.colorize(f"Your connection goes over {names}: it may be cut.", YELLOW))
    if prepared.affected:
        lines.append(f"Guests and containers that use a changed link: {', '.join(prepared.affected)}")
    rows = [(change.path, style.or_dash(change.old), arrow, style.or_dash(change.new)) for change in prepared.changes]
    lines += [style.colorize("Changes", BOLD), *align(rows)]
    lines += [style.colorize("Steps", BOLD)]
    lines += [f"  {number:>2}  {escape_unprintable(step.name)}" for number, step in enumerate(prepared.steps, 1)]
    return lines


def _apply(options: Namespace, action: Any, request: NetworkState) -> int:
    is_interactive = _is_terminal(sys.stdin) and _is_terminal(sys.stdout) and not options.json
    if is_interactive and not options.yes:
        prepared = action.prepare(request)
        write_output("\n".join(_lines(prepared)) + "\n")
        if prepared.changes and not _agrees():
            write_output("nothing was changed\n")
            return EXIT_NO_DATA
    try:
        pending = action.begin(request, options.confirm_within, is_forced=options.force)
        if is_interactive and pending.transaction.changes and options.confirm_within > 0:
            from hostinfo.cli.network.countdown import decide

            return decide(pending)
        if options.wait and pending.transaction.changes:
            return _wait(options, pending)
    except ActionRolledBack as error:
        from hostinfo.cli.streams import print_error

        print_error(str(error))
        return EXIT_NO_DATA
    _report(options, pending)
    return EXIT_OK


def _is_terminal(stream: Any) -> bool:
    return stream is not None and stream.isatty()


def _agrees() -> bool:
    write_output("Apply this? [y/N] ")
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _report(options: Namespace, pending: Any) -> None:
    from hostinfo.output.json import to_json

    transaction = pending.transaction
    if options.json:
        write_output(to_json(transaction) + "\n")
    elif not transaction.changes:
        write_output("nothing to do: the network is as requested\n")
    elif options.confirm_within == 0:
        write_output(f"{transaction.id}: committed\n")
    else:
        seconds = f"{transaction.remaining_seconds:.0f}"
        write_output(
            f"{transaction.id}: applied; it is undone in {seconds} s unless you run "
            f"`hostinfo network confirm {transaction.id}`\n"
        )


def _wait(options: Namespace, pending: Any) -> int:
    """Wait until the change is decided, here or elsewhere."""
    import time

    from hostinfo.model.report import TransactionState

    _report(options, pending)
    decided = (TransactionState.CONFIRMED, TransactionState.ROLLED_BACK, TransactionState.UNKNOWN)
    while (state := pending.report.state) not in decided:
        time.sleep(0.2)
    write_output(f"{pending.transaction.id}: {state.value}\n")
    return EXIT_OK if state is TransactionState.CONFIRMED else EXIT_NO_DATA
