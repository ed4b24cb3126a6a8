"""Options that several commands share."""

from typing import Annotated

import typer
from external_tasks.engine.client import EngineClient

from hotel.errors import InvalidInput
from hotel.names import Role
from hotel.reservations.client import HotelReservationClient
from hotel.reservations.connection import opened_engine
from hotel.settings import HotelSettings

# A Service hides that one of its pods goes. A forward leads to one pod, so the command waits for the next.
_FORWARD_SECONDS = 15.0

Json = Annotated[bool, typer.Option("--json", help="Print the result as one JSON document.")]
Timeout = Annotated[float, typer.Option(min=0, help="Seconds to wait for the end.")]
NoWait = Annotated[bool, typer.Option("--no-wait", help="Return at once, without waiting for the end.")]
Reference = Annotated[str, typer.Argument(metavar="REF", help="The reservation's reference.")]


def settings_of(context: typer.Context) -> HotelSettings:
    """Return the settings that this run of the command has."""
    settings = context.obj
    if not isinstance(settings, HotelSettings):
        raise TypeError("the command's context holds no settings")
    return settings


def local_settings_of(context: typer.Context) -> HotelSettings:
    """Return the settings for a command that works on this machine.

    Raises:
        InvalidInput: they name a cluster.
    """
    settings = settings_of(context)
    if settings.in_cluster:
        raise InvalidInput(
            f"`hotel {context.info_name}` is for the local stack: leave --context, --namespace and --release "
            "out, and unset HOTEL_CONTEXT, HOTEL_NAMESPACE and HOTEL_RELEASE"
        )
    return settings


def engine_of(context: typer.Context, role: Role = Role.CLIENT) -> EngineClient:
    """Return a client of the engine; its connections end with the command."""
    return context.with_resource(opened_engine(settings_of(context), role))


def client_of(context: typer.Context) -> HotelReservationClient:
    """Return a client of the stack; its connections end with the command."""
    patience = _FORWARD_SECONDS if settings_of(context).in_cluster else 0
    return HotelReservationClient(engine_of(context), patience_seconds=patience)
