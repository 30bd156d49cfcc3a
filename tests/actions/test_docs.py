"""The page about actions: its example runs and keeps the contract."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import hostinfo.action
from hostinfo import HostInfoError, errors

PAGE = (Path(__file__).parents[2] / "docs" / "actions.md").read_text()


def test_the_example_keeps_the_contract(tmp_path: Path) -> None:
    blocks = re.findall(r"(?ms)^```python\n(.*?)^```", PAGE)
    assert len(blocks) == 2
    names: dict[str, Any] = {"__name__": "example"}
    for block in blocks:
        exec(compile(f"from __future__ import annotations\n{block}", "docs/actions.md", "exec"), names)
    names["test_contract"](tmp_path)


def test_the_page_has_every_verb_and_error() -> None:
    protocols = (hostinfo.action.ReversibleAction, hostinfo.action.IrreversibleAction, hostinfo.action.TimedAction)
    verbs = {name for protocol in (*protocols, hostinfo.action.Pending) for name in vars(protocol) if name[0] != "_"}
    for verb in verbs - {"transaction"}:
        assert f"`{verb}`" in PAGE
    for kind in vars(errors).values():
        if isinstance(kind, type) and issubclass(kind, errors.ActionError) and kind is not errors.ActionError:
            assert issubclass(kind, HostInfoError)
            assert f"| `{kind.__name__}` |" in PAGE
