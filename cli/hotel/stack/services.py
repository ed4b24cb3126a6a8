"""The services as processes of this machine."""

from hotel.names import Service
from hotel.ports import HOST, Ports
from hotel.processes import Command
from hotel.stack.credentials import Credentials
from hotel.stack.python import python_environment, python_module

_GRACE_SECONDS = 15.0


def service_url(name: Service, ports: Ports) -> str:
    """Return where a service answers."""
    return f"http://{HOST}:{ports.services[name]}"


def readiness_url(name: Service, ports: Ports) -> str:
    """Return the URL that answers 200 when a service and its database can work."""
    # A port of its own, which traffic cannot keep busy; a stack of an older version has none.
    port = ports.services_health.get(name, ports.services[name])
    return f"http://{HOST}:{port}/readyz"


def service_command(name: Service, ports: Ports, credentials: Credentials, database_url: str) -> Command:
    """Return what to run for one service; it migrates its database when it starts."""
    return Command(
        name=name,
        arguments=python_module("hotel_services", name, "serve"),
        environment={
            **python_environment(),
            "HOST": HOST,
            "PORT": str(ports.services[name]),
            "HEALTH_PORT": str(ports.services_health[name]),
            "DATABASE_URL": database_url,
            "MIGRATE_AT_START": "true",
            "SERVICE_TOKEN": credentials.service_token,
        },
        grace_seconds=_GRACE_SECONDS,
    )
