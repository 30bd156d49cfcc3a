"""Boots each shape once, in the order of the tests; prints the tables at the end."""

import importlib.util
import os
import random
import socket
from pathlib import Path
from typing import Any

import pytest

from .boot import BootError, Run, Visit, boot
from .image import Image, cached_image, missing
from .payload import build_wheel
from .shape import Shape, load_shape, shape_names
from .steps import guest_payload, job

SEED = int(os.environ.get("HOSTINFO_NODE_SEED") or random.SystemRandom().randrange(10**6))
TABLES: list[str] = []


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "node" in metafunc.fixturenames and not any(m.name == "parametrize" for m in metafunc.definition.iter_markers()):
        chosen = os.environ.get("HOSTINFO_NODES", "").split() or [*shape_names(), f"random:{SEED}"]
        metafunc.parametrize("node", chosen, indirect=True, scope="session")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep the tests of a shape together: pytest groups them by the parameter's index, which differs between tests."""
    chosen = os.environ.get("HOSTINFO_NODES", "").split()
    dropped = [item for item in items if chosen and _shape(item) not in ("", *chosen)]
    config.hook.pytest_deselected(items=dropped)
    items[:] = sorted((item for item in items if item not in dropped), key=_shape)


def _shape(item: pytest.Item) -> str:
    return (
        str(item.callspec.params.get("node", ""))
        if isinstance(item, pytest.Function) and hasattr(item, "callspec")
        else ""
    )


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for text in TABLES:
        terminalreporter.write_line(text)


@pytest.fixture(scope="session")
def image() -> Image:
    if lacking := missing():
        if os.environ.get("HOSTINFO_REQUIRE_NODES") == "1":
            pytest.fail(f"the nodes must run here, but: {lacking}")
        pytest.skip(f"NO NODES ARE TESTED: {lacking}")
    return cached_image()


@pytest.fixture(scope="session")
def wheel(image: Image, tmp_path_factory: pytest.TempPathFactory) -> Path:
    assert image.disk.exists()  # first of all, whether nodes can be booted at all
    return build_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="session")
def tables() -> list[str]:
    return TABLES


class Node:
    """A shape, and what its one boot brought back."""

    def __init__(self, shape: Shape, run: Run) -> None:
        self.shape, self.run = shape, run


BOOTED: dict[str, Node | BootError] = {}


@pytest.fixture(scope="session")
def node(request: pytest.FixtureRequest, image: Image, wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Node:
    """One boot a shape, whatever the order of the tests; one that failed is not tried again."""
    name = request.param
    if name not in BOOTED:
        scratch = tmp_path_factory.mktemp("node")
        capture: Any = request.config.pluginmanager.getplugin("capturemanager")
        with capture.global_and_fixture_disabled():
            try:
                BOOTED[name] = _boot(load_shape(name), image, wheel, scratch)
            except BootError as error:
                BOOTED[name] = error
    booted = BOOTED[name]
    if isinstance(booted, BootError):
        pytest.fail(str(booted))
    return booted


def _boot(shape: Shape, image: Image, wheel: Path, scratch: Path) -> Node:
    keep = Path(os.environ.get("HOSTINFO_NODES_OUT") or scratch) / shape.name.replace(":", "-")
    print(f"\n{shape.name}: {shape.about}; outputs in {keep}", flush=True)
    payload, visit = [wheel, *guest_payload(shape, scratch)], None
    if importlib.util.find_spec("proton"):  # without it, no console can go there
        from .guest_session import NODE_PORT, Visitor

        port = _free_port()
        visitor = Visitor(shape, port, scratch)
        payload.append(visitor.payload)
        visit = Visit(forward=f"tcp:127.0.0.1:{port}-:{NODE_PORT}", begin=visitor)
    return Node(shape, boot(shape, image, job(shape, is_visited=visit is not None), payload, keep, visit))


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port
