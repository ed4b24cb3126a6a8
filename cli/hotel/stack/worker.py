"""Workers as processes of this machine."""

import os

from hotel.names import Role, Service
from hotel.ports import HOST, Ports
from hotel.processes import Command
from hotel.stack.credentials import Credentials
from hotel.stack.python import python_environment, python_module
from hotel.stack.services import service_url

_DRAIN_SECONDS = 25.0
# Over what draining takes: for unlocking what is left and for ending.
_GRACE_SECONDS = 5.0


WORKER = "worker-"
"""What the names of the workers' processes begin with; a number from 1 follows."""


def worker_url(port: int) -> str:
    """Return where a worker answers questions about its health."""
    return f"http://{HOST}:{port}"


def readiness_url(port: int) -> str:
    """Return the URL that answers 200 when a worker fetches tasks."""
    return f"{worker_url(port)}/readyz"


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
        port: where it answers questions about its health.
        ports: the stack's.
        credentials: the stack's.
        settings: WORKER_… settings that differ from the worker's defaults.
    """
    drain = float({**os.environ, **settings}.get("WORKER_DRAIN_SECONDS") or _DRAIN_SECONDS)
    return Command(
        name=f"{WORKER}{number}",
        arguments=python_module("hotel_worker"),
        environment={
            **python_environment(),
            "ENGINE_URL": f"http://{HOST}:{ports.engine}/engine-rest",
            "ENGINE_USER": Role.WORKER,
            "ENGINE_PASSWORD": credentials.passwords[Role.WORKER],
            "WORKER_NAME": f"{WORKER}{number}",
            "WORKER_HEALTH_HOST": HOST,
            "WORKER_HEALTH_PORT": str(port),
            "WORKER_DRAIN_SECONDS": str(drain),
            "SERVICE_TOKEN": credentials.service_token,
            **{f"{name.name}_URL": service_url(name, ports) for name in Service},
            **settings,
        },
        grace_seconds=drain + _GRACE_SECONDS,
    )
