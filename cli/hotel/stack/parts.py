"""The parts of a stack as they are now: where each answers, and whether it can work."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import urllib3

from hotel.names import Service
from hotel.processes import ProcessRecord
from hotel.stack.engine import ENGINE, EngineAddresses
from hotel.stack.health import ANSWER_SECONDS, is_healthy
from hotel.stack.services import readiness_url as service_readiness
from hotel.stack.services import service_url
from hotel.stack.state import StackState
from hotel.stack.worker import WORKER, worker_url
from hotel.stack.worker import readiness_url as worker_readiness


class Health(StrEnum):
    """Whether a part can do its work."""

    READY = "ready"
    NOT_READY = "not ready"
    ENDED = "ended"


@dataclass(frozen=True)
class Part:
    """One part of a stack.

    Attributes:
        name: of the part.
        health: whether it can do its work.
        address: where it answers; a worker answers questions about its health alone.
        pid: its process id.
        log: the file with what it prints.
    """

    name: str
    health: Health
    address: str
    pid: int
    log: Path


def look_at_parts(state: StackState) -> list[Part]:
    """Return every part that was started and not stopped, asking those that run."""
    with urllib3.PoolManager(timeout=ANSWER_SECONDS, retries=False) as pool:
        return list(_parts(state, pool))


def readiness_of(name: str, state: StackState) -> str:
    """Return the URL that answers 200 when a part can do its work."""
    if name == ENGINE:
        return EngineAddresses.of(state.engine, state.ports).readiness
    if name.startswith(WORKER):
        return worker_readiness(_worker_port(name, state))
    return service_readiness(Service(name), state.ports)


def _parts(state: StackState, pool: urllib3.PoolManager) -> Iterator[Part]:
    for record in state.processes:
        yield Part(
            name=record.name,
            health=_health(record, readiness_of(record.name, state), pool),
            address=_address(record.name, state),
            pid=record.pid,
            log=record.log,
        )


def _health(record: ProcessRecord, url: str, pool: urllib3.PoolManager) -> Health:
    # Another program may listen on the port of a part that has ended.
    if not record.is_running():
        return Health.ENDED
    return Health.READY if is_healthy(pool, url) else Health.NOT_READY


def _address(name: str, state: StackState) -> str:
    if name == ENGINE:
        return EngineAddresses.of(state.engine, state.ports).rest
    if name.startswith(WORKER):
        return worker_url(_worker_port(name, state))
    return service_url(Service(name), state.ports)


def _worker_port(name: str, state: StackState) -> int:
    return state.ports.workers[int(name.removeprefix(WORKER)) - 1]
