"""Workers as processes of this machine."""

import os
import sys

from hotel.stack.credentials import Credentials
from hotel.stack.names import Role, Service
from hotel.stack.ports import HOST, Ports
from hotel.stack.process import Command
from hotel.stack.services import service_url

_DRAIN_SECONDS = 25.0
# Over what draining takes: for unlocking what is left and for ending.
_GRACE_SECONDS = 5.0


def readiness_url(port: int) -> str:
    """Return the URL that answers 200 when a worker fetches tasks."""
    return f"http://{HOST}:{port}/readyz"


def worker_command(
    number: int,
    port: int,
    ports: Ports,
    credentials: Credentials,
    settings: dict[str, str],
) -> Command:
    """Return what to run for one worker.

    Args:
        number: which of the stack's workers it is, from 1.
        port: where it tells its health.
        ports: the stack's.
        credentials: the stack's.
        settings: WORKER_… settings that differ from the worker's defaults.
    """
    drain = float({**os.environ, **settings}.get("WORKER_DRAIN_SECONDS") or _DRAIN_SECONDS)
    return Command(
        name=f"worker-{number}",
        arguments=[sys.executable, "-m", "hotel_worker"],
        environment={
            "ENGINE_URL": f"http://{HOST}:{ports.engine}/engine-rest",
            "ENGINE_USER": Role.WORKER,
            "ENGINE_PASSWORD": credentials.passwords[Role.WORKER],
            "WORKER_NAME": f"worker-{number}",
            "WORKER_HEALTH_PORT": str(port),
            "WORKER_DRAIN_SECONDS": str(drain),
            "SERVICE_TOKEN": credentials.service_token,
            **{f"{name.name}_URL": service_url(name, ports) for name in Service},
            **settings,
        },
        grace_seconds=drain + _GRACE_SECONDS,
    )
