"""``hostinfo completion``: completion scripts for shells.

The scripts call ``hostinfo completion --words`` for the candidates, so they fit every version.
"""

from __future__ import annotations

import argparse
import os

from hostinfo.cli.commands import COMMANDS
from hostinfo.cli.streams import EXIT_OK, EXIT_USAGE, print_error, write_output
from hostinfo.groups import TABLE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

DESCRIPTION = """\
Prints a script with which bash, zsh or fish completes commands, options and the paths
of facts.
"""
EXAMPLES = (
    ("hostinfo completion bash > ~/.local/share/bash-completion/completions/hostinfo", "bash"),
    ("hostinfo completion zsh > ~/.zfunc/_hostinfo", "zsh, with ~/.zfunc in fpath"),
    ("hostinfo completion fish > ~/.config/fish/completions/hostinfo.fish", "fish"),
)
SCRIPTS = {
    "bash": r"""# bash completion of hostinfo
_hostinfo() {
    local line current=${COMP_LINE:0:$COMP_POINT}
    COMPREPLY=()
    # bash splits words at colons; hostinfo completes whole words.
    local words
    IFS=$' \t\n' read -r -a words <<<"$current"
    [[ $current == *[[:blank:]] ]] && words+=("")
    words=("${words[@]:1}")
    local word=${words[${#words[@]}-1]} part=${COMP_WORDS[COMP_CWORD]}
    [[ $part == : ]] && part=""
    local cut=$((${#word} - ${#part}))
    while IFS=$'\t' read -r line _; do
        COMPREPLY+=("${line:cut}")
    done < <(hostinfo completion --words "${words[@]/#/+}" 2>/dev/null)
    if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *[.:/] ]]; then compopt -o nospace; fi
}
complete -o default -F _hostinfo hostinfo
""",
    "zsh": r"""#compdef hostinfo
_hostinfo() {
    local -a found
    local line
    while IFS= read -r line; do
        found+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}")
    done < <(hostinfo completion --words "+${(@)^words[2,CURRENT]}" 2>/dev/null)
    if (( $#found )); then _describe hostinfo found; else _files; fi
}
if [[ $funcstack[1] == _hostinfo ]]; then _hostinfo "$@"; else compdef _hostinfo hostinfo; fi
""",
    "fish": r"""# fish completion of hostinfo
function __hostinfo_complete
    set -l words (commandline -opc) (commandline -ct)
    set words $words[2..-1]
    hostinfo completion --words +$words 2>/dev/null
end
complete -c hostinfo -a '(__hostinfo_complete)'
""",
}
URIS = ("xen:///system", "qemu:///system", "sysfs:///", "recorded:")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the command."""
    parser.add_argument("shell", metavar="SHELL", nargs="?", choices=list(SCRIPTS), help="bash, zsh or fish")
    parser.add_argument(
        "--words",
        nargs="*",
        metavar="+WORD",
        help="for the scripts: print candidates for the last of these words, each after a +",
    )


def run(options: argparse.Namespace) -> int:
    """Print a script, or candidates for it."""
    if options.words is not None:
        write_output(
            "".join(f"{word}\t{text}\n" for word, text in candidates([word[1:] for word in options.words] or [""]))
        )
        return EXIT_OK
    if options.shell is None:
        print_error("completion: name a shell: bash, zsh or fish")
        return EXIT_USAGE
    write_output(SCRIPTS[options.shell])
    return EXIT_OK


def candidates(words: Sequence[str]) -> list[tuple[str, str]]:
    """Return what the last word may be completed to, each with a line of help; empty: file names, or nothing."""
    from hostinfo.cli.man import subparsers
    from hostinfo.cli.parser import build

    *before, last = words
    if before and before[-1] in ("-c", "--connect"):
        return [(uri, "") for uri in URIS if uri.startswith(last)]
    command = next(
        (
            word
            for at, word in enumerate(before)
            if not word.startswith("-") and (at == 0 or before[at - 1] not in ("-c", "--connect"))
        ),
        None,
    )
    parser: argparse.ArgumentParser | None = build([command] if command else [])
    if command is not None and parser is not None:
        parser = subparsers(parser).get(command)
    if parser is None:
        return []
    found: list[tuple[str, str]] = []
    if command is None:
        found += [(name, text) for name, text, _ in COMMANDS]
    for action in parser._actions:  # noqa: SLF001 - argparse has no public list of them
        found += [
            (name, action.help or "")
            for name in action.option_strings
            if name.startswith("--") and last.startswith("-")
        ]
        if not action.option_strings and action.choices and command is not None:
            found += [(str(choice), "") for choice in action.choices]
    if command == "dump" and not last.startswith("-"):
        found += _paths(last)
    if command == "diff" and not last.startswith("-") and not os.path.exists(last):
        found += [(uri, "") for uri in URIS]
    return [(name, text.partition("\n")[0]) for name, text in found if name.startswith(last)]


def _paths(last: str) -> list[tuple[str, str]]:
    """Return the paths at the level of the last word: groups with their help, or fields."""
    if "." not in last:
        return [(name, group.summary) for name, group in TABLE.items()]
    from hostinfo import introspect

    depth = last.count(".") + 1
    return [(path, "") for path in introspect.paths(depth) if path.count(".") == depth - 1]
