"""``hostinfo network show``, ``status`` and ``history``."""

from __future__ import annotations

from hostinfo.cli.network.access import current_state, document, module, network_action
from hostinfo.cli.streams import EXIT_OK, write_output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace

    from hostinfo.model.network_state import NetworkState
    from hostinfo.model.report import TransactionReport


def run(options: Namespace) -> int:
    """Print the state in force, or what is configured, in a form that can be applied again."""
    if options.action != "show":
        return _run_history(options, only_waiting=options.action == "status")
    from hostinfo.model.network_state import NetworkState

    if options.configured:
        _write_state(options, module("host_backends").read_configured_state())
        return EXIT_OK
    state = current_state()
    known = {link.name for link in state.interfaces}
    guests = {port.name for link in state.interfaces if link.bridge for port in link.bridge.ports or ()} - known
    _write_state(options, module("merge").merge(state, NetworkState(), guests))
    return EXIT_OK


def _write_state(options: Namespace, state: NetworkState) -> None:
    from hostinfo.output.json import to_json
    from hostinfo.output.yaml import to_yaml

    found = document(state)
    write_output(to_json(found) + "\n" if options.json else to_yaml(found))


def _run_history(options: Namespace, *, only_waiting: bool) -> int:
    from hostinfo.output.json import to_json

    action = network_action(options)
    reports = [one.report for one in action.pending()] if only_waiting else list(action.history())
    if options.json:
        write_output(to_json(reports) + "\n")
        return EXIT_OK
    if not reports:
        write_output("no change waits for confirmation\n" if only_waiting else "no change was made\n")
    for report in reports if only_waiting else reversed(reports):
        write_output("\n".join(describe(report)) + "\n")
    return EXIT_OK


def describe(report: TransactionReport) -> list[str]:
    """Return a transaction in a few lines."""
    from hostinfo.output.escape import escape_unprintable

    remaining = f", {report.remaining_seconds:.0f} s left" if report.remaining_seconds else ""
    peer = f" from {report.requester.peer}" if report.requester.peer else ""
    user = report.requester.user + (f" for {report.requester.on_behalf_of}" if report.requester.on_behalf_of else "")
    lines = [f"{report.id}  {report.state.value}{remaining}  {report.begun_at}  by {user}{peer}"]
    if report.reason:
        lines.append(f"  {report.reason}")
    links = sorted({change.path.partition(".")[0] for change in report.changes})
    lines.append(f"  {len(report.changes)} changes of {', '.join(links)} ({report.backend})")
    lines += [f"  {step.name}: {step.error}" for step in (*report.steps, *report.rollback_steps) if step.error]
    return [escape_unprintable(line) for line in lines]
