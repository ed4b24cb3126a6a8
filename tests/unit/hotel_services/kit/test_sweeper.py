import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from flask.testing import FlaskClient
from hotel_services.kit.app import Resources
from hotel_services.kit.http.operations import Api
from hotel_services.kit.http.service import Service
from hotel_services.kit.settings import ServiceSettings
from hotel_services.kit.sweeper import Sweeper, sweep_once
from sqlalchemy import MetaData
from sqlalchemy.orm import Session

PLAIN: Service[ServiceSettings] = Service(
    name="thing",
    title="",
    description="",
    settings=ServiceSettings,
    api=Api(""),
    metadata=MetaData(),
    migrations="",
)


def resources_of(things: FlaskClient) -> Resources:
    resources: Any = things.application.extensions["resources"]
    assert isinstance(resources, Resources)
    return resources


def sweeping(work: Callable[[Session, ServiceSettings], int]) -> Service[ServiceSettings]:
    return replace(PLAIN, sweeps={"holds": work})


def test_sweep_goes_on_while_it_finds_something(things: FlaskClient) -> None:
    batches = [500, 500, 3, 0]
    service = sweeping(lambda _session, _settings: batches.pop(0))
    resources = resources_of(things)

    assert sweep_once(service, ServiceSettings(), resources) == {"holds": 1003, "idempotency_keys": 0}
    assert 'hotel_swept_total{what="holds"} 1003.0' in things.get("/metrics").text


def test_failed_sweep_is_followed_by_the_next(things: FlaskClient) -> None:
    turns: list[int] = []
    third = threading.Event()

    def work(_session: Session, _settings: ServiceSettings) -> int:
        turns.append(1)
        if len(turns) >= 3:
            third.set()
        raise RuntimeError("this turn fails")

    sweeper = Sweeper(sweeping(work), ServiceSettings(sweep_seconds=0.01), resources_of(things))
    sweeper.start()
    assert third.wait(10)
    sweeper.stop()
    assert "sweeper" not in {thread.name for thread in threading.enumerate()}
