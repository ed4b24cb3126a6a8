from collections.abc import Iterator

import pytest
from support.operator_world.cluster import StubCluster
from support.operator_world.engine import StubEngine
from support.operator_world.world import World


@pytest.fixture
def world() -> Iterator[World]:
    engine, api = StubEngine(), StubCluster()
    with engine.server() as engine_server, api.server() as api_server:
        world = World(engine, engine_server.url, api, api_server.url)
        yield world
        for operator in world.operators:
            operator.stop()
