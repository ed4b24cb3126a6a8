"""`hotel demo`."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import typer
from external_tasks.engine.auth import BasicAuth
from external_tasks.engine.client import EngineClient

from hotel.commands.options import local_settings_of
from hotel.commands.outcome import exit_code_of
from hotel.commands.output import out, print_result
from hotel.commands.steps import StepPrinter
from hotel.names import EngineKind, Role
from hotel.ports import Ports
from hotel.reservations.client import HotelReservationClient
from hotel.reservations.reports import ReservationResult
from hotel.reservations.reservation import Reservation
from hotel.settings import HotelSettings
from hotel.stack.engine import find_jar
from hotel.stack.local import LocalStack, StackOptions
from hotel.stack.up import Plan, bring_up, stop_unbroken

_DAYS_AHEAD = 30
_NIGHTS = 3


def demo(context: typer.Context) -> None:
    """Start a throw-away stack, make one reservation with visible steps, stop everything."""
    began = time.monotonic()
    with (
        TemporaryDirectory(prefix="hotel-demo-") as folder,
        _stack(local_settings_of(context), Path(folder)) as stack,
    ):
        up_seconds = time.monotonic() - began
        result = _reserve(stack)
    out.line()
    out.line(
        f"stack started in {up_seconds:.1f} s, everything in {time.monotonic() - began:.1f} s; all stopped"
    )
    print_result(result)
    raise typer.Exit(exit_code_of(result))


@contextmanager
def _stack(settings: HotelSettings, home: Path) -> Iterator[LocalStack]:
    plan = Plan(home=home, ports=Ports.free(), engine=EngineKind.OPERATON)
    options = StackOptions(
        jar=find_jar(plan.engine, settings.engine_jar),
        java_options=settings.java_options,
        die_with_parent=True,
        ready_seconds=settings.ready_seconds,
    )
    stack = bring_up(plan, options, _say)
    try:
        yield stack
    finally:
        _say("stopping everything")
        stop_unbroken(stack)


def _reserve(stack: LocalStack) -> ReservationResult:
    reservation = _example()
    auth = BasicAuth(Role.CLIENT, stack.state.credentials.passwords[Role.CLIENT])
    with EngineClient(stack.addresses.rest, auth=auth) as engine:
        client = HotelReservationClient(engine)
        _say(f"making reservation {reservation.reservation_ref}")
        return client.create_reservation(reservation, watch=StepPrinter(client, _indented))


def _example() -> Reservation:
    check_in = datetime.now(UTC).date() + timedelta(days=_DAYS_AHEAD)
    return Reservation.parse(
        {
            "first_name": "Jean",
            "last_name": "Martin",
            "email": "jean@example.com",
            "check_in": check_in,
            "check_out": check_in + timedelta(days=_NIGHTS),
            "room_type": "B",
            "guests": 2,
            "table_wanted": True,
        }
    )


def _say(text: str) -> None:
    out.line(text)


def _indented(text: str) -> None:
    _say(f"  {text}")
