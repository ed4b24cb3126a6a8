"""Requests as anybody might send them, and engines with an environment of their own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import urllib3
from hotel.names import EngineKind
from support.lone_engine import Launch, LoneEngine


@pytest.fixture(scope="session")
def http() -> Iterator[urllib3.PoolManager]:
    with urllib3.PoolManager(retries=False, timeout=60) as manager:
        yield manager


@pytest.fixture
def launch(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Launch]:
    """Start an engine with these settings; engines of one test share a folder."""
    kind = EngineKind(request.config.getoption("--engine"))
    started: list[LoneEngine] = []

    def start(folder: Path = tmp_path, **environment: str) -> LoneEngine:
        started.append(LoneEngine(kind, folder, environment))
        return started[-1]

    yield start
    for engine in started:
        engine.stop()
