"""The worker's services, played by one stub."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from external_tasks.handlers.outcomes import Outcome
from external_tasks.testing import run_task
from hotel.ports import free_port
from hotel_worker.services import Services
from hotel_worker.settings import WorkerSettings
from hotel_worker.topics import EXHAUSTED, HANDLERS
from hotel_worker.wiring import connect_services
from support.stub_service import StubService


@pytest.fixture
def stub() -> Iterator[StubService]:
    """All four services at one address."""
    service = StubService()
    yield service
    service.close()


@pytest.fixture
def services(stub: StubService) -> Services:
    settings = WorkerSettings(
        booking_url=stub.url,
        room_url=stub.url,
        restaurant_url=stub.url,
        client_url=stub.url,
        service_token="secret-token",
        service_timeout_seconds=2,
    )
    return connect_services(settings)


@pytest.fixture
def run(services: Services) -> Callable[..., Outcome]:
    """Run the handler of a topic as the worker does: ``run("block-room", reservation_ref="R-1", …)``."""

    def run_topic(topic: str, *, retries: int | None = None, **variables: Any) -> Outcome:
        return run_task(
            partial(HANDLERS[topic], services),
            variables,
            topic=topic,
            task_id="task-1",
            business_key="R-1",
            retries=retries,
            on_retries_exhausted=EXHAUSTED[topic],
        )

    return run_topic


@pytest.fixture(name="free_port")
def a_free_port() -> int:
    """A port that nobody listens at."""
    return free_port()
