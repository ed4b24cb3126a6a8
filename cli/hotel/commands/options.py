"""Options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

from hotel.client import HotelReservationClient
from hotel.connection import connect_engine
from hotel.settings import HotelSettings

Json = Annotated[bool, typer.Option("--json", help="Print the result as one JSON document.")]
Timeout = Annotated[float, typer.Option(min=0, help="Seconds to wait for the end.")]
NoWait = Annotated[bool, typer.Option("--no-wait", help="Return at once, without waiting for the end.")]
Reference = Annotated[str, typer.Argument(metavar="REF", help="The reservation's reference.")]
Home = Annotated[
    Path | None,
    typer.Option("--home", help="Folder of the local stack (also HOTEL_HOME).", show_default="./.hotel"),
]


def settings_of(context: typer.Context) -> HotelSettings:
    """Return the settings that this run of the command has."""
    settings = context.obj
    if not isinstance(settings, HotelSettings):
        raise TypeError("the command's context holds no settings")
    return settings


def client_of(context: typer.Context, *, patience_seconds: float = 0) -> HotelReservationClient:
    """Return a client of the stack; its connections end with the command."""
    engine = context.with_resource(connect_engine(settings_of(context)))
    return HotelReservationClient(engine, patience_seconds=patience_seconds)
