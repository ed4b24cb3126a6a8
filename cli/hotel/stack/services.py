"""The services as processes of this machine."""

import sys

from hotel.stack.credentials import Credentials
from hotel.stack.names import Service
from hotel.stack.ports import HOST, Ports
from hotel.stack.process import Command

_GRACE_SECONDS = 15.0


def service_url(name: Service, ports: Ports) -> str:
    """Return where a service answers."""
    return f"http://{HOST}:{ports.services[name]}"


def readiness_url(name: Service, ports: Ports) -> str:
    """Return the URL that answers 200 when a service and its database can work."""
    return f"{service_url(name, ports)}/readyz"


def service_command(name: Service, ports: Ports, credentials: Credentials, database_url: str) -> Command:
    """Return what to run for one service; it migrates its database when it starts."""
    return Command(
        name=name,
        arguments=[sys.executable, "-m", "hotel_services", name, "serve"],
        environment={
            "HOST": HOST,
            "PORT": str(ports.services[name]),
            "DATABASE_URL": database_url,
            "MIGRATE_AT_START": "true",
            "SERVICE_TOKEN": credentials.service_token,
        },
        grace_seconds=_GRACE_SECONDS,
    )
