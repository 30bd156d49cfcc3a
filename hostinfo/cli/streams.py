"""Standard output, standard error and exit codes of the commands."""

from __future__ import annotations

import sys

EXIT_OK, EXIT_NO_DATA, EXIT_USAGE, EXIT_PARTIAL = 0, 1, 2, 3
"""Everything was reported; nothing was; wrong usage; something is missing because a source failed."""
EXIT_INTERRUPTED, EXIT_PIPE_CLOSED = 130, 141
"""As a shell reports termination by SIGINT and SIGPIPE."""


class OutputError(Exception):
    """Standard output cannot be written."""


def write_output(text: str) -> None:
    """Write to standard output and flush it; a failure ends the command with a message."""
    if sys.stdout is None:
        raise OutputError("closed")
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except UnicodeEncodeError:
        encoding = sys.stdout.encoding
        write_output(text.encode(encoding, "backslashreplace").decode(encoding))
    except BrokenPipeError:
        raise
    except (OSError, ValueError) as error:  # ValueError: the stream was closed
        raise OutputError(getattr(error, "strerror", None) or str(error)) from error


def print_error(message: str) -> None:
    """Print a message on standard error, if there is one; its lines are kept, other control characters escaped."""
    if sys.stderr is not None:
        from hostinfo.output.escape import escape_unprintable

        lines = "\n".join(map(escape_unprintable, message.split("\n")))
        try:
            sys.stderr.write(f"hostinfo: {lines}\n")
            sys.stderr.flush()
        except OSError:
            pass


def discard_output() -> None:
    """Redirect standard output to /dev/null: flushing the rest when Python exits would fail with a traceback."""
    import os

    try:
        descriptor = os.open(os.devnull, os.O_WRONLY)
        os.dup2(descriptor, 1)
        os.close(descriptor)
    except OSError:
        pass
