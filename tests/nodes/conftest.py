"""Boots each shape once, two at a time, in the order of the tests; prints the tables at the end."""

from __future__ import annotations

import importlib.util
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from .boot import OutsideSession, Run, boot
from .boot_pool import BootPool
from .guest_steps import guest_payload
from .image import Image, cached_image, missing
from .payload import build_wheel
from .progress import BootError
from .settings import IS_REQUIRED, KEEP, NODES, PARALLEL, SEED
from .shape import Shape
from .shape_loader import load_shape, shape_names
from .steps import SESSION, job

TABLES: list[str] = []
STOP = threading.Event()
"""Ends all boots."""


class Node(NamedTuple):
    """A shape, and the outputs of its one boot."""

    shape: Shape
    run: Run


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "node" in metafunc.fixturenames and not any(m.name == "parametrize" for m in metafunc.definition.iter_markers()):
        chosen = NODES or (*shape_names(), f"random:{SEED}")
        metafunc.parametrize("node", chosen, indirect=True)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Sort the tests by shape, the longest boot first, so that the boots fill all slots until the end."""
    dropped = [item for item in items if NODES and _shape_name(item) not in ("", *NODES)]
    config.hook.pytest_deselected(items=dropped)
    kept = [item for item in items if item not in dropped]
    items[:] = sorted(kept, key=lambda item: _boot_order(_shape_name(item)))


def _shape_name(item: pytest.Item) -> str:
    """Return the shape that a test needs; empty for tests of other folders."""
    if isinstance(item, pytest.Function) and item.get_closest_marker("node") and hasattr(item, "callspec"):
        return str(item.callspec.params.get("node", ""))
    return ""


def _boot_order(name: str) -> tuple[int, str]:
    return (-load_shape(name).cost if name else 0, name)


def pytest_keyboard_interrupt() -> None:
    """Stop the boots before pytest tidies up: a second Ctrl-C would skip the teardown, and Python waits for threads."""
    STOP.set()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for text in TABLES:
        terminalreporter.write_line(text)


@pytest.fixture(scope="session")
def tables() -> list[str]:
    return TABLES


@pytest.fixture(scope="session")
def image() -> Image:
    if lacking := missing():
        if IS_REQUIRED:
            pytest.fail(f"HOSTINFO_REQUIRE_NODES is set, but: {lacking}")
        pytest.skip(f"NO NODES ARE TESTED: {lacking}")
    return cached_image()


@pytest.fixture(scope="session")
def boots(
    request: pytest.FixtureRequest, image: Image, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[BootPool[Node]]:
    """Start all boots that the selected tests need."""
    wheel = build_wheel(tmp_path_factory.mktemp("wheel"))

    def boot_one(name: str) -> Node:
        return _boot(load_shape(name), image, wheel, tmp_path_factory.mktemp("node"))

    pool = BootPool(boot_one, PARALLEL, STOP)
    pool.start(filter(None, map(_shape_name, request.session.items)))
    yield pool
    pool.close()


@pytest.fixture
def node(request: pytest.FixtureRequest, boots: BootPool[Node]) -> Node:
    """Wait for the one boot of the shape; its progress is printed meanwhile."""
    capture: Any = request.config.pluginmanager.getplugin("capturemanager")
    try:
        with capture.global_and_fixture_disabled():
            return boots.result(request.param)
    except BootError as error:
        pytest.fail(str(error))


def _boot(shape: Shape, image: Image, wheel: Path, scratch: Path) -> Node:
    keep = Path(KEEP or scratch) / shape.name.replace(":", "-")
    print(f"\n{shape.name}: {shape.description}; outputs in {keep}", flush=True)
    payload, session = [wheel, *guest_payload(shape, scratch)], None
    if importlib.util.find_spec("proton"):  # a console needs it
        from .agent_session import AGENT_PORT, AgentSession

        port = _free_port()
        agent_session = AgentSession(shape, port, scratch)
        payload.append(agent_session.package.folder)
        session = OutsideSession(forward=f"tcp:127.0.0.1:{port}-:{AGENT_PORT}", step=SESSION, run=agent_session)
    run = boot(shape, image, job(shape, has_session=session is not None), payload, keep, session, STOP)
    return Node(shape, run)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port
